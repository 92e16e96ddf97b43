"""Reads the Content Credentials in a file: finds them, validates them in a worker process, and returns cleaned texts.

Nothing is fetched: no remote manifest, no revocation answer, no time stamp. A file without a manifest gives None, which
means unknown: metadata is often lost when pictures are shared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

from ledger.errors import InputError
from ledger.image.credentials.assertion import parse_assertion
from ledger.image.credentials.containers import embedded_manifest, is_walked
from ledger.image.credentials.content import LABEL, Assertion, FoundCredentials, State
from ledger.image.credentials.failed import UNTRUSTED, failed_state
from ledger.image.pool import DecodePool
from ledger.text import clean_text

MAX_PROBLEMS = 10
MALFORMED = "artledger.assertion.malformed"
UNREADABLE = "artledger.manifest.unreadable"
"""Our own codes, in addition to C2PA's."""

_TEXT_LIMIT = 200
_STATES: dict[str, State] = {"Trusted": "valid", "Valid": "untrusted"}
_STATE_OF_ERROR: dict[str, State] = {
    "credentials-unreadable": "invalid",
    "credentials-unsupported": "unsupported",
    "credentials-remote": "remote",
}
_PROVENANCE = b"provenance"
"""XMP's `dcterms:provenance` names a remote manifest (C2PA 2.2, section 11.4)."""
_LABEL = b"c2pa"
"""Every manifest store has this label."""


def read_credentials(
    pool: DecodePool, data: bytes, media_type: str, trusted: Callable[[], str]
) -> FoundCredentials | None:
    """The content of a file's manifest; None if it has none. No file content makes it raise.

    `media_type`: the file's real type (`CanonicalImage.media_type`). `trusted` returns the roots, in PEM, whose signers
    are `valid` instead of `untrusted`. It is called if there is a manifest, and its errors are passed on.

    The library that reads manifests is native code, so it runs in the decoding workers, with limits on memory and time
    and without the right to open files or connections.
    """
    store = embedded_manifest(data, media_type)
    if store is None and not _may_have_one(data, media_type):
        return None
    digest = None if store is None else hashlib.sha256(store).hexdigest()
    roots = trusted()
    try:
        report = pool.manifest_report(data, media_type, roots)
    except InputError as error:
        return _unread(digest, error)
    if report is None:
        return None if store is None else _broken(digest, "the bytes in its place are no manifest")
    return found_in(report, digest)


def found_in(report: str, manifest_sha256: str | None) -> FoundCredentials:
    """Converts C2PA's report on a manifest (the JSON of its reader)."""
    try:
        document = _object(json.loads(report))
    except (ValueError, RecursionError):
        return _broken(manifest_sha256, "the report on it is not JSON")
    state = _STATES.get(str(document.get("validation_state"))) or failed_state(document)
    manifests = _object(document.get("manifests"))
    label = document.get("active_manifest")
    active = _object(manifests.get(label)) if isinstance(label, str) else {}
    problems = list(_problems(document))
    own, where = _attribution(active), "own"
    if own is None:
        others = (_attribution(_object(each)) for name, each in manifests.items() if name != label)
        own, where = next((each for each in others if each is not None), None), "ingredient"
    if own == "malformed":
        problems.append(f"{MALFORMED}: the assertion {LABEL} does not have its required form")
    assertion = own if isinstance(own, Assertion) else None
    return FoundCredentials(
        state=state,
        issuer=_text(_object(active.get("signature_info")).get("issuer")),
        claim_generator=_claim_generator(active),
        digital_source_type=_digital_source_type(active),
        assertion=assertion,
        from_ingredient=assertion is not None and where == "ingredient",
        manifest_sha256=manifest_sha256,
        problems=tuple(problems[:MAX_PROBLEMS]),
    )


def _may_have_one(data: bytes, media_type: str) -> bool:
    """Whether a file in which no manifest was found may have one all the same, or name the address of one."""
    return _PROVENANCE in data or (not is_walked(media_type) and _LABEL in data)


def _unread(manifest_sha256: str | None, error: InputError) -> FoundCredentials | None:
    """What is known of a manifest that was not read."""
    state = _STATE_OF_ERROR.get(error.code, "unreadable")
    if state == "invalid":
        return _broken(manifest_sha256, error.message)
    if state != "remote":
        return _without_content(state, manifest_sha256, f"{UNREADABLE}: {error.message}")
    address = clean_text(error.message, _TEXT_LIMIT)
    if not address.startswith(("http://", "https://")):  # the property has other uses, too
        return None
    return replace(_without_content(state, manifest_sha256), remote_url=address)


def _broken(manifest_sha256: str | None, why: str) -> FoundCredentials:
    return _without_content("invalid", manifest_sha256, f"{UNREADABLE}: {why}")


def _without_content(state: State, manifest_sha256: str | None, *problems: str) -> FoundCredentials:
    return FoundCredentials(
        state=state,
        issuer=None,
        claim_generator=None,
        digital_source_type=None,
        assertion=None,
        from_ingredient=False,
        manifest_sha256=manifest_sha256,
        problems=tuple(clean_text(each, _TEXT_LIMIT) for each in problems),
    )


def _problems(document: dict[str, Any]) -> Iterable[str]:
    """C2PA's status codes of failures, without that of an untrusted signer, which is a state and no problem."""
    for status in _list(document.get("validation_status")):
        code, said = (_text(_object(status).get(key)) for key in ("code", "explanation"))
        if code is not None and code != UNTRUSTED:
            yield code if said is None else f"{code}: {said}"


def _attribution(manifest: dict[str, Any]) -> Assertion | Literal["malformed"] | None:
    for each in _assertions(manifest, LABEL):
        return parse_assertion(each.get("data")) or "malformed"
    return None


def _digital_source_type(manifest: dict[str, Any]) -> str | None:
    """The digital source type of the first action that has one."""
    for each in _assertions(manifest, "c2pa.actions", "c2pa.actions.v2"):
        for action in _list(_object(each.get("data")).get("actions")):
            source = _text(_object(action).get("digitalSourceType"))
            if source is not None:
                return source
    return None


def _claim_generator(manifest: dict[str, Any]) -> str | None:
    for each in _list(manifest.get("claim_generator_info")):
        name, version = (_text(_object(each).get(key)) for key in ("name", "version"))
        if name is not None:
            return name if version is None else f"{name} {version}"
    return _text(manifest.get("claim_generator"))


def _assertions(manifest: dict[str, Any], *labels: str) -> Iterable[dict[str, Any]]:
    for each in map(_object, _list(manifest.get("assertions"))):
        if each.get("label") in labels:
            yield each


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """Returns untrusted text, cleaned. Returns None if it is empty or not text."""
    return (clean_text(value, _TEXT_LIMIT) or None) if isinstance(value, str) else None
