"""Tells apart why validation failed, from the status codes of C2PA's report (C2PA 2.2, section 15.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.image.credentials.content import State

UNTRUSTED = "signingCredential.untrusted"
_EXPIRED = frozenset(("signingCredential.expired", "signingCredential.ocsp.revoked", "claimSignature.outsideValidity"))
_DATA_MISMATCH, _DATA_MATCH = "assertion.dataHash.mismatch", "assertion.dataHash.match"
_MISMATCHES = (".mismatch", ".unknownBox")
_UNSUPPORTED = ("algorithm.", "general.unsupported")
_MAX_STATUSES = 10_000


def failed_state(document: dict[str, Any]) -> State:
    """The state of credentials that are not valid. The worst failure decides, also one of an ingredient."""
    codes = {code for code, _ in _statuses(document.get("validation_status"))} - {UNTRUSTED}
    if _has_unusual_exclusions(document, codes):
        return "partial"
    if any(code.endswith(_MISMATCHES) for code in codes):
        return "tampered"
    others = {code for code in codes if not code.startswith(_UNSUPPORTED)}
    if codes and not others:
        return "unsupported"
    return "expired" if others and others <= _EXPIRED else "invalid"


def _has_unusual_exclusions(document: dict[str, Any], codes: set[str]) -> bool:
    """Whether the only failure is that the data hash leaves out other bytes than those of the manifest, while the hash
    itself is that of the file. The library says both of the same assertion."""
    if codes != {_DATA_MISMATCH}:
        return False
    results = document.get("validation_results")
    active = results.get("activeManifest") if isinstance(results, dict) else None
    if not isinstance(active, dict):
        return False
    failed = [each for code, each in _statuses(active.get("failure")) if code == _DATA_MISMATCH]
    matched = [each for code, each in _statuses(active.get("success")) if code == _DATA_MATCH]
    total = sum(code == _DATA_MISMATCH for code, _ in _statuses(document.get("validation_status")))
    if not len(failed) == len(matched) == total == 1:
        return False
    return failed[0].get("url") == matched[0].get("url") and "exclusion" in str(failed[0].get("explanation"))


def _statuses(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in value[:_MAX_STATUSES] if isinstance(value, list) else ():
        if isinstance(each, dict) and isinstance(each.get("code"), str):
            yield each["code"], each
