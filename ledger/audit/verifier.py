"""The offline audit of one bundle.

A bundle states that a record is on a log. With only the log's key, the audit checks:

1. Encoding. The bytes are the one canonical encoding of a bundle of this version.
2. Checkpoint. The proof's checkpoint is signed by the log's key and names the log as its origin.
3. Witnesses. If a policy is given, enough of its witnesses have cosigned that checkpoint.
4. Inclusion. The path leads from the leaf's hash at its index to the checkpoint's root.
5. Signatures. Every signature of the envelope is valid for the payload, under the key that hashes to its key id.
6. Authority. The envelope's first signature is by a record key that the caller trusts.
7. Statement. The payload is a canonical statement of a known kind, with closed fields, made for this log.
8. Conclusions. A comparison's verdict and shares follow from its own matches.
9. Maker. Further signatures are by announced keys of the statement's maker. A maker who had a key signed.
10. References. Only the log itself shows whether the records that it names are on it.

Without the log's key, or for a kind that this version does not know, nothing is verified. 3, 6, 9 and 10 may stay
unchecked, and then say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ledger.audit.bundle import Bundle, parse_bundle
from ledger.audit.checks import Audit, Check, Outcome, attempt, not_checked
from ledger.audit.conclusions import require_conclusions
from ledger.audit.holders import Announcements, announced_by, maker_check
from ledger.audit.statement_rules import require_origin
from ledger.errors import InputError, LedgerError, VerificationError
from ledger.log.checkpoint import SignedCheckpoint, open_checkpoint
from ledger.log.merkle import verify_inclusion
from ledger.log.note import parse_note
from ledger.log.vkey import KeyType, VerifierKey, parse_vkey
from ledger.log.witness_policy import WitnessPolicy
from ledger.record import dsse
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.keys import require_sound_public_key
from ledger.record.predicates import Generation, KeyRecord, Verification, refs_of
from ledger.record.statement import Statement, parse_payload

ENCODING = "encoding"
CHECKPOINT = "checkpoint"
WITNESSES = "witnesses"
INCLUSION = "inclusion"
SIGNATURES = "signatures"
AUTHORITY = "record key"
STATEMENT = "statement"
CONCLUSIONS = "conclusions"
REFERENCES = "references"


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor knows from other sources than the bundle.

    Raises InputError (`bad-vkey`, `bad-record-key`) for an invalid key.
    """

    log_key: VerifierKey | None
    record_keyids: frozenset[str] = frozenset()
    policy: WitnessPolicy | None = None
    announced: Announcements = field(default_factory=dict)
    """Announced keys other than the service's."""

    @classmethod
    def of(cls, log_vkey: str | None, record_keys: Iterable[bytes] = (), policy: WitnessPolicy | None = None) -> Trust:
        """`log_vkey` as printed by `keys show`; `record_keys` raw public keys of 32 bytes."""
        try:
            log_key = parse_vkey(log_vkey) if log_vkey is not None else None
        except VerificationError as error:
            raise InputError(error.message, code="bad-vkey", hint=error.hint) from error
        if log_key is not None and log_key.type is not KeyType.ED25519:
            raise InputError(f"the key of {log_key.name} is a witness's, not a log's", code="bad-vkey")
        return cls(log_key, frozenset(_trusted_keyid(raw) for raw in record_keys), policy)


def _trusted_keyid(raw: bytes) -> str:
    try:
        require_sound_public_key(raw)
    except VerificationError as error:
        raise InputError(f"record key: {error.message}", code="bad-record-key") from error
    return keyid_of(raw)


def audit_bundle(
    data: bytes,
    log_vkey: str | None,
    record_keys: Iterable[bytes] = (),
    policy: WitnessPolicy | None = None,
    announcements: Iterable[bytes] = (),
) -> Audit:
    """Audits a bundle's bytes offline, as the module says.

    `announcements`: bundles of the `key` records of other parties that signed, or should have. Raises InputError only
    for invalid keys and announcements (`bad-announcement`).
    """
    trust = Trust.of(log_vkey, record_keys, policy)
    trust = replace(trust, announced=announced_by([_announcement(each, trust) for each in announcements]))
    bundle, encoding = read_bundle(data)
    if bundle is None:
        return Audit("bundle", (encoding,))
    return Audit(f"log entry {bundle.proof.index}", (encoding, *bundle_checks(bundle, trust)))


def _announcement(data: bytes, trust: Trust) -> tuple[int, KeyRecord]:
    """Leaf index and predicate of a `key` record, from its bundle, which must be valid itself."""
    bundle, encoding = read_bundle(data)
    checks = (encoding,) if bundle is None else (encoding, *bundle_checks(bundle, trust))
    predicate = None if bundle is None else parse_payload(bundle.envelope.payload).predicate
    if bundle is None or Audit("key", checks).exit_code or not isinstance(predicate, KeyRecord):
        raise InputError(
            "an announcement that was given is not a valid bundle of a `key` record of this log",
            code="bad-announcement",
            hint="Check that file alone: artledger audit bundle FILE",
        )
    return bundle.proof.index, predicate


def read_bundle(data: bytes) -> tuple[Bundle | None, Check]:
    """1. The bundle, and the check of its encoding."""
    try:
        bundle = parse_bundle(data)
    except LedgerError as error:
        return None, Check(ENCODING, Outcome.FAILED, error.message, code=error.code)
    return bundle, Check(ENCODING, Outcome.PASSED, f"a canonical bundle of {len(data):,} bytes")


def bundle_checks(bundle: Bundle, trust: Trust) -> tuple[Check, ...]:
    """2 to 10, for a bundle whose encoding is valid."""
    # 2. and 3. The checkpoint is opened once; without it the expected root is unknown.
    signed, checkpoint, witnesses = _checkpoint(bundle, trust)
    # 4.
    inclusion = _inclusion(bundle, signed)
    # 5. The keys come with the bundle; parse_bundle has checked that they hash to the key ids.
    signatures = attempt(SIGNATURES, lambda: _signatures(bundle))
    # 6.
    authority = _authority(bundle, trust)
    # 7. to 10. Only a signed payload is read.
    if signatures.outcome is not Outcome.PASSED:
        statement = not_checked(STATEMENT, "its signatures were not verified")
        return (checkpoint, witnesses, inclusion, signatures, authority, statement)
    origin = None if signed is None else signed.checkpoint.origin
    return (checkpoint, witnesses, inclusion, signatures, authority, *_statement(bundle, trust, origin))


def _checkpoint(bundle: Bundle, trust: Trust) -> tuple[SignedCheckpoint | None, Check, Check]:
    try:
        log_key = trust.log_key or _key_by_policy(bundle, trust.policy)
        if log_key is None:
            reason = "the log's key was not given"
            return None, not_checked(CHECKPOINT, reason), not_checked(WITNESSES, reason, essential=False)
        witness_keys = () if trust.policy is None else trust.policy.witness_keys
        signed = open_checkpoint(bundle.proof.checkpoint, log_key, witness_keys)
    except LedgerError as error:
        failed = Check(CHECKPOINT, Outcome.FAILED, error.message, code=error.code)
        return None, failed, not_checked(WITNESSES, "the checkpoint was not verified", essential=False)
    detail = f"{signed.checkpoint.origin} signed its tree of {signed.size:,} entries with root {signed.root.hex()}"
    return signed, Check(CHECKPOINT, Outcome.PASSED, detail), _witnesses(signed, trust.policy)


def _key_by_policy(bundle: Bundle, policy: WitnessPolicy | None) -> VerifierKey | None:
    if policy is None or not policy.logs:
        return None
    return policy.log_key(parse_note(bundle.proof.checkpoint).text.partition("\n")[0])


def _witnesses(signed: SignedCheckpoint, policy: WitnessPolicy | None) -> Check:
    unread = len(parse_note(signed.data).signatures) - 1 - len(signed.cosignatures)
    ignored = f"; {unread} further signature lines by unknown keys are ignored" if unread else ""
    if policy is None:
        return not_checked(WITNESSES, f"no policy names witnesses{ignored}", essential=False)

    def quorum() -> str:
        policy.require_quorum(signed)
        return f"{len(signed.cosignatures)} cosignatures satisfy the policy{ignored}"

    return attempt(WITNESSES, quorum)


def _inclusion(bundle: Bundle, signed: SignedCheckpoint | None) -> Check:
    if signed is None:
        return not_checked(INCLUSION, "there is no signed root to compare with")

    def included() -> str:
        verify_inclusion(bundle.leaf_hash, bundle.proof.index, signed.size, bundle.proof.path, signed.root)
        return f"entry {bundle.proof.index:,} of {signed.size:,}, by {len(bundle.proof.path)} hashes"

    return attempt(INCLUSION, included)


def _signatures(bundle: Bundle) -> str:
    dsse.verify(bundle.envelope, bundle.keys)
    return "signed by " + ", ".join(signature.keyid for signature in bundle.envelope.signatures)


def _authority(bundle: Bundle, trust: Trust) -> Check:
    service, *others = (signature.keyid for signature in bundle.envelope.signatures)
    if not trust.record_keyids:
        reason = "no record key was given to compare with; it is only known that the log accepted the record"
        return not_checked(AUTHORITY, reason, essential=False)
    if service not in trust.record_keyids:
        return Check(
            AUTHORITY,
            Outcome.FAILED,
            f"key {short_keyid(service)} is not among the record keys given",
            code="key-not-authorised",
        )
    unknown = [keyid for keyid in others if keyid not in trust.record_keyids]
    also = f"; countersigned by {', '.join(map(short_keyid, unknown))}, which are unknown here" if unknown else ""
    return Check(AUTHORITY, Outcome.PASSED, f"key {short_keyid(service)} is one of the record keys given{also}")


def _statement(bundle: Bundle, trust: Trust, origin: str | None) -> tuple[Check, ...]:
    """`origin`: the checkpoint's, None if that is invalid."""
    try:
        statement = parse_payload(bundle.envelope.payload)
        if origin is not None:
            require_origin(statement.predicate.origin, origin)
    except LedgerError as error:
        if error.code == "unknown-kind":
            return (not_checked(STATEMENT, f"{error.message}: {error.hint}"),)
        return (Check(STATEMENT, Outcome.FAILED, error.message, code=error.code),)
    detail = f"{statement.kind} {statement.record_id}, made at {statement.predicate.generated_at}"
    maker = maker_check(bundle, statement, trust.announced)
    return (Check(STATEMENT, Outcome.PASSED, detail), *_conclusions(statement), *maker, _references(statement))


def _conclusions(statement: Statement) -> tuple[Check, ...]:
    predicate = statement.predicate
    if not isinstance(predicate, Verification | Generation):
        return ()
    return (attempt(CONCLUSIONS, lambda: require_conclusions(predicate)),)


def _references(statement: Statement) -> Check:
    count = len(refs_of(statement.predicate))
    if not count:
        return Check(REFERENCES, Outcome.PASSED, "it refers to no other record", essential=False)
    return not_checked(REFERENCES, f"{count} records that it names can only be checked on the log", essential=False)
