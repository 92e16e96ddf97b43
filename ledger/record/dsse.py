"""DSSE v1 envelopes (secure-systems-lab/dsse protocol.md) in the only encoding that the log accepts."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger import canonical
from ledger.errors import InputError, VerificationError
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.keys import Signer, require_sound_public_key, signature_is_valid

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_LEAF_BYTES = 65_535
"""tlog-tiles entry bundles carry a uint16 length."""
MAX_SIGNATURES = 16

_TYPE = PAYLOAD_TYPE.encode()
_PAE_PREFIX = b"DSSEv1 %d %s " % (len(_TYPE), _TYPE)
_SIGNATURE = rb'\{"keyid":"([0-9a-f]{64})","sig":"([A-Za-z0-9+/]{86}==)"\}'
_UNGROUPED = _SIGNATURE.replace(b"([", b"(?:[")
_HEAD = b'{"payload":"'
_END = 800
"""Characters of base64, a multiple of four; more than the end of a statement with the longest subject has."""
_TAIL = re.compile(
    rb'","payloadType":"%s","signatures":\[(%s(?:,%s){0,%d})\]\}'
    % (re.escape(_TYPE), _UNGROUPED, _UNGROUPED, MAX_SIGNATURES - 1)
)
_SIGNATURES = b'"signatures":['
_EACH_SIGNATURE = re.compile(_SIGNATURE)


@dataclass(frozen=True, slots=True)
class Signature:
    keyid: str
    """Lowercase hex SHA-256 of the raw public key."""
    sig: bytes
    """64 bytes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    payload: bytes
    """The statement's signed bytes."""
    signatures: tuple[Signature, ...]
    """The service's signature comes first; no two are by the same key."""


def pae(payload: bytes) -> bytes:
    """The signed bytes: DSSE's pre-authentication encoding of the payload under our payload type."""
    return b"%s%d %s" % (_PAE_PREFIX, len(payload), payload)


def sign(payload: bytes, signers: Sequence[Signer]) -> bytes:
    """The leaf: RFC 8785 bytes of the envelope of `payload`, signed by each of `signers`, the service first.

    Raises InputError (`leaf-too-large`) above 65,535 bytes; ValueError without signers, or if one is given twice.
    """
    if not signers or len({signer.keyid for signer in signers}) != len(signers) or len(signers) > MAX_SIGNATURES:
        raise ValueError(f"an envelope needs 1 to {MAX_SIGNATURES} different signers")
    message = pae(payload)
    leaf = encode(Envelope(payload, tuple(Signature(signer.keyid, signer.sign(message)) for signer in signers)))
    if len(leaf) > MAX_LEAF_BYTES:
        raise _too_large(leaf)
    return leaf


def countersigned(leaf: bytes, signatures: Sequence[Signature]) -> bytes:
    """The leaf with further signatures of the same payload, added after its own. They are not verified here.

    Raises InputError (`leaf-too-large`), VerificationError (`envelope-shape`) for two signatures by one key.
    """
    envelope = parse(leaf)
    whole = encode(replace(envelope, signatures=(*envelope.signatures, *signatures)))
    if len(whole) > MAX_LEAF_BYTES:
        raise _too_large(whole)
    parse(whole)
    return whole


def _too_large(leaf: bytes) -> InputError:
    return InputError(
        f"the record has {len(leaf)} bytes; a log entry holds at most {MAX_LEAF_BYTES}",
        code="leaf-too-large",
        hint="Ask for fewer matches.",
    )


def encode(envelope: Envelope) -> bytes:
    """The leaf's bytes; `encode(parse(leaf)) == leaf` always."""
    signatures = b",".join(
        b'{"keyid":"%s","sig":"%s"}' % (each.keyid.encode(), b2a_base64(each.sig, newline=False))
        for each in envelope.signatures
    )
    return b'{"payload":"%s","payloadType":"%s","signatures":[%s]}' % (
        b2a_base64(envelope.payload, newline=False),
        _TYPE,
        signatures,
    )


def parse(leaf: bytes) -> Envelope:
    """The envelope in a leaf's exact bytes, unverified.

    The envelope's members are a closed list with ASCII values, so a regular expression can match its RFC 8785
    encodings, at a fraction of the cost of parsing (a property test compares it with `canonical.loads`). Raises
    VerificationError (`leaf-too-large`, `not-canonical`, `envelope-shape`).
    """
    if len(leaf) > MAX_LEAF_BYTES:
        raise VerificationError(
            f"an envelope of {len(leaf)} bytes; at most {MAX_LEAF_BYTES} are allowed", code="leaf-too-large"
        )
    end = leaf.find(b'"', len(_HEAD))
    match = _TAIL.fullmatch(leaf, end) if leaf.startswith(_HEAD) and end > len(_HEAD) else None
    if match is None:
        canonical.loads(leaf)
        raise VerificationError(
            f"not an envelope: expected exactly payload, payloadType {PAYLOAD_TYPE} and 1 to {MAX_SIGNATURES} "
            "signatures of keyid and sig",
            code="envelope-shape",
        )
    signatures = tuple(
        Signature(keyid.decode(), _decode(sig, "sig")) for keyid, sig in _EACH_SIGNATURE.findall(match[1])
    )
    if len(signatures) > 1 and len({signature.keyid for signature in signatures}) != len(signatures):
        raise VerificationError("the envelope has two signatures by one key", code="envelope-shape")
    return Envelope(_decode(leaf[len(_HEAD) : end], "payload"), signatures)


def signers_of(leaf: bytes) -> tuple[str, ...]:
    """Key ids of a leaf's signatures, without checking the rest; empty for bytes that are no envelope."""
    start = leaf.rfind(_SIGNATURES)
    return tuple(keyid.decode() for keyid, _ in _EACH_SIGNATURE.findall(leaf, start)) if start >= 0 else ()


def payload_end(leaf: bytes) -> bytes:
    """The last hundreds of bytes of a leaf's payload, without checking the rest; empty if it is no envelope."""
    end = leaf.find(b'"', len(_HEAD))
    try:
        return a2b_base64(leaf[max(len(_HEAD), end - _END) : end]) if leaf.startswith(_HEAD) and end > 0 else b""
    except Base64Error:
        return b""


def keys_by_id(public_keys: Iterable[bytes]) -> dict[str, bytes]:
    """Raw public keys by key id. Raises VerificationError (`unsound-key`)."""
    keys: dict[str, bytes] = {}
    for raw in public_keys:
        require_sound_public_key(raw)
        keys[keyid_of(raw)] = raw
    return keys


def verify(envelope: Envelope, keys: Mapping[str, bytes]) -> None:
    """Requires that every signature of the payload is valid under one of `keys` (raw public keys by key id).

    Raises VerificationError: `unknown-key`, `bad-signature`, `unsound-key`.
    """
    message = pae(envelope.payload)
    for signature in envelope.signatures:
        raw = keys.get(signature.keyid)
        if raw is None or keyid_of(raw) != signature.keyid:
            raise VerificationError(f"signed by an unknown key {short_keyid(signature.keyid)}", code="unknown-key")
        if not signature_is_valid(raw, signature.sig, message):
            raise VerificationError(
                f"the signature by key {short_keyid(signature.keyid)} does not match the payload", code="bad-signature"
            )


def _decode(text: bytes, what: str) -> bytes:
    """Decodes canonical base64. Strict mode refuses other alphabets and wrong padding, but not stray bits."""
    try:
        data = a2b_base64(text, strict_mode=True)
        last = a2b_base64(text[-4:], strict_mode=True)
    except Base64Error as error:
        raise VerificationError(f"{what} is not base64: {error}", code="envelope-shape") from error
    if b2a_base64(last, newline=False) != text[-4:]:
        raise VerificationError(f"{what} is not in the canonical base64 encoding", code="envelope-shape")
    return data
