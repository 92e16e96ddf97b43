"""Calls every operation with a client that openapi-python-client made; runs in that program's own environment.

    python generated_client.py FOLDER URL [TOKEN]

FOLDER has the client as a package. Prints, for each operation, its name and the status that came.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ID, DIGEST = "01900000-0000-7000-8000-000000000000", "ab" * 32
ENVELOPE = {
    "payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": DIGEST, "sig": "AAAA"}],
}  # fmt: skip
VALUES: dict[str, Any] = {
    "token_id": "ab" * 16, "token": "A" * 43, "path": "0/000", "since": "2025-01-01", "until": "2025-02-01",
    "range_": "bytes=0-3", "weights_sha256": DIGEST,
}  # fmt: skip
"""Of parameters. Those that are not here are ids or digests; those that may be left out are."""
BODIES: dict[str, dict[str, Any]] = {
    "AccountRequest": {"role": "artist", "name": "Ada"},
    "TokenRequest": {"scopes": ["works"]},
    "KeyRequest": {"public_key": DIGEST, "event": "added"},
    "EnvelopeDocument": ENVELOPE,
    "LookupRequest": {"sha256": DIGEST},
    "GenerationRequestBody": {"prompt": "a red car", "steps": 1},
    "ClaimRequest": {"claim_type": "copies-work", "works": [ID], "text": "Mine."},
    "SignedRequest": {"envelope": ENVELOPE, "text": "Mine.", "text_key": DIGEST},
    "TextRequest": {"text": "No."},
    "ResolutionRequest": {"outcome": "supported", "text": "Yes."},
    "WorkRequest": {"title": "Star", "allowed_uses": ["match"]},
    "ConsentRequest": {"allowed_uses": ["match"]},
    "WithdrawalRequest": {"reason": "artist"},
}


def operations(package: Any) -> Iterator[Any]:
    for group in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for each in pkgutil.iter_modules(importlib.import_module(group.name).__path__, f"{group.name}."):
            yield importlib.import_module(each.name)


def variants(kind: Any) -> list[type]:
    """The classes of bodies that an operation takes."""
    members = typing.get_args(kind) if isinstance(kind, types.UnionType) or typing.get_origin(kind) else (kind,)
    return [each for each in members if hasattr(each, "from_dict")]


def body_of(kind: type, file: type) -> Any:
    """One that the schema allows: an example, or a form with a file that is no picture."""
    if hasattr(kind, "to_multipart"):
        within = vars(sys.modules[kind.__module__])
        hints = typing.get_type_hints(kind, within | vars(importlib.import_module("..models", within["__package__"])))
        parts = {name: variants(hint) for name, hint in hints.items() if name in ("work", "claim")}
        made = {name: body_of(found[0], file) for name, found in parts.items()}
        return kind(image=file(io.BytesIO(b"no picture"), "a.png", "image/png"), **made)
    name = next(name for name in sorted(BODIES, key=len, reverse=True) if kind.__name__.endswith(name))
    return kind.from_dict(BODIES[name])  # type: ignore[attr-defined]  # `variants` looked


def call(operation: Any, client: Any, file: type) -> Iterator[int]:
    function = operation.sync_detailed
    hints = typing.get_type_hints(function)
    needed = {
        name: VALUES.get(name, DIGEST if name in ("digest", "sha256") else ID)
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in ("client", "body") and (parameter.default is inspect.Parameter.empty or name in VALUES)
    }
    bodies = [{"body": body_of(kind, file)} for kind in variants(hints["body"])] if "body" in hints else [{}]
    for body in bodies:
        answer = function(client=client, **needed, **body)
        if answer.headers["content-type"].endswith("json") and answer.status_code != 206:
            assert answer.parsed is not None, (operation.__name__, answer)
        yield int(answer.status_code)


def main(folder: str, url: str, token: str | None = None) -> None:
    sys.path.insert(0, str(Path(folder).parent))
    package = importlib.import_module(Path(folder).name)
    api, kinds = (importlib.import_module(f"{package.__name__}.{name}") for name in ("api", "types"))
    options = {"base_url": url, "raise_on_unexpected_status": True, "timeout": 120}
    client = package.Client(**options) if token is None else package.AuthenticatedClient(**options, token=token)
    for operation in operations(api):
        for status in call(operation, client, kinds.File):
            print(operation.__name__.rpartition(".")[2], status)


if __name__ == "__main__":
    main(*sys.argv[1:])
