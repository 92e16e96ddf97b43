"""Statements about claims that their makers submit: signed, in the maker's own name, then appended to the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ledger.errors import AccessError, InputError, NotFoundError
from ledger.flows.people.accounts import Accounts
from ledger.flows.people.principal import Principal
from ledger.flows.records.admission import Admission
from ledger.flows.records.cosigned import Cosigning, SignedStatement, require_fresh, require_same
from ledger.flows.records.log_keys import LogKeys
from ledger.log.append import Sequencer
from ledger.log.entry import Appended
from ledger.record.ids import parse_id
from ledger.record.party import party_of
from ledger.record.predicates import Kind
from ledger.record.statement import Statement, parse_payload
from ledger.storage.people.claims import ClaimDetail, ClaimDetails
from ledger.storage.works.works import WorkReader

MAX_WAIT = 60.0
"""Seconds to wait until a record is committed."""
ROLES_BY_SCOPE = {"claims": ("artist", "generator"), "resolutions": ("auditor",)}
"""Which roles may make statements of that scope."""


@dataclass(frozen=True, slots=True)
class SentStatement:
    """A submitted statement: an envelope that its maker signed, or, at this machine, the bare payload."""

    envelope: bytes | None = None
    payload: bytes | None = None
    text: str | None = None
    text_key: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedStatement:
    """A statement that was checked and may be appended."""

    statement: Statement
    payload: bytes
    signed: SignedStatement | None
    """None where the person at this machine sent it without a signature."""


@dataclass(frozen=True, slots=True)
class Submissions:
    """Threads may share it.

    Nobody can make a statement in another's name: it must be signed with that person's key. For a person without a key,
    only the person at this machine can make it.
    """

    accounts: Accounts
    works: WorkReader
    keys: LogKeys
    cosigning: Cosigning
    admission: Admission
    details: ClaimDetails
    sequencer: Callable[[], Sequencer]

    def require_party(self, principal: Principal, party_id: str, scope: Literal["claims", "resolutions"]) -> None:
        """Checks that the principal acts for the party, and that the party may make such statements.

        Raises AccessError (`scope-missing`, `wrong-account`, `bad-claimant`), NotFoundError, InputError (`bad-id`).
        """
        principal.require_scope(scope)
        principal.require_account(parse_id(party_id))
        try:
            role: str = self.accounts.get(party_id).role
        except NotFoundError:
            artist = self.works.artist(party_id)
            if not principal.is_local or artist is None or not artist.name:  # nobody speaks for whoever was erased
                raise
            role = "artist"  # of the corpus, without an account: the person at this machine acts for it
        allowed = ROLES_BY_SCOPE[scope]
        if role not in allowed:
            raise AccessError(
                f"account {party_id} is of the role {role}, not {' or '.join(allowed)}", code="bad-claimant"
            )

    def accept(self, sent: SentStatement, principal: Principal, kind: Kind) -> AcceptedStatement:
        """A statement with a valid signature of its maker. It may lack the signature only if the person at this machine
        submits it, in the name of somebody who has no key.

        Raises what `Cosigning.accept` raises, InputError (`signature-required`, `unexpected-kind`).
        """
        if sent.envelope is not None:
            signed = self.cosigning.accept(sent.envelope, principal, kinds={kind})
            return AcceptedStatement(signed.statement, signed.payload, signed)
        if sent.payload is None or not principal.is_local:
            raise InputError(
                f"a {kind} must be signed by the one who makes it",
                code="signature-required",
                hint="Make a key and announce it (artledger keys new), then sign with it.",
            )
        statement = parse_payload(sent.payload)
        party = party_of(statement.predicate)
        if statement.kind != kind or party is None or party.holder_id is None:
            raise InputError(f"a {statement.kind} statement is not accepted here", code="unexpected-kind")
        require_fresh(statement.predicate.generated_at)
        for role in sorted(party.roles):
            self.keys.require_signature(role, party.holder_id)
        return AcceptedStatement(statement, sent.payload, None)

    def append(
        self, accepted: AcceptedStatement, detail: ClaimDetail | None, party_id: str, dedup_key: bytes | None = None
    ) -> Appended:
        """Puts the statement on the log, and the party's text beside it. Raises PushbackError, and what admission
        raises."""
        record_id = accepted.statement.record_id
        words = self.details.writer(record_id, detail, party_id) if detail else None
        if accepted.signed is not None:
            return self.cosigning.append(accepted.signed, dedup_key=dedup_key, alongside=words)
        self.admission.require(accepted.statement, accepted.payload)
        appended = self.sequencer().submit(record_id, accepted.payload, dedup_key, words).result(MAX_WAIT)
        require_same(record_id, accepted.payload, appended)
        return appended
