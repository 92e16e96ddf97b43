"""Training and data mining assertions in a file's C2PA manifests, from C2PA's report on them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ledger.corpus.file_terms.vocabulary import TRAINING_MINING, TRAINING_MINING_1, UNREAD, Vocabulary
from ledger.corpus.work import FileTerm
from ledger.text import clean_text

MAX_ENTRIES = 64
_LABEL = re.compile(r"(cawg|c2pa)\.training-mining(?:\.v\d+)?(?:__\d+)?")
_VOCABULARIES = {"cawg": TRAINING_MINING, "c2pa": TRAINING_MINING_1}
_FORBIDDEN = ("notAllowed", "constrained")
"""Nobody here can check a constraint, so a use under one is forbidden."""
_SHOWN = 120


def terms_of_report(report: str, place: str) -> Iterator[FileTerm]:
    """What the manifests of a file forbid: its own, and those of the pictures that it was made from.

    A statement counts whoever signed it, and whether or not its signature is intact: it takes away, it gives nothing.
    """
    try:
        manifests = _object(_object(json.loads(report)).get("manifests"))
    except (ValueError, RecursionError):
        yield _unread(place, "Content Credentials that cannot be read: the report on them is not JSON")
        return
    for manifest in manifests.values():
        assertions = _object(manifest).get("assertions")
        for assertion in assertions if isinstance(assertions, list) else []:
            label = _LABEL.fullmatch(str(_object(assertion).get("label")))
            if label:
                yield from _entries(_object(assertion).get("data"), _VOCABULARIES[label[1]], label[1], place)


def _entries(data: object, vocabulary: Vocabulary, prefix: str, place: str) -> Iterator[FileTerm]:
    entries = _object(data).get("entries")
    if not isinstance(entries, dict) or len(entries) > MAX_ENTRIES:
        yield _unread(place, f"an assertion {prefix}.training-mining without readable entries")
        return
    for key, said in entries.items():
        use = _object(said).get("use") if isinstance(said, dict) else said
        if use == "allowed":
            continue
        name = key.removeprefix("cawg.").removeprefix("c2pa.")
        known, understood = name in vocabulary.forbids, use in _FORBIDDEN
        why = "" if known else "an unknown entry, read as a prohibition of training"
        value = f"{key} {use}" if isinstance(use, str) else str(key)
        constraint = _object(said).get("constraint_info")
        if isinstance(constraint, str):
            value = f"{value}: {clean_text(constraint, _SHOWN)}"
        yield FileTerm(
            vocabulary.name,
            vocabulary.version,
            place,
            clean_text(value, 2 * _SHOWN),
            vocabulary.forbidden(name),
            why if understood else "an unknown value, read as notAllowed",
        )


def _unread(place: str, problem: str) -> FileTerm:
    return FileTerm(UNREAD.name, UNREAD.version, place, "", (), problem)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
