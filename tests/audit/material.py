"""A small log in memory with fixed keys: what a bundle is cut from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.audit.bundle import Bundle, make_bundle
from ledger.audit.checks import Audit, Outcome
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import inclusion_path, leaf_hash, root_of
from ledger.log.vkey import KeyType, NoteSigner, VerifierKey
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.predicates import Predicate
from ledger.record.statement import statement_payload
from tests.record.kinds import subject_of
from tests.record.samples import ORIGIN, SIGNER, key_record, registration, verification

LOG = Signer.from_seed(hashlib.sha256(b"checkpoint key").digest())
LOG_KEY = VerifierKey(ORIGIN, KeyType.ED25519, LOG.public_raw)
LOG_VKEY = str(LOG_KEY)
NOTE_SIGNER = NoteSigner(LOG_KEY, LOG.sign)


def leaf_of(predicate: Predicate, *signers: Signer) -> bytes:
    payload = statement_payload(predicate.kind, subject_of(predicate), predicate)
    return dsse.sign(payload, signers or (SIGNER,))


@dataclass(frozen=True)
class Log:
    entries: Sequence[bytes]

    def node(self, level: int, index: int) -> bytes:
        width = 1 << level
        return root_of(leaf_hash(entry) for entry in self.entries[index * width : (index + 1) * width])

    @property
    def checkpoint(self) -> bytes:
        root = root_of(map(leaf_hash, self.entries))
        return sign_checkpoint(Checkpoint(ORIGIN, len(self.entries), root), NOTE_SIGNER)

    def bundle(self, index: int, *signers: Signer) -> Bundle:
        keys = {signer.keyid: signer.public_raw for signer in (signers or (SIGNER,))}
        path = inclusion_path(index, len(self.entries), self.node)
        return make_bundle(self.entries[index], index, path, self.checkpoint, keys)


ENTRIES = (
    leaf_of(key_record()),
    *(leaf_of(registration(number)) for number in range(100, 104)),
    leaf_of(verification()),
    leaf_of(registration(104)),
)
VERIFIED_INDEX = 5
LOG_OF_SEVEN = Log(ENTRIES)
BUNDLE = LOG_OF_SEVEN.bundle(VERIFIED_INDEX).to_bytes()


def outcomes(audit: Audit) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in audit.checks}


def failed(audit: Audit) -> list[tuple[str, str | None]]:
    return [(check.name, check.code) for check in audit.checks if check.outcome is Outcome.FAILED]
