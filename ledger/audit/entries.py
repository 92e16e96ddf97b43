"""Every entry of one of our logs, checked at its place: encoding, schema, signatures, keys, references.

The work splits in two so that a replay can use all cores: `examine` is a pure function of an entry's bytes and does the
expensive part; `EntryChecker.admit` keeps what was announced and recorded so far and must see the leaves in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ledger.audit.keyring import KeyRing
from ledger.errors import VerificationError
from ledger.record import dsse
from ledger.record.party import Party, party_of
from ledger.record.predicates import KeyRecord, Registration, refs_of
from ledger.record.statement import parse_payload


@dataclass(frozen=True, slots=True)
class Examined:
    """What of an entry matters for the leaves around it; small, so that it travels between processes."""

    record_id: str
    signers: tuple[str, ...]
    """Key ids in the order of the signatures."""
    verified: bool
    """Whether every signature was verified; False when a key was not among those given."""
    refs: tuple[tuple[str, str], ...]
    """Record id and leaf hash of each record referred to."""
    key: KeyRecord | None
    """The predicate of a `key` record."""
    party: Party | None
    """Whose statement it is, where others signed beside the service and it is not the service's."""
    registered: tuple[str, str] | None
    """Work and artist of a `registration`."""


def examine(entry: bytes, keys: Mapping[str, bytes], origin: str) -> Examined:
    """Parses an entry strictly and verifies its signatures with `keys` (key id to raw public key).

    `origin`: of the log that the entry stands on. A `key` record brings its own key along. Raises VerificationError:
    `wrong-origin`, and what `dsse` and `statement` raise.
    """
    envelope = dsse.parse(entry)
    predicate = parse_payload(envelope.payload).predicate
    require_origin(predicate.origin, origin)
    key = predicate if isinstance(predicate, KeyRecord) else None
    known = keys if key is None else {**keys, **dsse.keys_by_id([bytes.fromhex(key.public_key)])}
    signers = tuple(signature.keyid for signature in envelope.signatures)
    verified = all(keyid in known for keyid in signers)
    if verified:
        dsse.verify(envelope, known)
    refs = tuple((ref.record_id, ref.leaf_hash) for ref in refs_of(predicate))
    registered = (predicate.work_id, predicate.artist_id) if isinstance(predicate, Registration) else None
    party = party_of(predicate) if len(signers) > 1 else None
    return Examined(predicate.record_id, signers, verified, refs, key, party, registered)


class EntryChecker:
    """Checks a log's entries from the first on. `keys` is what `examine` needs; it grows with the `key` records."""

    def __init__(self, origin: str) -> None:
        """`origin`: that of the log (C2SP tlog-checkpoint)."""
        self.origin = origin
        self._ring = KeyRing()
        self._leaves: dict[str, str] = {}
        self._artists: dict[str, str] = {}
        self.keys: dict[str, bytes] = {}
        """Every key announced so far, good or revoked."""

    def restore(
        self,
        leaves: Iterable[tuple[str, bytes]],
        announcements: Iterable[tuple[KeyRecord, tuple[str, ...]]],
        registered: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Takes over what an earlier checker of the same log admitted: record ids with leaf hashes, the `key` records
        with their signers in the order of the log, works with their artists. Raises VerificationError (as `admit`)."""
        self._artists = dict(registered)
        self._leaves = {record_id: leaf_hash.hex() for record_id, leaf_hash in leaves}
        for record, signers in announcements:
            self._announce(record, signers)

    def check(self, index: int, leaf_hash: bytes, entry: bytes) -> None:
        """Both halves at once. Raises VerificationError that names the leaf."""
        try:
            examined = examine(entry, self.keys, self.origin)
        except VerificationError as error:
            raise naming_leaf(index, error) from error
        self.admit(index, leaf_hash, entry, examined)

    def admit(self, index: int, leaf_hash: bytes, entry: bytes, examined: Examined) -> None:
        """Takes the next leaf. An entry that was examined before its key was known is examined again.

        Raises VerificationError that names the leaf: `wrong-origin`, `unknown-key`, `key-revoked`,
        `key-not-authorised`, `wrong-holder`, `key-record`, `record-id-repeated`, `bad-ref`.
        """
        try:
            self._admit(leaf_hash, examined if examined.verified else self._examine_again(entry))
        except VerificationError as error:
            raise naming_leaf(index, error) from error

    def _admit(self, leaf_hash: bytes, examined: Examined) -> None:
        if examined.record_id in self._leaves:
            raise VerificationError(
                f"record id {examined.record_id} stands on an earlier leaf", code="record-id-repeated"
            )
        self._require_refs(examined)
        if examined.key is None:
            self._ring.require_signers(examined.signers, self._maker(examined.party))
            if examined.registered is not None:
                self._artists.setdefault(*examined.registered)
        else:
            self._announce(examined.key, examined.signers)
        self._leaves[examined.record_id] = leaf_hash.hex()

    def _maker(self, party: Party | None) -> Party | None:
        """With the artist of the work, where that is who makes the statement."""
        if party is None or party.work_id is None:
            return party
        return replace(party, holder_id=self._artists.get(party.work_id))

    def _announce(self, record: KeyRecord, signers: tuple[str, ...]) -> None:
        self._ring.apply(record, signers)
        self.keys.update(dsse.keys_by_id([bytes.fromhex(record.public_key)]))

    def _examine_again(self, entry: bytes) -> Examined:
        examined = examine(entry, self.keys, self.origin)
        if not examined.verified:
            unknown = next(keyid for keyid in examined.signers if keyid not in self.keys)
            raise VerificationError(f"signed by key {unknown}, which no earlier leaf announces", code="unknown-key")
        return examined

    def _require_refs(self, examined: Examined) -> None:
        for record_id, expected in examined.refs:
            leaf = self._leaves.get(record_id)
            if leaf is None:
                raise VerificationError(f"refers to record {record_id}, which no earlier leaf holds", code="bad-ref")
            if leaf != expected:
                raise VerificationError(
                    f"refers to record {record_id} with leaf hash {expected}; its leaf has {leaf}", code="bad-ref"
                )


def require_origin(stated: str, expected: str) -> None:
    """That a statement was made for this log: one that was signed for another says nothing here.

    Raises VerificationError (`wrong-origin`).
    """
    if stated != expected:
        raise VerificationError(
            f"the statement was made for the log {stated!r}, this is {expected!r}", code="wrong-origin"
        )


def naming_leaf(index: int, error: VerificationError) -> VerificationError:
    """The same refusal, saying of which leaf."""
    return VerificationError(f"leaf {index}: {error.message}", code=error.code, hint=error.hint)
