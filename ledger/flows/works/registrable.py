"""A picture that can be registered as a work: its statement, and what is stored beside it."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.corpus.work import SourceItem
from ledger.fingerprint.complexity import comparable
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.flows.pictures.measurements import fingerprint_digests
from ledger.image.canonical_image import CanonicalImage
from ledger.image.preview import make_preview
from ledger.log.append import Submission
from ledger.record.commitment import commit
from ledger.record.ids import new_id
from ledger.record.predicates import Registration
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.search.vectors import SecondView
from ledger.storage.works.corpus import KnownWork, NewWork
from ledger.storage.works.opt_outs import KnownOptOuts


@dataclass(frozen=True, slots=True)
class RegistrableWork:
    """A work that can be registered: its statement, and what is stored beside it."""

    item: SourceItem
    image: CanonicalImage
    submission: Submission
    row: NewWork


def registrable_work(
    source: str,
    item: SourceItem,
    artist_id: str,
    image: CanonicalImage,
    fingerprints: tuple[Fingerprint, Fingerprint | None],
    *,
    origin: str,
) -> RegistrableWork:
    """The registration of a picture under new ids, with a commitment to its names under a new key.

    `fingerprints`: the signed one, and that of its second view, which is stored only. `origin`: the name of the log
    that it is meant for.
    """
    fingerprint, second = fingerprints
    details = {
        "artist": item.artist,
        "credit_line": item.credit.line,
        "labels": dict(item.labels),
        "link": item.credit.link,
        "source": item.source,
        "terms": item.credit.terms,
        "title": item.title,
    }
    commitment = commit(details)
    predicate = Registration(
        allowed_uses=item.allowed_uses,
        artist_id=artist_id,
        fingerprint=fingerprint_digests(fingerprint),
        generated_at=now_text(),
        licence=item.licence,
        metadata=commitment.digest,
        origin=origin,
        pixel_sha256=image.pixel_sha256,
        record_id=new_id(),
        work_id=new_id(),
    )
    row = NewWork(
        work_id=predicate.work_id,
        artist_id=artist_id,
        source_name=source,
        source_key=item.key,
        title=item.title,
        source=item.source,
        labels=dict(item.labels),
        metadata_key=commitment.key,
        metadata=details,
        fingerprint=fingerprint,
        preview=make_preview(image.working),
        second=second_view(image, second),
        credit=item.credit,
        file_terms=item.file_terms,
    )
    return RegistrableWork(
        item, image, Submission(predicate.record_id, statement_payload("work", image.sha256, predicate)), row
    )


def second_view(image: CanonicalImage, fingerprint: Fingerprint | None) -> SecondView | None:
    """What is stored of a picture's second view, with its fingerprint."""
    if image.second is None or fingerprint is None:
        return None
    return SecondView(fingerprint, make_preview(image.second))


def known_work(work: RegistrableWork) -> KnownWork:
    """The work once it is registered."""
    row, item = work.row, work.item
    return KnownWork(
        work_id=row.work_id,
        artist_id=row.artist_id,
        artist=item.artist,
        source_name=row.source_name,
        source_key=row.source_key,
        sha256=work.image.sha256,
        licence=item.licence,
        allowed_uses=item.allowed_uses,
        withdrawn=False,
        registration_record_id=work.submission.record_id,
    )


def opted_out(listed: KnownOptOuts, work: RegistrableWork) -> str | None:
    """Why a work may not be registered; None where it may. A picture with too little detail is compared by digests
    only."""
    fingerprint, image = work.row.fingerprint, work.image
    hashes = fingerprint if comparable(image, fingerprint.complexity) is None else None
    why = listed.entries.reason(image.sha256, image.pixel_sha256, hashes=hashes)
    second = work.row.second
    return why if why or second is None else listed.entries.reason(hashes=second.fingerprint)
