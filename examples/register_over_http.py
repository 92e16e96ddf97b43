"""Register a picture over HTTP, signed with the artist's own key. The key never leaves this machine.

    ARTLEDGER_TOKEN=alt_... python examples/register_over_http.py https://ledger.example.org star.png \
        --key ada.pem --title Star --licence CC-BY-4.0 --uses match

The service prepares the statement, because it computes the fingerprint. The artist checks the statement and signs it.
The picture then goes with the signature. The key must stand on the log: `artledger keys announce`.
"""

from __future__ import annotations

import argparse
import base64
import getpass
import hashlib
import json
import os
import secrets
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def register(service: str, token: str, picture: Path, details: dict[str, Any], key: Ed25519PrivateKey) -> Any:
    """The answer of the service: `record` and `work`. Raises ValueError for a statement about something else."""
    data = picture.read_bytes()
    prepared = post(f"{service}/v1/works?prepare=true", token, data, details)
    payload = base64.b64decode(prepared["payload"])
    require_ours(payload, data, details)
    signed = {"envelope": sign(payload, key), "metadata_key": prepared["metadata_key"]}
    return post(f"{service}/v1/works", token, data, details | {"signed": signed})


def require_ours(payload: bytes, picture: bytes, details: dict[str, Any]) -> None:
    """What is about to be signed is a registration of this picture under these terms, and nothing else."""
    statement = json.loads(payload)
    predicate = statement["predicate"]
    [subject] = statement["subject"]
    if statement["predicateType"] != "urn:artledger:registration:v1":
        raise ValueError(f"the service asks to sign a {statement['predicateType']}")
    if subject["digest"]["sha256"] != hashlib.sha256(picture).hexdigest():
        raise ValueError("the service asks to sign a statement about another picture")
    # An opt-out in the picture's own file takes uses away; nothing may add one.
    if predicate["licence"] != details["licence"] or not set(predicate["allowed_uses"]) <= set(details["allowed_uses"]):
        raise ValueError(f"the service states other terms: {predicate['licence']}, {predicate['allowed_uses']}")


def sign(payload: bytes, key: Ed25519PrivateKey) -> dict[str, Any]:
    """A DSSE v1 envelope with one Ed25519 signature."""
    kind = PAYLOAD_TYPE.encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    keyid = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()
    signature = {"keyid": keyid, "sig": base64.b64encode(key.sign(message)).decode()}
    return {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}


def post(url: str, token: str, picture: bytes, work: dict[str, Any]) -> Any:
    """Sends the multipart form of `POST /v1/works`. Raises urllib.error.HTTPError; its body says what was wrong."""
    boundary = secrets.token_hex(16)
    body = b"".join(
        (
            part(boundary, 'name="image"; filename="picture"', "application/octet-stream", picture),
            part(boundary, 'name="work"', "application/json", json.dumps(work).encode()),
            f"--{boundary}--\r\n".encode(),
        )
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def part(boundary: str, disposition: str, media_type: str, data: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {media_type}\r\n\r\n"
    return head.encode() + data + b"\r\n"


def open_key(path: Path) -> Ed25519PrivateKey:
    """The key that `artledger keys new` made (PKCS #8 PEM), with or without a passphrase."""
    pem = path.read_bytes()
    passphrase = (
        getpass.getpass(f"passphrase of {path}: ").encode() if b"ENCRYPTED" in pem.partition(b"\n")[0] else None
    )
    key = load_pem_private_key(pem, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 key")
    return key


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("service", help="URL of the ledger")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--title", default="")
    parser.add_argument("--licence", required=True, help="SPDX expression, for instance CC-BY-4.0")
    parser.add_argument("--uses", default="match", help="match, style, train: several with commas between")
    given = parser.parse_args(arguments)
    uses = [use for use in given.uses.split(",") if use]
    details = {"title": given.title, "licence": given.licence, "allowed_uses": uses}
    token, key = os.environ["ARTLEDGER_TOKEN"], open_key(given.key)
    try:
        done = register(given.service.rstrip("/"), token, given.picture, details, key)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        print(f"{problem['code']}: {problem['detail']}", problem.get("hint") or "", file=sys.stderr)
        return 2
    print(f"work {done['work']['work_id']}, record {done['record']['record_id']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
