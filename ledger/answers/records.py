"""Records of the log, one by one and in pages, and what is known about a picture (FORMAT.md, "Shapes that stay")."""

from __future__ import annotations

from pydantic import ConfigDict

from ledger.answers.answer import Answer, JsonObject, Links
from ledger.answers.examples import ANSWER, PROVEN
from ledger.answers.headline import Headline
from ledger.answers.pictures import CredentialsReport, LabelReport, MatchAnswer, ReferenceReport, Report
from ledger.match.lists import Relation
from ledger.record.parts import EvidenceText
from ledger.record.predicates import Kind


class RecordAnswer(Answer):
    """One record of the log, of any kind."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER})

    record_id: str
    kind: Kind
    leaf_index: int
    appended_at: str
    repeated: bool
    reference: str
    statement: JsonObject
    """The decoded payload of `envelope`, which is what was signed."""
    envelope: JsonObject
    """DSSE."""
    report: Report | None
    """Null for kinds without matches."""
    links: Links
    credentials: CredentialsReport | None = None
    """Of the file that was sent in; null where it has none (which is unknown), and where no file was sent."""
    frames: int | None = None
    """Frames or pages of the file that was sent in, of which only the first was compared; null for one, and where no
    file was sent."""
    headline: Headline | None = None
    """Of a picture's record; null in lists, for other kinds, and in the answer to whoever has just made a picture."""


class ProvenRecord(RecordAnswer):
    """A record that a published checkpoint covers."""

    model_config = ConfigDict(json_schema_extra={"example": PROVEN})

    proof: str
    """C2SP tlog-proof, as in the bundle."""


class RecordPage(Answer):
    """Records in the order of the log."""

    records: tuple[RecordAnswer, ...]
    next_after: int | None
    """Goes on (`after=`); null at the end."""


class SimilarRecord(Answer):
    """The record of a generated picture that another picture shows; unsigned, found by what it looks like."""

    record: RecordAnswer
    relation: Relation
    """`near-duplicate` or `partial-copy`."""
    evidence: EvidenceText | None
    """Why it is verified, in the shape of a match's; null where hashes alone speak for it."""
    phash_distance: int
    """Bits of 256."""


class LookupAnswer(Answer):
    """What is known about a picture: records of the very image, and unsigned matches. Nothing was appended."""

    sha256: str
    records: tuple[RecordAnswer, ...]
    matches: tuple[MatchAnswer, ...]
    reference: str
    notes: tuple[str, ...] = ()
    """As in a record's report."""
    similar_records: tuple[SimilarRecord, ...] = ()
    """Of generated pictures that this one is an edited copy of, the surest first."""
    credentials: CredentialsReport | None = None
    """As in a record's answer."""
    frames: int | None = None
    """As in a record's answer."""
    headline: Headline
    artist_reference: ReferenceReport | None = None
    """As in a record's report, by the classifier that serves now."""
    labels: tuple[LabelReport, ...] = ()
    """As in a record's report."""


def record_links(record_id: str) -> Links:
    return {
        "self": f"/v1/records/{record_id}",
        "bundle": f"/v1/records/{record_id}/bundle",
        "page": f"/records/{record_id}",
    }
