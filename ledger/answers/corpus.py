"""What operators do with the corpus: ingest, fingerprint anew, calibrate, look for copies, opt out, erase."""

from __future__ import annotations

from typing import Literal

from ledger.answers.answer import Answer, JsonObject
from ledger.answers.file_terms import FileTermAnswer
from ledger.corpus.work import AllowedUse
from ledger.match.optout import OptOut


class Refusal(Answer):
    """A work that was not registered, or cannot be compared, and why."""

    key: str
    code: str
    reason: str
    hint: str | None = None
    """What to do about it, where that is known."""


class ChangedWork(Answer):
    """A registered work whose file, artist or terms the source states differently now. Nothing of it is changed, unless
    a record is named."""

    key: str
    work_id: str
    code: str
    """`file-changed`, `artist-changed`, `terms-narrower`, `terms-wider`, `terms-none`, `terms-changed` or
    `terms-superseded`; or why the file can no longer be read."""
    reason: str
    hint: str | None = None
    record_id: str | None = None
    """The consent record of the new terms, where they were to be updated."""


class RegisteredBefore(Answer):
    """A file that the same artist registered before under another name, or from another place."""

    key: str
    work_id: str
    source: str
    """Empty where it is not known: the work was withdrawn, or the database restored."""
    source_key: str


class NarrowedWork(Answer):
    """A registered work whose own file, or a file beside it, states what may not be done with it."""

    key: str
    work_id: str
    allowed_uses: tuple[AllowedUse, ...]
    """What the registration allows after that."""
    file_terms: tuple[FileTermAnswer, ...]


class IngestSummary(Answer):
    source: str
    found: int
    registered: int
    already_registered: int
    """The same bytes by the same artist: registered once, whatever the file is called."""
    refused: tuple[Refusal, ...]
    not_comparable: tuple[Refusal, ...]
    """Works that are registered, but say too little to be compared: blank, tiny, extremely long. Only a file of the
    same bytes will match them."""
    seconds: float
    registered_ids: tuple[str, ...] = ()
    """Work ids of what was registered now."""
    left_out: tuple[Refusal, ...] = ()
    """What lies in the folder and is no work: not a picture, a kind that is not supported, a linked folder."""
    changed: tuple[ChangedWork, ...] = ()
    """Works that were registered from this source, and what it states differently now."""
    registered_before: tuple[RegisteredBefore, ...] = ()
    """Of those already registered, the ones that were registered under another name or from another place."""
    narrowed: tuple[NarrowedWork, ...] = ()
    """Of what was registered, works that state themselves what may not be done with them, or whose statement could not
    be read."""
    contested: tuple[str, ...] = ()
    """Of these, works that another artist has registered too; known of what artists register themselves."""


class RefreshSummary(Answer):
    spec: str
    works: int
    """Works that lacked a fingerprint under the spec."""
    refreshed: int
    refused: tuple[Refusal, ...]
    """Works whose source is gone or no longer has the registered bytes; they stay registered, and cannot be matched."""


class CalibrationSummary(Answer):
    digest: str
    record_id: str
    works: int
    bins: dict[str, int]
    """Unrelated pictures per bin."""
    made: bool
    """False when the one in force was for this very corpus already."""
    unrelated: Literal["shipped", "corpus"]
    """Where the unrelated pictures come from: shipped ones, or works of other artists in this corpus."""


class CalibrationState(Answer):
    """For `/readyz`. None of these makes the service unready: it answers with the calibration in force."""

    state: Literal["none", "current", "behind", "running", "failed"]
    """`behind`: the corpus has changed by more than a tenth since."""
    digest: str | None
    works: int | None
    """Works that the calibration in force was made against."""
    corpus_works: int
    """Works that there are now."""
    detail: str | None
    """Why the last attempt failed."""


class GroupedWork(Answer):
    work_id: str
    title: str
    artist_id: str
    artist: str
    source: str


class PairReport(Answer):
    first: str
    second: str
    found: JsonObject
    """As a match in a record: relation, score, p-value, n, bin, evidence; `query` is the work that was asked."""


class GroupReport(Answer):
    group_id: str
    works: tuple[GroupedWork, ...]
    pairs: tuple[PairReport, ...]
    """Every pair of the group, the surest first."""


class NotComparable(Answer):
    work: GroupedWork
    reason: str


class DedupSummary(Answer):
    works: int = 0
    asked: int = 0
    in_groups: int = 0
    calibration: str | None = None
    groups: tuple[GroupReport, ...] = ()
    between_groups: tuple[PairReport, ...] = ()
    """Verified copies in no group together, since others of their groups are no copies of each other."""
    sharing: tuple[PairReport, ...] = ()
    """Works that share a drawn part, each of which shows more: as in a series, not copies of each other."""
    not_comparable: tuple[NotComparable, ...] = ()
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class WorkToWithdraw(Answer):
    """A registered work that an entry of the opt-out list, or a picture given with it, names."""

    work_id: str
    title: str
    artist_id: str
    artist: str
    because: Literal["digest", "hashes", "geometry"]
    """By digest, by both perceptual hashes, or verified in the picture by aligning the two."""


class OptOutPlan(Answer):
    entries: tuple[OptOut, ...]
    mistaken: tuple[str, ...]
    """Ids of works that a given picture's hashes name although it is another picture, as one made to order is. They
    stand, and that picture is listed by its digests alone."""
    would_withdraw: tuple[WorkToWithdraw, ...]


class OptOutSummary(Answer):
    entries: tuple[OptOut, ...]
    added: int
    """Of these entries, those that were not on the list."""
    withdrawn: tuple[str, ...]
    """Work ids: those of the plan, which are withdrawn now."""
    mistaken: tuple[str, ...]
    """As in the plan."""
    also_named: tuple[str, ...]
    """Work ids: registered between the plan and now, and therefore seen by nobody; they are not withdrawn."""


class OptOutPage(Answer):
    """Entries by kind and value."""

    entries: tuple[OptOut, ...]
    next_after: str | None
    """Goes on (`after=`); null at the end."""


class ErasureSummary(Answer):
    artist_id: str
    withdrawn: int
    """Works withdrawn now; others were before."""
    opted_out: int
    """Entries put on the opt-out list, so that no later ingest brings the works back."""
    alike: tuple[str, ...]
    """Work ids of other artists that those entries name too. They stand: who looks at them may withdraw them."""
    keys_revoked: tuple[str, ...]
    left: tuple[str, ...]
    """Where deleted rows may lie on for a while, because the database's owner has not the right to have them gone."""
