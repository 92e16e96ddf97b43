"""Checks every entry of an Artledger log at its index: encoding, schema, signatures, keys, references.

The work has two parts, so that a replay can use all cores. `examine` does the expensive part and is a pure function of
an entry's bytes. `EntryChecker.admit` tracks the keys and records so far and must see the leaves in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from ledger.audit.conclusions import require_conclusions
from ledger.audit.facts import Fact, LogFacts
from ledger.audit.keyring import KeyRing
from ledger.audit.statement_rules import Gist, fact_of, gist_of, maker_of, require_origin, require_references
from ledger.errors import LedgerError, VerificationError
from ledger.log.checkpoint import open_checkpoint
from ledger.log.fetch import open_log
from ledger.log.reader import read_tile
from ledger.log.tiles import CHECKPOINT_PATH, tile_at, unpack_entries
from ledger.log.vkey import VerifierKey
from ledger.record import dsse
from ledger.record.keyid import short_keyid
from ledger.record.predicates import Generation, KeyRecord, Verification
from ledger.record.statement import parse_payload


@dataclass(frozen=True, slots=True)
class ExaminedEntry:
    """The part of an entry that later checks need; small, because it is sent between processes."""

    gist: Gist
    signers: tuple[str, ...]
    """Key ids in the order of the signatures."""
    verified: bool
    """Whether every signature was verified; False if a key was unknown."""
    key: KeyRecord | None
    """The predicate of a `key` record."""


def examine(entry: bytes, keys: Mapping[str, bytes], origin: str) -> ExaminedEntry:
    """Parses an entry strictly and verifies its signatures with `keys` (key id to raw public key).

    `origin`: of the entry's log. A `key` record contains its own key. Raises VerificationError: `wrong-origin`,
    `wrong-conclusion`, and what `dsse` and `statement` raise.
    """
    envelope = dsse.parse(entry)
    statement = parse_payload(envelope.payload)
    require_origin(statement.predicate.origin, origin)
    if isinstance(statement.predicate, Verification | Generation):
        require_conclusions(statement.predicate)
    key = statement.predicate if isinstance(statement.predicate, KeyRecord) else None
    known = keys if key is None else {**keys, **dsse.keys_by_id([bytes.fromhex(key.public_key)])}
    signers = tuple(signature.keyid for signature in envelope.signatures)
    verified = all(keyid in known for keyid in signers)
    if verified:
        dsse.verify(envelope, known)
    return ExaminedEntry(gist_of(statement, envelope.payload), signers, verified, key)


class EntryChecker:
    """Checks a log's entries from the first on. `keys`, which `examine` needs, grows with the `key` records."""

    def __init__(self, origin: str) -> None:
        """`origin`: that of the log (C2SP tlog-checkpoint)."""
        self.origin = origin
        self._ring = KeyRing()
        self._facts = LogFacts()
        self.keys: dict[str, bytes] = {}
        """Every key announced so far, valid or revoked."""

    def restore(
        self, facts: Iterable[tuple[str, Fact]], announcements: Iterable[tuple[KeyRecord, tuple[str, ...]]]
    ) -> None:
        """Restores the state of an earlier checker of the same log: the fact of each record id, and the `key` records
        with their signers, both in the order of the log. Raises VerificationError as `admit` does."""
        for record_id, fact in facts:
            self._facts.add(record_id, fact)
        for record, signers in announcements:
            self._announce(record, signers)

    def check(self, index: int, leaf_hash: bytes, entry: bytes) -> None:
        """Does `examine` and `admit`. Raises VerificationError that names the leaf."""
        try:
            examined = examine(entry, self.keys, self.origin)
        except VerificationError as error:
            raise naming_leaf(index, error) from error
        self.admit(index, leaf_hash, entry, examined)

    def admit(self, index: int, leaf_hash: bytes, entry: bytes, examined: ExaminedEntry) -> None:
        """Accepts the next leaf. An entry that was examined before its key was known is examined again.

        Raises VerificationError that names the leaf: `wrong-origin`, `unknown-key`, `record-id-repeated`, and what
        `KeyRing.require_signers`, `KeyRing.apply` and `require_references` raise.
        """
        try:
            self._admit(leaf_hash, examined if examined.verified else self._examine_again(entry))
        except VerificationError as error:
            raise naming_leaf(index, error) from error

    def _admit(self, leaf_hash: bytes, examined: ExaminedEntry) -> None:
        gist = examined.gist
        if self._facts.record(gist.record_id) is not None:
            raise VerificationError(
                f"record id {gist.record_id} was used by an earlier entry", code="record-id-repeated"
            )
        if examined.key is None:
            self._ring.require_signers(examined.signers, maker_of(gist, self._facts))
        require_references(gist, self._facts)
        if examined.key is not None:
            self._announce(examined.key, examined.signers)
        self._facts.add(gist.record_id, fact_of(gist, leaf_hash.hex()))

    def _announce(self, record: KeyRecord, signers: tuple[str, ...]) -> None:
        self._ring.apply(record, signers)
        self.keys.update(dsse.keys_by_id([bytes.fromhex(record.public_key)]))

    def _examine_again(self, entry: bytes) -> ExaminedEntry:
        examined = examine(entry, self.keys, self.origin)
        if not examined.verified:
            unknown = next(keyid for keyid in examined.signers if keyid not in self.keys)
            raise VerificationError(
                f"signed by key {short_keyid(unknown)}, which no earlier entry announces", code="unknown-key"
            )
        return examined


def naming_leaf(index: int, error: VerificationError) -> VerificationError:
    """The same error, with the leaf's index."""
    return VerificationError(f"log entry {index}: {error.message}", code=error.code, hint=error.hint)


def begins_with_record(location: str, key: VerifierKey) -> bool:
    """Whether entry 0 of a published log is an envelope: an Artledger log begins with its service's key.

    Also False if the log cannot be read; the replay then says why.
    """
    with closing(open_log(location)) as objects:
        try:
            signed = open_checkpoint(objects.get(CHECKPOINT_PATH) or b"", key)
            if not signed.size:
                return False
            tile, data = read_tile(objects, tile_at(None, 0, signed.size))
            dsse.parse(unpack_entries(data, tile)[0])
        except LedgerError:
            return False
    return True
