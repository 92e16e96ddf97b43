"""What is fuzzed: each parser of bytes from outside, with what must hold for every input.

A target raises nothing but VerificationError (of what people write by hand, InputError) for input that is refused. What
verifies has exactly one encoding, the input itself: so no two byte strings can verify as the same thing. What people
write by hand may be spelt in several ways; each encodes to something that is read as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from ledger.audit.bundle import parse_bundle
from ledger.audit.claims.bundle import parse_claim_bundle
from ledger.audit.claims.claim import audit_claim
from ledger.audit.manifest import ManifestTree
from ledger.claim.rules import current_rules, parse_rules
from ledger.errors import InputError, VerificationError
from ledger.flows.works.opt_out import parse_opt_out
from ledger.generate.guard_policy import default_policy, parse_policy
from ledger.log import witness_policy
from ledger.log.note import parse_note
from ledger.log.proof import parse_proof
from ledger.log.tiles import parse_path
from ledger.record import dsse
from ledger.record.statement import parse_payload
from ledger.record.usage import parse_statement
from tests.audit.claim_story import LISTED, OTHER_KEY, WORK_FILE, Told, story
from tests.audit.material import LOG_VKEY
from tests.log.keys import witness_signer
from tests.record.compared import ADA, BEN, january_of

CONFORMANCE = Path(__file__).parents[1] / "conformance" / "bundle"
POLICY_FILE = Path(__file__).parents[2] / "ledger" / "generate" / "data" / "policy-v1.toml"


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


def _claim_bundle(data: bytes) -> bytes:
    return parse_claim_bundle(data).to_bytes()


def _claim_audit(data: bytes) -> bytes:
    """The whole of what an auditor does with a stranger's bundle."""
    if audit_claim(data, LOG_VKEY).exit_code:
        raise VerificationError("the audit fails")
    return _claim_bundle(data)


def _claim_rules(data: bytes) -> bytes:
    return parse_rules(data).to_bytes()


def _manifest(data: bytes) -> bytes:
    tree = ManifestTree(data)
    listed = [tree.find(line.decode()) for line in data.split()]
    return b"".join(f"{member.sha256}\n".encode() for members in listed for member in members)


def _opt_out(data: bytes) -> bytes:
    entry = parse_opt_out(data.decode())
    return f"{entry.kind}:{entry.value}".encode()


def _guard_policy(data: bytes) -> bytes:
    """A file of either kind."""
    try:
        return parse_policy(data, toml=True).to_bytes()
    except InputError:
        return parse_policy(data, toml=False).to_bytes()


def _witness_policy(data: bytes) -> bytes:
    """It has no encoding of its own: nothing is asked but that it is read or refused."""
    witness_policy.parse_policy(data).is_quorum([])
    return data


BY_HAND = frozenset({"claim-rules", "guard-policy", "opt-out"})
"""Targets that read several spellings of one thing."""

TARGETS: Mapping[str, Callable[[bytes], bytes]] = {
    "note": _note,
    "tile-path": _tile_path,
    "bundle": _bundle,
    "proof": _proof,
    "envelope": _envelope,
    "usage": _usage,
    "claim-bundle": _claim_bundle,
    "claim-audit": _claim_audit,
    "claim-rules": _claim_rules,
    "manifest": _manifest,
    "opt-out": _opt_out,
    "guard-policy": _guard_policy,
    "witness-policy": _witness_policy,
}
"""Name -> parse and encode again."""


def accepts(name: str, data: bytes) -> bool:
    """Whether the parser takes the input. AssertionError when it encodes it otherwise; any other error is a defect."""
    parse = TARGETS[name]
    try:
        again = parse(data)
    except (VerificationError, InputError, UnicodeDecodeError):
        return False
    assert again == (parse(again) if name in BY_HAND else data), f"{name}: two encodings of one thing"
    return True


def _claims() -> list[bytes]:
    return [story(Told()), story(Told(responder=OTHER_KEY))]


def _witness_policies() -> list[bytes]:
    witness = f"witness W {witness_signer(1).key} https://w.example\n"
    return [
        f"log {LOG_VKEY}\nquorum none\n".encode(),
        f"log {LOG_VKEY} https://log.example\n{witness}group g 1 W\nquorum g\n".encode(),
    ]


_MADE: Mapping[str, Callable[[], list[bytes]]] = {
    "claim-bundle": _claims,
    "claim-audit": _claims,
    "claim-rules": lambda: [current_rules().to_bytes(), b" " + current_rules().to_bytes()],
    "manifest": lambda: [b"", "".join(f"{each}\n" for each in LISTED).encode()],
    "opt-out": lambda: [WORK_FILE.encode(), f" LOOK:{WORK_FILE}{WORK_FILE}\n".encode(), f"sha256:{WORK_FILE}".encode()],
    "guard-policy": lambda: [default_policy().to_bytes(), POLICY_FILE.read_bytes()],
    "witness-policy": _witness_policies,
}


@cache
def seeds(name: str) -> list[bytes]:
    """Inputs that are accepted, from the conformance suite or made up."""
    if name == "tile-path":
        return [b"tile/0/000", b"tile/3/x001/x234/067.p/255", b"tile/entries/x001/000.p/1"]
    if name == "usage":
        return [january_of(artist).to_bytes() for artist in (ADA, BEN)]
    if name in _MADE:
        return _MADE[name]()
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
