"""Fixed keys, and the golden log with its key."""

from __future__ import annotations

from pathlib import Path

from ledger.log.vkey import KeyType, NoteSigner, VerifierKey
from ledger.record.keys import Signer
from tests.record.samples import ORIGIN

GOLDEN = Path(__file__).parents[1] / "data" / "tlog-golden"
"""A whole log that another program made (tests/data/README.md)."""
GOLDEN_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def note_signer(name: str = ORIGIN, seed: int = 1, key_type: KeyType = KeyType.ED25519) -> NoteSigner:
    signer = Signer.from_seed(bytes([seed]) * 32)
    return NoteSigner(VerifierKey(name, key_type, signer.public_raw), signer.sign)


def witness_signer(number: int) -> NoteSigner:
    return note_signer(f"witness{number}.example/w", 100 + number, KeyType.COSIGNATURE)
