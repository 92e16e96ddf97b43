"""Hands out a generated picture that the guard allows: its file, credentials and `asset` record, and the fingerprint by
which the file is recognised later.

The file is handed out at once, or after the requester has seen the report and confirmed.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.answers.generations import Confirmation, HandedOut
from ledger.answers.records import RecordAnswer
from ledger.errors import NotFoundError
from ledger.fingerprint.fingerprint import Fingerprint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.flows.pictures.verify import MAX_WAIT, ExaminedPicture
from ledger.image.canonical_image import Pixels
from ledger.image.credentials.content import MAX_COPIES, Assertion, CopiedWork, Signed
from ledger.image.pool import DecodePool
from ledger.log.append import Sequencer
from ledger.log.entry import Alongside, Entry
from ledger.match.lists import Verdict
from ledger.match.words import VERDICT_WORDS
from ledger.record.ids import new_id
from ledger.record.predicates import Asset
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from ledger.storage.log.entries import PostgresEntryStore
from ledger.storage.people.pending import PendingImage, PendingImages

CONFIRMATION_SECONDS = 600.0
"""How long a picture waits for confirmation."""


class MakeFile(Protocol):
    """Encodes pixels in a format and puts credentials in the file."""

    def __call__(self, pixels: Pixels, media_type: str, assertion: Assertion) -> Signed: ...


class StorePicture(Protocol):
    """Keeps the fingerprint of a generated picture, so that a file without metadata or an edited file is recognised."""

    def __call__(self, record_id: str, fingerprint: Fingerprint, working: Pixels) -> Alongside: ...


@dataclass(frozen=True, slots=True)
class HandingOut:
    """Makes files, and hands out each file once, even if it is requested several times."""

    make_file: MakeFile
    origin: str
    """Name of the log."""
    images: DecodePool
    fingerprinter: Fingerprinter
    sequencer: Sequencer
    entries: PostgresEntryStore
    pending: PendingImages
    remember: StorePicture
    confirmation_seconds: float = CONFIRMATION_SECONDS

    def file(self, pixels: Pixels, media_type: str, answer: RecordAnswer, model: str) -> PendingImage:
        """The picture's signed file, not handed out yet. Raises InputError (`media-type`)."""
        signed = self.make_file(pixels, media_type, self._assertion(answer, model))
        return PendingImage(answer.record_id, media_type, signed.data, signed.manifest_sha256)

    def hand_out(self, file: PendingImage, generation: Entry, examined: ExaminedPicture) -> HandedOut:
        """Hands out the file at once. Raises PushbackError when nothing can be appended now."""
        return self._append(
            file, generation, self.remember(file.record_id, examined.query.fingerprint.image, examined.image.working)
        )

    def hold(self, file: PendingImage) -> Confirmation:
        """Keeps the file until it is confirmed or expires. Only the digest of the token is kept."""
        token = secrets.token_urlsafe(32)
        self.pending.put(_digest(token), file, self.confirmation_seconds)
        path = f"/v1/generations/{token}/confirmations"
        return Confirmation(token=token, expires_in=self.confirmation_seconds, path=path)

    def confirm(self, token: str) -> HandedOut:
        """The file that waits under a token. It is given once.

        Raises NotFoundError (`confirmation-not-found`) for a token that is unknown, used or expired.
        """
        digest = _digest(token)
        file = self.pending.get(digest)
        generation = None if file is None else self.entries.get(file.record_id)
        if file is None or generation is None:
            raise _unknown_token()
        image = self.images.decode(file.data)
        remember = self.remember(file.record_id, self.fingerprinter.works([image])[0], image.working)
        erase = self.pending.eraser(digest)

        def alongside(transaction: Any) -> None:
            erase(transaction)
            remember(transaction)

        return self._append(file, generation, alongside)

    def _append(self, file: PendingImage, generation: Entry, alongside: Alongside) -> HandedOut:
        """One generation has one file: if two callers confirm at the same moment, one of them gets it."""
        asset = Asset(
            c2pa_manifest_sha256=file.manifest_sha256,
            generated_at=now_text(),
            media_type=file.media_type,
            origin=self.origin,
            record_id=new_id(),
            refs=(generation.ref,),
        )
        payload = statement_payload("file", hashlib.sha256(file.data).hexdigest(), asset)
        once = hashlib.sha256(f"artledger/asset/v1\n{generation.record_id}".encode()).digest()
        appended = self.sequencer.submit(asset.record_id, payload, once, alongside).result(MAX_WAIT)
        if appended.repeated:
            raise _unknown_token()
        return HandedOut(
            record_id=generation.record_id,
            asset_record_id=asset.record_id,
            media_type=file.media_type,
            image=file.data,
        )

    def _assertion(self, answer: RecordAnswer, model: str) -> Assertion:
        report = answer.report
        copies = [] if report is None else [match for match in report.matches if match.verified]
        verdict = Verdict.NONE if report is None else report.verdict
        return Assertion(
            origin=self.origin,
            record_id=answer.record_id,
            model=model,
            verdict=verdict.value,
            copies=tuple(
                CopiedWork(match.work_id, match.title, match.artist, match.relation, match.score, match.p_value)
                for match in copies[:MAX_COPIES]
            ),
            reference=answer.reference if copies else VERDICT_WORDS[verdict],
        )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _unknown_token() -> NotFoundError:
    return NotFoundError(
        "no picture waits for this confirmation",
        code="confirmation-not-found",
        hint="A confirmation works once, within minutes. Request the picture again.",
    )
