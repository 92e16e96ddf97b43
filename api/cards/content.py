"""What a card, a sheet and a badge say of a record: the same words as its page."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.answers.records import RecordAnswer
from ledger.answers.words import HEADLINE_BANDS
from ledger.app import Application
from ledger.errors import NotFoundError
from ledger.record.times import day

NO_PROOF = (
    "Registering a work does not prove authorship. Whether the picture may be used so is a matter of its licence."
)


@dataclass(frozen=True, slots=True)
class CardContent:
    record_id: str
    band: str
    title: str
    says: str
    sha256: str
    recorded: str
    """Day of the record."""
    leaf_index: int
    credit: str
    """How the artist wants to be credited; empty where nobody is named."""
    licence: str
    preview: bytes | None
    """WebP of the registered work."""
    address: str
    """Of the record's page."""


def card_content(application: Application, record_id: str, base: str) -> CardContent:
    """`base`: the service's address without a slash at the end. Raises NotFoundError (`record-not-found`, `no-card`)
    where the record says nothing about a picture."""
    record = application.pictures.headlines.record(record_id)
    said = record.headline
    if said is None:
        raise NotFoundError("there are cards only for records about pictures", code="no-card")
    work_id = _work_of(record)
    work = None if work_id is None else application.works.catalogue.work(work_id)
    return CardContent(
        record_id=record_id,
        band=HEADLINE_BANDS[said.answer],
        title=said.title,
        says=said.says,
        sha256=str(record.statement["subject"][0]["digest"]["sha256"]),
        recorded=day(record.appended_at),
        leaf_index=record.leaf_index,
        credit="" if work is None else work.credit_line or _credit(work.title, work.artist),
        licence="" if work is None else work.licence,
        preview=None if work is None else application.works.catalogue.preview(work.work_id),
        address=f"{base}/records/{record_id}",
    )


def _work_of(record: RecordAnswer) -> str | None:
    """The registered work that the record claims, where it claims one."""
    claimed = [each for each in record.report.matches if each.claims] if record.report else []
    return claimed[0].work_id if claimed else None


def _credit(title: str, artist: str) -> str:
    return f"“{title or 'Untitled'}” by {artist}" if artist else ""
