"""The JSON of `/v1`, closed: an answer that has another key than these fails a test before it reaches anyone."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from ledger.canonical import MAX_INTEGER
from ledger.record.ids import ID_PATTERN
from ledger.record.predicates import Kind

_RECORD = "01890a5d-ac96-774b-bcce-b302099a8057"
_WORK = "01890a5d-ac96-774b-bcce-b302099a8058"
_ARTIST = "01890a5d-ac96-774b-bcce-b302099a8059"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_REFERENCE = (
    "An edited copy of “Star 12” by Ada Example (confirmed by aligning both pictures; 1 in 2,000 unrelated pictures "
    "comes this close)."
)

HexDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
IdText = Annotated[str, Field(pattern=ID_PATTERN)]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class HeadlineBody(Closed):
    """What the answer says first, unsigned. `answer`: `generated` or `generated-edited` (a picture that has a record
    here, or an edited copy or part of one), `registered`, `edited-copy`, `contains-part`, `unknown`, `not-comparable`.
    `record_id`, `model` (its name) and `origin_of_image` (`service`, or `reported`: an operator's claim) are of the
    generation that it speaks of, `work_id` of the registered work."""

    answer: str
    title: str
    says: str
    notes: list[str]
    origin_of_image: str | None
    record_id: str | None
    model: str | None
    work_id: str | None


_MATCH_EXAMPLE: JsonDict = {
    "rank": 1, "work_id": _WORK, "title": "Star 12", "artist_id": _ARTIST, "artist": "Ada Example",
    "licence": "CC0-1.0", "source": "openclipart", "relation": "near-duplicate", "score": "0.9931", "p_value": "0.0005",
    "n_null": 2000, "bin": "plain", "evidence": None, "preview": f"/v1/works/{_WORK}/preview", "withdrawn": False,
    "group": None, "artist_ids": [_ARTIST], "names": ["Ada Example"], "verified": True, "contested": False,
}  # fmt: skip


class MatchBody(Closed):
    """A near work. `score`: calibrated probability that the picture is a copy; `p_value`: how often an unrelated
    picture of the same `bin` comes as close, among `n_null`."""

    model_config = ConfigDict(json_schema_extra={"example": _MATCH_EXAMPLE})

    rank: int
    work_id: str
    title: str
    artist_id: str
    artist: str
    licence: str
    source: str
    relation: str
    score: str
    p_value: str
    n_null: int
    bin: str
    evidence: dict[str, Any] | None
    preview: str | None
    withdrawn: bool
    group: str | None
    artist_ids: list[str]
    names: list[str]
    verified: bool
    contested: bool
    """Whether another artist has registered the work too."""


class ShareBody(Closed):
    """Of one artist, or of all who registered a contested work (`group`) together."""

    artist_ids: list[str]
    names: list[str]
    group: str | None
    share: str


class CalibrationBody(Closed):
    """What the error rates rest on: `works` they were measured against; `outdated` where the record's corpus differs
    from that by more than a tenth."""

    digest: str
    works: int
    outdated: bool


class ReportBody(Closed):
    """The record with names and titles resolved. `notes`: what keeps the answer from meaning what it seems to."""

    verdict: str
    comparable: bool
    works_compared: int
    alpha: str
    calibration: CalibrationBody | None
    notes: list[str]
    matches: list[MatchBody]
    shares: list[ShareBody]
    unattributed: str


class NamedRecordBody(Closed):
    """A record that a file's credentials lead to. `picture`: what its picture is to the file's (`same-file`,
    `same-pixels`, `similar`, `different`, `not-comparable`)."""

    record_id: str
    kind: str
    reference: str
    picture: str
    links: dict[str, str]


class CredentialsBody(Closed):
    """Content Credentials (C2PA) in the file that was sent in. `state`: `valid` (intact, trusted signer), `untrusted`
    (intact, unknown signer) or `invalid`. Unsigned; `says` puts it in words."""

    state: str
    says: str
    issuer: str | None
    claim_generator: str | None
    digital_source_type: str | None
    manifest_sha256: str | None
    problems: list[str]
    assertion: dict[str, Any] | None
    from_ingredient: bool
    record: NamedRecordBody | None


class RecordBody(Closed):
    """A record of the log. `statement` is the decoded payload of `envelope` (DSSE), which is what was signed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "record_id": _RECORD, "kind": "verification", "leaf_index": 2004,
                "appended_at": "2026-01-02T03:04:05.678Z", "repeated": False, "reference": _REFERENCE,
                "statement": {"_type": "https://in-toto.io/Statement/v1"},
                "envelope": {"payloadType": "application/vnd.in-toto+json"},
                "report": {
                    "verdict": "copy", "comparable": True, "works_compared": 2000, "alpha": "0.01",
                    "calibration": {"digest": _SHA256, "works": 1950, "outdated": False}, "notes": [],
                    "matches": [_MATCH_EXAMPLE],
                    "shares": [{"artist_ids": [_ARTIST], "names": ["Ada Example"], "group": None, "share": "0.9931"}],
                    "unattributed": "0.0069",
                },
                "links": {
                    "self": f"/v1/records/{_RECORD}", "bundle": f"/v1/records/{_RECORD}/bundle",
                    "page": f"/records/{_RECORD}",
                },
                "credentials": None,
                "headline": {
                    "answer": "edited-copy", "title": "This is an edited copy of “Star 12” by Ada Example",
                    "says": "Aligning both pictures confirmed it; 1 in 2,000 unrelated pictures comes this close.",
                    "notes": [], "origin_of_image": None, "record_id": None, "model": None,
                    "work_id": _WORK,
                },
            }
        }
    )  # fmt: skip

    record_id: str
    kind: str
    leaf_index: int
    appended_at: str
    repeated: bool
    reference: str
    statement: dict[str, Any]
    envelope: dict[str, Any]
    report: ReportBody | None
    links: dict[str, str]
    credentials: CredentialsBody | None
    """Null where the file has none (unknown), and where no file was sent."""
    headline: HeadlineBody | None
    """Null in lists, for records that are not about a picture, and in the answer to whoever has just made one."""


class ProvenRecordBody(RecordBody):
    """A record that a published checkpoint covers."""

    proof: str
    """C2SP tlog-proof, as in the bundle."""


class RecordPageBody(Closed):
    """Records by leaf index. `next_after` goes on (`after=`), null at the end."""

    records: list[RecordBody]
    next_after: int | None


class SimilarRecordBody(Closed):
    """The record of a generated picture that the picture looked up is an edited copy of. `evidence`: why it is
    verified, null where only hashes speak for it, the pHash `phash_distance` bits of 256 away."""

    record: RecordBody
    relation: str
    evidence: dict[str, Any] | None
    phash_distance: int


class LookupBody(Closed):
    """Records of the very picture, unsigned matches, and generated pictures found again. Nothing was appended."""

    sha256: str
    records: list[RecordBody]
    matches: list[MatchBody]
    reference: str
    notes: list[str]
    similar_records: list[SimilarRecordBody]
    credentials: CredentialsBody | None
    headline: HeadlineBody


class LookupRequest(Closed):
    model_config = ConfigDict(json_schema_extra={"example": {"sha256": _SHA256}})

    sha256: HexDigest


class ContestBody(Closed):
    """Another artist's registration of the same work; the first to register is not therefore the first to make."""

    work_id: str
    artist_id: str
    artist: str
    relation: str
    registration_record_id: str
    registration_index: int


class WorkBody(Closed):
    """A registered work. Its terms are those of its latest registration or consent leaf. `contested`: registrations of
    the same work by other artists, in the order of the log."""

    work_id: str
    title: str
    artist_id: str
    artist: str
    licence: str
    allowed_uses: list[str]
    source: str
    sha256: str
    pixel_sha256: str
    registration_record_id: str
    registration_index: int
    withdrawn: bool
    preview: str | None
    links: dict[str, str]
    credit_line: str
    link: str
    terms: str
    contested: list[ContestBody]


class WorkPageBody(Closed):
    """Works by leaf index of their registration. `next_after` goes on (`after=`), null at the end."""

    works: list[WorkBody]
    next_after: int | None


class ArtistBody(Closed):
    """An artist with the first of the registered works, at most 24."""

    artist_id: str
    name: str
    works: int
    sample: list[WorkBody]
    links: dict[str, str]


class ModelBody(Closed):
    """A model by its newest record. `description` is what `spec` is the digest of; `manifest` has root and size."""

    model_id: str
    format: str
    weights_sha256: str
    spec: str
    description: dict[str, Any]
    manifest: dict[str, Any] | None
    manifest_status: str
    record_id: str
    links: dict[str, str]


class ListedDigestBody(Closed):
    """An entry of a manifest with its RFC 9162 inclusion path; the leaf is the digest's 32 raw bytes."""

    sha256: str
    index: int
    path: list[str]


class MembershipBody(Closed):
    """`proof` has the digest itself where it is listed, else the neighbours between which it is missing."""

    model_id: str
    record_id: str
    sha256: str
    listed: bool
    root: str
    size: int
    proof: list[ListedDigestBody]


class Page(Closed):
    """Keyset pages: items after leaf index `after`."""

    after: Annotated[int, Field(ge=-1, le=MAX_INTEGER)] = -1
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class RecordFilter(Page):
    sha256: HexDigest | None = None
    work_id: IdText | None = None
    artist_id: IdText | None = None
    kind: Kind | None = None
