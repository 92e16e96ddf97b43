"""What is fuzzed: each parser of bytes from outside, with what must hold for every input.

A target raises nothing but VerificationError for input that is refused. What is accepted has exactly one encoding, the
input itself: so no two byte strings can verify as the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ledger.audit.bundle import parse_bundle
from ledger.errors import VerificationError
from ledger.log.note import parse_note
from ledger.log.proof import parse_proof
from ledger.log.tiles import parse_path
from ledger.record import dsse
from ledger.record.statement import parse_payload
from ledger.record.usage import parse_statement
from tests.record.compared import ADA, BEN, january_of

CONFORMANCE = Path(__file__).parents[1] / "conformance" / "bundle"


def _note(data: bytes) -> bytes:
    return bytes(parse_note(data))


def _tile_path(data: bytes) -> bytes:
    return parse_path(data.decode()).path.encode()


def _bundle(data: bytes) -> bytes:
    return parse_bundle(data).to_bytes()


def _proof(data: bytes) -> bytes:
    return parse_proof(data.decode()).text.encode()


def _envelope(data: bytes) -> bytes:
    envelope = dsse.parse(data)
    parse_payload(envelope.payload)
    return dsse.encode(envelope)


def _usage(data: bytes) -> bytes:
    return parse_statement(data).to_bytes()


TARGETS: Mapping[str, Callable[[bytes], bytes]] = {
    "note": _note,
    "tile-path": _tile_path,
    "bundle": _bundle,
    "proof": _proof,
    "envelope": _envelope,
    "usage": _usage,
}
"""Name -> parse and encode again."""


def accepts(name: str, data: bytes) -> bool:
    """Whether the parser takes the input. AssertionError when it encodes it otherwise; any other error is a defect."""
    try:
        again = TARGETS[name](data)
    except (VerificationError, UnicodeDecodeError):
        return False
    assert again == data, f"{name}: two encodings of one thing"
    return True


def seeds(name: str) -> list[bytes]:
    """Inputs that are accepted, from the conformance suite."""
    if name == "tile-path":
        return [b"tile/0/000", b"tile/3/x001/x234/067.p/255", b"tile/entries/x001/000.p/1"]
    if name == "usage":
        return [january_of(artist).to_bytes() for artist in (ADA, BEN)]
    found: list[bytes] = []
    for file in sorted(CONFORMANCE.glob("*/bundle.json")):
        if file.parent.name.endswith("_fail"):
            continue
        data = file.read_bytes()
        bundle = parse_bundle(data)
        found.append(
            {
                "note": bundle.proof.checkpoint,
                "bundle": data,
                "proof": bundle.proof.text.encode(),
                "envelope": bundle.leaf,
            }[name]
        )
    return found
