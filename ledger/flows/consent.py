"""What an artist allows: new terms for a work, and its withdrawal, which erases what is personal about it.

Both take effect with their leaf: matching and style ask the projected terms with every search, training asks them when
it begins. Where the artist has a key on the log, the artist signs; the service never speaks in that name then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from ledger.corpus.credit import read_terms
from ledger.corpus.types import ALL_USES, AllowedUse, Work
from ledger.errors import AccessError, ConflictError, InputError, NotFoundError
from ledger.flows.answers import RecordAnswer
from ledger.flows.cosigned import Cosigning
from ledger.flows.log_keys import LogKeys
from ledger.flows.principal import Principal
from ledger.flows.progress import Progress, silent
from ledger.flows.records import Records
from ledger.log.append import Sequencer, Submission
from ledger.log.types import Appended
from ledger.record.ids import new_id, parse_id
from ledger.record.parts import Ref
from ledger.record.predicates import Consent, Withdrawal
from ledger.record.statement import Statement, statement_payload
from ledger.record.times import now_text
from ledger.storage.erasure import Erasure
from ledger.storage.works import WorkReader

Reason = Literal["artist", "operator", "legal"]
MAX_WAIT = 30.0
"""Seconds to wait for the log."""
SUBJECT = "work"
"""What the subject of a statement about a work is called; another name could carry a person's."""
BATCH = 256
"""Withdrawals per transaction."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Consents:
    """Threads may share it."""

    works: WorkReader
    records: Records
    keys: LogKeys
    cosigning: Cosigning
    erasure: Erasure
    sequencer: Callable[[], Sequencer]

    def draft_terms(
        self, work_id: str, principal: Principal, allowed_uses: Sequence[AllowedUse], licence: str | None = None
    ) -> bytes:
        """The payload of new terms, for the artist to sign; the licence stays where none is named.

        Raises NotFoundError (`work-not-found`), InputError (`bad-id`, `licence`), AccessError (`wrong-account`),
        ConflictError (`work-withdrawn`, `terms-unchanged`).
        """
        return self._terms(self._own(work_id, principal), allowed_uses, licence).payload

    def draft_withdrawal(self, work_id: str, principal: Principal) -> bytes:
        """The payload of a withdrawal, for the artist to sign. Raises as `draft_terms` does."""
        return _withdrawal(self._own(work_id, principal), "artist", self.sequencer().origin).payload

    def change(
        self, work_id: str, principal: Principal, allowed_uses: Sequence[AllowedUse], licence: str | None = None
    ) -> RecordAnswer:
        """New terms, signed by the service alone. Raises as `draft_terms` does, and InputError
        (`signature-required`)."""
        work = self._own(work_id, principal)
        self.keys.require_signature("artist", work.artist_id)
        terms = self._terms(work, allowed_uses, licence)
        return self._answer(self.sequencer().submit(terms.record_id, terms.payload).result(MAX_WAIT))

    def withdraw(self, work_id: str, principal: Principal, reason: Reason = "artist") -> RecordAnswer:
        """Takes a work out for good, signed by the service alone, and erases what is personal about it.

        For another reason than the artist's will only an administrator may. Raises as `change` does.
        """
        if reason == "artist":
            work = self._own(work_id, principal)
            self.keys.require_signature("artist", work.artist_id)
        else:
            require_administrator(principal)
            work = self._standing(work_id)
        return self._withdraw(work, _withdrawal(work, reason, self.sequencer().origin))

    def submit(self, work_id: str, envelope: bytes, principal: Principal) -> RecordAnswer:
        """New terms or a withdrawal that the artist signed; the same again gives its record, `repeated`.

        Raises InputError (`statement-mismatch`), ConflictError (`work-withdrawn`), NotFoundError (`work-not-found`) and
        as Cosigning.accept and append do.
        """
        work = self._work(work_id)
        signed = self.cosigning.accept(envelope, principal, kinds=("consent", "withdrawal"), holder_id=work.artist_id)
        _require_about(signed.statement, work)
        if work.withdrawn and self.records.entries.get(signed.statement.record_id) is None:
            raise _withdrawn(work_id)
        if isinstance(signed.statement.predicate, Consent):
            return self._answer(self.cosigning.append(signed))
        erase = self.erasure.of_works([work_id])
        return self._answer(self.cosigning.append(signed, dedup_key=withdrawal_key(work_id), alongside=erase))

    def withdraw_many(self, works: Sequence[Work], reason: Reason, progress: Progress = silent) -> int:
        """Withdraws works, those that are not yet; each batch is one transaction. Returns how many it withdrew.

        The caller has asked who may. Raises PushbackError.
        """
        standing = [work for work in works if not work.withdrawn]
        done = 0
        for batch in _chunks(standing, BATCH):
            erase = self.erasure.of_works([work.work_id for work in batch])
            log = self.sequencer()
            log.append_now([_withdrawal(work, reason, log.origin) for work in batch], erase)
            done += len(batch)
            progress("withdrawing works", done, len(standing))
        return done

    def _withdraw(self, work: Work, submission: Submission) -> RecordAnswer:
        ticket = self.sequencer().submit(
            submission.record_id, submission.payload, submission.dedup_key, self.erasure.of_works([work.work_id])
        )
        return self._answer(ticket.result(MAX_WAIT))

    def _terms(self, work: Work, allowed_uses: Sequence[AllowedUse], licence: str | None) -> Submission:
        stated = work.licence if licence is None else read_terms(licence)[0]
        uses = tuple(use for use in ALL_USES if use in allowed_uses)
        if (stated, set(uses)) == (work.licence, set(work.allowed_uses)):
            raise ConflictError(f"work {work.work_id} stands under these terms already", code="terms-unchanged")
        predicate = Consent(
            allowed_uses=uses,
            generated_at=now_text(),
            licence=stated,
            origin=self.sequencer().origin,
            record_id=new_id(),
            refs=(registration_ref(work),),
            work_id=work.work_id,
        )
        return Submission(predicate.record_id, statement_payload(SUBJECT, work.sha256, predicate))

    def _answer(self, appended: Appended) -> RecordAnswer:
        return self.records.answer(appended.entry, repeated=appended.repeated)

    def _work(self, work_id: str) -> Work:
        found = self.works.works([parse_id(work_id)])
        if work_id not in found:
            raise NotFoundError(f"there is no work {work_id}", code="work-not-found")
        return found[work_id]

    def _standing(self, work_id: str) -> Work:
        work = self._work(work_id)
        if work.withdrawn:
            raise _withdrawn(work_id)
        return work

    def _own(self, work_id: str, principal: Principal) -> Work:
        principal.require_account(self._work(work_id).artist_id)
        return self._standing(work_id)


def require_administrator(principal: Principal) -> None:
    """Raises AccessError (`not-administrator`)."""
    if principal.role != "administrator":
        raise AccessError("only an administrator may do this", code="not-administrator")


def registration_ref(work: Work) -> Ref:
    return Ref(leaf_hash=work.registration_leaf_hash, record_id=work.registration_record_id)


def withdrawal_key(work_id: str) -> bytes:
    """A work is withdrawn once."""
    return hashlib.sha256(f"artledger/withdrawal/v1\n{work_id}\n".encode()).digest()


def _withdrawal(work: Work, reason: Reason, origin: str) -> Submission:
    predicate = Withdrawal(
        generated_at=now_text(),
        origin=origin,
        reason=reason,
        record_id=new_id(),
        refs=(registration_ref(work),),
        work_id=work.work_id,
    )
    payload = statement_payload(SUBJECT, work.sha256, predicate)
    return Submission(predicate.record_id, payload, withdrawal_key(work.work_id))


def _require_about(statement: Statement, work: Work) -> None:
    """That the statement is about this work and nothing else."""
    predicate = statement.predicate
    assert isinstance(predicate, Consent | Withdrawal)  # noqa: S101 - the kinds that are taken
    if isinstance(predicate, Withdrawal) and predicate.reason != "artist":
        raise InputError("who signs as the artist withdraws for the reason `artist`", code="statement-mismatch")
    expected = (SUBJECT, work.sha256, work.work_id, (registration_ref(work),))
    if (statement.subject_name, statement.subject_sha256, predicate.work_id, predicate.refs) != expected:
        raise InputError(
            f"the statement is not about work {work.work_id}: its id, its file's digest or its registration differ",
            code="statement-mismatch",
            hint="let the service write the statement: ?prepare=true",
        )


def _withdrawn(work_id: str) -> ConflictError:
    return ConflictError(
        f"work {work_id} was withdrawn, which is final", code="work-withdrawn", hint="register the file again"
    )


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
