"""What an answer says of a picture: the works near it with their names, and the credentials in its file."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from ledger.answers.answer import Answer, JsonObject, Links
from ledger.answers.examples import MATCH
from ledger.image.credentials.content import State
from ledger.match.lists import IDENTICAL, Relation, Verdict
from ledger.record.parts import EvidenceText
from ledger.record.predicates import Kind

_CLAIMED = IDENTICAL | {Relation.UNVERIFIED, Relation.SIMILAR_STYLE}
"""Relations that are said of a work even where it is no verified copy: each has its own error rate, or none."""


class MatchAnswer(Answer):
    """A near work, with the names that the signed record leaves out; `score`, `p_value` and `n_null` are as signed."""

    model_config = ConfigDict(json_schema_extra={"example": MATCH})

    rank: int
    work_id: str
    title: str
    artist_id: str
    artist: str
    licence: str
    source: str
    relation: Relation
    score: str
    """Calibrated probability that the picture is a copy of the work, a decimal string."""
    p_value: str
    """How often an unrelated picture of the same `bin` comes as close, among `n_null`."""
    n_null: int
    bin: str
    evidence: EvidenceText | None
    preview: str | None
    """Path of a small picture of the work, where one may be shown."""
    withdrawn: bool
    group: str | None
    """The first registered work of its duplicate group, null where it stands alone."""
    artist_ids: tuple[str, ...]
    """Every artist who registered the picture, in the order of the log."""
    names: tuple[str, ...]
    """Of these artists; empty texts where they were erased."""
    verified: bool
    """Whether it is a copy, proven or verified, at p <= alpha."""
    contested: bool = False
    """Whether another artist has registered the work too: who made it is a matter of claims."""

    @property
    def identical(self) -> bool:
        """By its digests, which leave nothing to chance."""
        return self.relation in IDENTICAL

    @property
    def probability(self) -> str | None:
        """That the picture is a copy, where one was verified or it is as close as one; digests leave no room for it."""
        measured = self.verified or self.relation is Relation.UNVERIFIED
        return self.score if measured and not self.identical else None

    @property
    def claims(self) -> bool:
        """Whether anything is claimed about the work; else it is near by rank only, and people see it folded."""
        return self.verified or self.relation in _CLAIMED


class ShareReport(Answer):
    """Of one artist, or of all who registered a contested work together."""

    artist_ids: tuple[str, ...]
    names: tuple[str, ...]
    """In the same order; empty texts where they were erased."""
    group: str | None
    """The contested work's id: the first registration."""
    share: str


class SpeakingWork(Answer):
    """A work that is drawn like the picture. What both show does not count."""

    work_id: str
    title: str
    preview: str


class LikelyArtist(Answer):
    artist_id: str
    name: str
    """Empty where it was erased."""
    probability: str
    """That the picture is by this artist, if it comes like the works of the training; a decimal string."""
    works: tuple[SpeakingWork, ...] = ()
    """What speaks for the name: the artist's works that are drawn most like the picture, the nearest first, without
    those that were withdrawn or do not allow `style` now."""


class ReferenceReport(Answer):
    """Whose registered works the picture looks most like. It is no evidence of a copy, and says nothing about how the
    picture was made."""

    artists: tuple[LikelyArtist, ...]
    """Most likely first; several where several fit, none where nobody is likely."""
    none: str
    """Probability that it is by none of the artists that the classifier knows."""
    model: str
    """SHA-256 of the classifier's file."""
    right_first: str | None
    """How often the right artist came first when it was trained, for works of subjects that it had not seen; null
    where its record is not here."""


class LikelyLabel(Answer):
    label: str
    probability: str


class LabelReport(Answer):
    """What a classifier of a label that works have, such as `genre`, says of the picture. No record holds it."""

    kind: str
    labels: tuple[LikelyLabel, ...]
    """Most likely first, none where nothing is likely."""
    none: str
    """Probability that none of the labels fits that the classifier knows."""
    model: str
    """SHA-256 of the classifier's file."""
    right_first: str | None
    """As in an artist reference, for works by artists that it had not seen."""


class CalibrationReport(Answer):
    """What a record's error rates rest on."""

    digest: str
    works: int
    """Works that they were measured against; the record's own corpus may have more by now."""
    outdated: bool
    """Whether the record's corpus differs from that in size by more than a tenth."""


class Report(Answer):
    """What a person wants to read: names and titles resolved, nothing added to what was measured."""

    verdict: Verdict
    comparable: bool
    works_compared: int
    alpha: str
    calibration: CalibrationReport | None
    """Null where the record of the calibration is not here."""
    notes: tuple[str, ...]
    """What keeps the answer from meaning what it seems to: no works, an outgrown calibration, nothing to compare."""
    matches: tuple[MatchAnswer, ...]
    shares: tuple[ShareReport, ...]
    unattributed: str
    artist_reference: ReferenceReport | None = None
    """Null where no classifier of artists answered."""
    labels: tuple[LabelReport, ...] = ()
    """Likely labels, one entry a kind; empty where no classifier of labels answered."""


PictureRelation = Literal["same-file", "same-pixels", "similar", "different", "not-comparable"]


class NamedRecord(Answer):
    """A record that a file's credentials lead to."""

    record_id: str
    kind: Kind
    reference: str
    picture: PictureRelation
    """What its picture is to the file's, by digests or by the hashes of both."""
    links: Links


class CredentialsReport(Answer):
    """Content Credentials (C2PA) in a file that was sent in. Unsigned; texts are the file's own, cleaned."""

    state: State
    """Intact by a trusted signer, intact by another; expired, partial, tampered, broken; not supported, not in the
    file, not read."""
    says: str
    """All of it in words."""
    issuer: str | None
    claim_generator: str | None
    digital_source_type: str | None
    manifest_sha256: str | None
    problems: tuple[str, ...]
    assertion: JsonObject | None
    """`org.artledger.attribution` as it stands in the file (FORMAT.md)."""
    from_ingredient: bool
    """Whether the assertion is that of a picture which this one was made from."""
    record: NamedRecord | None
    """The record that the assertion names, where it is on this log."""
    remote_url: str | None = None
    """The address of credentials that are not in the file. It is the file's own text; nothing was fetched from it."""
