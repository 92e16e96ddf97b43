"""What an artist allows: new terms for a work, and its withdrawal, which erases what is personal about it.

Both take effect with their log entry: matching and style read the current terms with every search, training reads them
when it begins. If the artist has a key on the log, the artist signs; the service then never signs alone in that name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeVar

from ledger.answers.records import RecordAnswer
from ledger.corpus.licences import UNKNOWN_LICENCE, parse_licence
from ledger.corpus.work import ALL_USES, AllowedUse, Work
from ledger.errors import AccessError, ConflictError, InputError, NotFoundError
from ledger.flows.people.principal import Principal
from ledger.flows.progress import Progress, silent
from ledger.flows.records.cosigned import Cosigning
from ledger.flows.records.log_keys import LogKeys
from ledger.flows.records.records import Records
from ledger.log.append import Sequencer, Submission
from ledger.log.entry import Alongside, Appended, Entry
from ledger.record.ids import new_id, parse_id
from ledger.record.parts import Ref
from ledger.record.predicates import Consent, Registration, Withdrawal
from ledger.record.statement import Statement, statement_payload
from ledger.record.times import now_text
from ledger.storage.log.preconditions import all_of, unless_appended
from ledger.storage.works.corpus import own_terms
from ledger.storage.works.erasure import Erasure
from ledger.storage.works.works import WorkReader

Reason = Literal["artist", "operator", "legal"]
MAX_WAIT = 30.0
"""Seconds to wait for the log."""
SUBJECT = "work"
"""What the subject of a statement about a work is called. It is fixed, because a title could contain a person's
name."""
_PAGE = 200
BATCH = 256
"""Withdrawals per transaction."""

T = TypeVar("T")


class Terms(NamedTuple):
    """What an artist allows."""

    licence: str
    allowed_uses: frozenset[AllowedUse]


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
        """The payload of new terms, for the artist to sign. Without a `licence`, the present one stays.

        Raises NotFoundError (`work-not-found`), InputError (`bad-id`, `licence`), AccessError (`wrong-account`),
        ConflictError (`work-withdrawn`, `terms-unchanged`).
        """
        work = self._own(work_id, principal)
        wanted = _terms(work, allowed_uses, licence)
        if wanted == _stated(self._stating(work)):
            raise ConflictError(f"work {work_id} already has these terms", code="terms-unchanged")
        return self._consent(work, wanted).payload

    def draft_withdrawal(self, work_id: str, principal: Principal) -> bytes:
        """The payload of a withdrawal, for the artist to sign. Raises as `draft_terms` does."""
        return _withdrawal(self._own(work_id, principal), "artist", self.sequencer().origin).payload

    def change(
        self,
        work_id: str,
        principal: Principal,
        allowed_uses: Sequence[AllowedUse],
        licence: str | None = None,
        own_words: str | None = None,
    ) -> RecordAnswer:
        """States new terms, signed by the service alone. If they are in force already, returns the record that states
        them, `repeated`. `own_words`: the text of terms that `licence` names by digest; it is stored with them.

        Raises as `draft_terms` does but for `terms-unchanged`, and InputError (`signature-required`).
        """
        work = self._own(work_id, principal)
        self.keys.require_signature("artist", work.artist_id)
        wanted, stating = _terms(work, allowed_uses, licence), self._stating(work)
        if wanted == _stated(stating):
            return self.records.answer(stating, repeated=True)
        terms = self._consent(work, wanted)
        once = terms_key(stating, wanted)
        beside = _beside_terms(work_id, own_words)
        ticket = self.sequencer().submit(terms.record_id, terms.payload, once, beside)
        return self._answer(ticket.result(MAX_WAIT))

    def withdraw(self, work_id: str, principal: Principal, reason: Reason = "artist") -> RecordAnswer:
        """Withdraws a work for good, signed by the service alone, and erases what is personal about it.

        Only an administrator may give another reason than `artist`. Raises as `change` does.
        """
        if reason == "artist":
            work = self._own(work_id, principal)
            self.keys.require_signature("artist", work.artist_id)
        else:
            require_administrator(principal)
            work = self._standing(work_id)
        return self._withdraw(work, _withdrawal(work, reason, self.sequencer().origin))

    def submit(self, work_id: str, envelope: bytes, principal: Principal, own_words: str | None = None) -> RecordAnswer:
        """Appends new terms or a withdrawal that the artist signed. Submitting the same again gives its record,
        `repeated`; so do newly signed terms that are in force already. `own_words`: as for `change`.

        Raises InputError (`statement-mismatch`), ConflictError (`work-withdrawn`), NotFoundError (`work-not-found`) and
        as Cosigning.accept and append do.
        """
        work = self._work(work_id)
        signed = self.cosigning.accept(envelope, principal, kinds=("consent", "withdrawal"), holder_id=work.artist_id)
        _require_about(signed.statement, work)
        known = self.records.entries.get(signed.statement.record_id)
        if work.withdrawn and known is None:
            raise _withdrawn(work_id)
        predicate = signed.statement.predicate
        if isinstance(predicate, Consent):
            wanted, stating = Terms(predicate.licence, frozenset(predicate.allowed_uses)), self._stating(work)
            if known is None and wanted == _stated(stating):
                return self.records.answer(stating, repeated=True)
            once, beside = terms_key(stating, wanted), _beside_terms(work_id, own_words)
            return self._answer(self.cosigning.append(signed, dedup_key=once, alongside=beside))
        erase = self.erasure.of_works([work_id])
        return self._answer(self.cosigning.append(signed, dedup_key=withdrawal_key(work_id), alongside=erase))

    def withdraw_many(self, works: Sequence[Work], reason: Reason, progress: Progress = silent) -> int:
        """Withdraws those of the works that are not withdrawn yet, each batch in one transaction. Returns how many.

        The caller has checked that this is allowed. Raises PushbackError.
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

    def terms_at_registration(self, registration_record_id: str) -> Terms:
        """What the registration itself stated, whatever was stated since."""
        return _stated(self.records.entry(registration_record_id))

    def _stating(self, work: Work) -> Entry:
        """The record that states the terms in force: the last consent about the work, or its registration."""
        found, after = self.records.entry(work.registration_record_id), work.registration_index
        while page := self.records.store.find(work_id=work.work_id, kind="consent", after=after, limit=_PAGE):
            found, after = page[-1], page[-1].leaf_index
        return found

    def _consent(self, work: Work, terms: Terms) -> Submission:
        predicate = Consent(
            allowed_uses=tuple(use for use in ALL_USES if use in terms.allowed_uses),
            generated_at=now_text(),
            licence=terms.licence,
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


def terms_key(stating: Entry, terms: Terms) -> bytes:
    """The same for all who state the same terms after the same record, so that they are stated once."""
    uses = ",".join(sorted(terms.allowed_uses))
    return hashlib.sha256(f"artledger/terms/v1\n{stating.record_id}\n{uses}\n{terms.licence}\n".encode()).digest()


def _terms(work: Work, allowed_uses: Sequence[AllowedUse], licence: str | None) -> Terms:
    """The terms; without a `licence`, the present one stays."""
    return Terms(
        work.licence if licence is None else parse_licence(licence.strip() or UNKNOWN_LICENCE), frozenset(allowed_uses)
    )


def _stated(entry: Entry) -> Terms:
    """The terms that a registration or consent states, read from the record that `terms_key` names."""
    predicate = entry.statement.predicate
    assert isinstance(predicate, Registration | Consent)  # noqa: S101 - found by its kind
    return Terms(predicate.licence, frozenset(predicate.allowed_uses))


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
    """Checks that the statement is about this work and nothing else."""
    predicate = statement.predicate
    assert isinstance(predicate, Consent | Withdrawal)  # noqa: S101 - the kinds that are taken
    if isinstance(predicate, Withdrawal) and predicate.reason != "artist":
        raise InputError("an artist's own withdrawal must give the reason `artist`", code="statement-mismatch")
    expected = (SUBJECT, work.sha256, work.work_id, (registration_ref(work),))
    if (statement.subject_name, statement.subject_sha256, predicate.work_id, predicate.refs) != expected:
        raise InputError(
            f"the statement is not about work {work.work_id}: its id, its file's digest or its registration differ",
            code="statement-mismatch",
            hint="Let the service prepare the statement: ?prepare=true",
        )


def _beside_terms(work_id: str, own_words: str | None) -> Alongside:
    """Prevents that new terms are appended after a withdrawal."""
    standing = unless_appended(withdrawal_key(work_id), _withdrawn(work_id))
    return standing if own_words is None else all_of(standing, own_terms(work_id, own_words))


def _withdrawn(work_id: str) -> ConflictError:
    return ConflictError(
        f"work {work_id} was withdrawn, which is final", code="work-withdrawn", hint="Register the file again."
    )


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
