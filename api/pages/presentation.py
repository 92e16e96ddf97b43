"""How figures, times and closed lists read in words. Says what was measured and never more."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from ledger.answers.records import RecordAnswer
from ledger.fingerprint.hashes import PDQ_MINIMUM_QUALITY
from ledger.match.words import RELATION_WORDS, VERDICT_WORDS

GUARD_MEANING: Mapping[str, str] = {
    "allow": "Handed out.",
    "warn": "Handed out with a warning.",
    "regenerated": "Rejected, and made again: nobody got this one.",
    "block": "Blocked: nobody got this picture, and it was not kept.",
}
VERDICT_MEANING: Mapping[str, str] = {verdict.value: words for verdict, words in VERDICT_WORDS.items()}
RELATION_MEANING: Mapping[str, str] = {relation.value: words for relation, words in RELATION_WORDS.items()}
SETTING_NAME: Mapping[str, str] = {"guidance_scale": "Guidance", "num_inference_steps": "Steps"}
KIND_NAME: Mapping[str, str] = {
    "key": "Key",
    "registration": "Registration of a work",
    "consent": "New terms for a work",
    "withdrawal": "Withdrawal of a work",
    "model": "Model",
    "calibration": "Calibration",
    "verification": "Verification of a picture",
    "generation": "Generated picture",
    "asset": "File of a generated picture",
    "claim": "Claim",
    "verdict": "Verdict on a claim",
    "response": "Response to a claim",
    "resolution": "Resolution of a claim",
    "usage": "Statement of use",
    "finding": "Finding about a model",
}
USE_MEANING: Mapping[str, str] = {
    "match": "compare with pictures",
    "train": "train models",
    "style": "imitate the style",
}
ANSWER_BAND: Mapping[str, str] = {
    "generated": "Made by a generator recorded here",
    "generated-edited": "Made by a generator recorded here",
    "registered": "Registered work",
    "edited-copy": "Edited copy",
    "contains-part": "Contains part of a registered work",
    "unknown": "Nothing known",
    "not-comparable": "Cannot compare",
}
_ALLOWED = "whether anybody was allowed to use anything"
_HOW_MADE = "how the picture was made, and with which programs or models"
_ELSEWHERE = "works that are not registered here"


def number(value: int) -> str:
    """12,345"""
    return f"{value:,}"


def one_in(p_value: str) -> str:
    """A p-value as "1 in N unrelated pictures comes this close", rounded as in the reference sentence."""
    p = _decimal(p_value)
    if p is None or p <= 0:
        return f"p = {p_value}"
    odds = int((1 / p).to_integral_value(ROUND_HALF_EVEN))
    if odds < 2:
        return "nearly every unrelated picture comes this close"
    return f"1 in {odds:,} unrelated pictures comes this close"


def percent(value: str) -> str:
    """A probability in [0, 1] as a percentage with at most two decimals; only what is exactly 1 reads as 100 %."""
    p = _decimal(value)
    if p is None:
        return value
    shown = (p * 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    if shown == 0 and p > 0:
        return "under 0.01 %"
    if shown == 100 and p < 1:
        return "over 99.99 %"
    return f"{shown.normalize():f} %"


def when(time: str) -> str:
    """RFC 3339 with milliseconds as a person reads it, to the second, in UTC."""
    return f"{time[:10]} {time[11:19]} UTC" if len(time) >= 20 else time


def short(digest: str) -> str:
    """The beginning of a digest or id."""
    return f"{digest[:12]}…" if len(digest) > 13 else digest


def rectangle(region: Mapping[str, str]) -> Mapping[str, str] | None:
    """A region of evidence as x, y, width and height in thousandths of the picture; None where it is malformed."""
    edges = [_decimal(region.get(side, "")) for side in ("left", "top", "right", "bottom")]
    left, top, right, bottom = (None if edge is None else round(edge * 1000) for edge in edges)
    if left is None or top is None or right is None or bottom is None:
        return None
    return {"x": str(left), "y": str(top), "width": str(right - left), "height": str(bottom - top)}


def not_measured(answer: RecordAnswer) -> tuple[str, ...]:
    """What a reader might take a comparison for and what it is not."""
    predicate = answer.statement.get("predicate", {})
    missing: list[str] = []
    said = answer.headline
    made_here = said is not None and said.answer == "generated" and said.origin_of_image == "service"
    if predicate.get("artist_reference") is None:
        missing.append("which artist's style this is: no trained classifier took part")
    quality = _pdq_quality(predicate)
    if quality is not None and quality <= PDQ_MINIMUM_QUALITY:
        missing.append(
            f"one of the picture's hashes (PDQ): the picture has too little detail, quality {quality} of 100"
        )
    return (*missing, _ALLOWED, *(() if made_here else (_HOW_MADE,)), _ELSEWHERE)


def _pdq_quality(predicate: Mapping[str, Any]) -> int | None:
    fingerprint = predicate.get("fingerprint")
    quality = fingerprint.get("pdq_quality") if isinstance(fingerprint, Mapping) else None
    return quality if isinstance(quality, int) else None


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
