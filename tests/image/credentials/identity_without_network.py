"""Reads a picture with an identity assertion where the kernel ends the process at its first socket.

Prints the state that our reader finds, then `default`, and then reads with the library's own settings, which do not
survive. Needs nothing but Linux.
"""

from __future__ import annotations

import ctypes
import json
import platform
import struct
from io import BytesIO
from typing import Any

import c2pa

from ledger.image.credentials import native
from ledger.image.credentials.read import found_in
from tests.image.credentials.samples import foreign
from tests.image.samples import save, textured

SOCKET = {"x86_64": 41, "aarch64": 198}
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _KILL, _ALLOW = 38, 22, 2, 0x80000000, 0x7FFF0000


def cbor(value: Any) -> bytes:
    """RFC 8949, as much as is needed here."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(cbor, value))
    return _head(5, len(value)) + b"".join(cbor(key) + cbor(each) for key, each in value.items())


def _head(kind: int, number: int) -> bytes:
    return bytes([kind << 5 | number]) if number < 24 else bytes([kind << 5 | 25]) + number.to_bytes(2, "big")


def with_identity() -> bytes:
    """A PNG with the identity of somebody whom a site vouches for (CAWG identity assertion 1.1, section 8.1)."""
    signed = {
        "referenced_assertions": [{"url": "self#jumbf=c2pa.assertions/c2pa.hash.data", "hash": "A" * 43 + "="}],
        "sig_type": "cawg.identity_claims_aggregation",
    }
    identity = {
        "type": "cawg.social_media", "username": "ada", "uri": "https://ada.example",
        "verifiedAt": "2024-01-01T00:00:00Z", "provider": {"id": "https://site.example", "name": "Site"},
    }  # fmt: skip
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://cawg.io/identity/1.1/ica/context/"],
        "type": ["VerifiableCredential", "IdentityClaimsAggregationCredential"],
        "issuer": "did:web:identities.invalid",
        "validFrom": "2024-01-01T00:00:00Z",
        "credentialSubject": {"verifiedIdentities": [identity], "c2paAsset": signed},
    }
    protected = cbor({1: -8, 3: "application/vc"})
    signature = b"\xd2" + cbor([protected, {}, json.dumps(credential).encode(), bytes(64)])
    data = {"signer_payload": signed, "signature": list(signature), "pad1": [0] * 8}
    return foreign(save(textured(90, 60), "PNG"), "image/png", [{"label": "cawg.identity", "data": data}])


def end_at_first_socket() -> None:
    """A seccomp filter: the system call `socket` ends the process (seccomp(2))."""
    program = b"".join(
        struct.pack("HBBI", *step)
        for step in (
            (0x20, 0, 0, 0),  # load the call's number
            (0x15, 0, 1, SOCKET[platform.machine()]),
            (0x06, 0, 0, _KILL),
            (0x06, 0, 0, _ALLOW),
        )
    )
    filled = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxP", 4, ctypes.addressof(filled))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SECCOMP, _FILTER, described, 0, 0)):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


def main() -> None:
    data = with_identity()
    end_at_first_socket()
    print(found_in(native.validate(data, "image/png", ""), None).state, flush=True)
    print("default", flush=True)
    with c2pa.Context() as context, c2pa.Reader("image/png", BytesIO(data), context=context) as reader:
        reader.json()


if __name__ == "__main__":
    main()
