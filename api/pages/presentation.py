"""What pages alone show: digests cut short, regions of pictures, and what was not measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import log10
from typing import Any, Literal

from ledger.answers.records import RecordAnswer
from ledger.claim.standing import Standing
from ledger.fingerprint.hashes import PDQ_MINIMUM_QUALITY
from ledger.record.parts import RegionText

STANDINGS: Mapping[Standing | Literal[""], str] = {
    "": "All",
    "open": "Open",
    "contested": "Contested",
    "decided": "Decided",
    "stands": "Standing by the rules",
    "overturned": "Overturned",
}
"""Filters of the page of claims."""
_ALLOWED = "whether anybody was allowed to use anything"
_HOW_MADE = "how the picture was made, and with which programs or models"
_ELSEWHERE = "works that are not registered here"


DECADES = 4
"""Of the scale of chance: from always to once in ten thousand."""


def chance(p_value: str) -> int:
    """Where a p-value is on the scale, in thousandths of its length; the left end is what always happens."""
    p = float(p_value)
    return 1000 if p <= 0 else round(1000 * min(DECADES, max(0.0, -log10(p))) / DECADES)


@dataclass(frozen=True, slots=True)
class ShownThresholds:
    """How close a picture of a bin must come, by the share of unrelated pictures that comes as close."""

    bin: str
    strangers: int
    scores: Mapping[str, str]


def thresholds(bins: Sequence[Mapping[str, Any]]) -> tuple[ShownThresholds, ...]:
    """The bins of a calibration's record, as it states them."""
    return tuple(ShownThresholds(each["bin"], each["n"], each["thresholds"]) for each in bins)


PLOT_WIDTH, PLOT_HEIGHT = 1000, 300


@dataclass(frozen=True, slots=True)
class PlottedBin:
    """A bin's thresholds as a line: closeness to the right, rarity upward."""

    bin: str
    points: str
    """Of an SVG polyline within PLOT_WIDTH x PLOT_HEIGHT."""
    end: tuple[int, int]
    """Of the line, where its name stands."""


def plotted(bins: Sequence[ShownThresholds]) -> tuple[PlottedBin, ...]:
    """The bins about copies; those about style are on another scale."""
    lines = {each.bin: sorted((float(score), -log10(float(alpha))) for alpha, score in each.scores.items())
             for each in bins if not each.bin.startswith("style") and len(each.scores) > 1}  # fmt: skip
    every = [point for line in lines.values() for point in line]
    if not every:
        return ()
    (left, right), top = (min(x for x, _ in every), max(x for x, _ in every)), max(y for _, y in every)

    def place(x: float, y: float) -> tuple[int, int]:
        return round(PLOT_WIDTH * (x - left) / ((right - left) or 1)), round(PLOT_HEIGHT * (1 - y / top))

    shown = {name: [place(*point) for point in line] for name, line in lines.items()}
    return tuple(
        PlottedBin(name, " ".join(f"{x},{y}" for x, y in places), places[-1]) for name, places in shown.items()
    )


def short(digest: str) -> str:
    """The beginning of a digest or id."""
    return f"{digest[:12]}…" if len(digest) > 13 else digest


def rectangle(region: RegionText) -> Mapping[str, str]:
    """A region of evidence as x, y, width and height in thousandths of the picture."""
    edges = (region.left, region.top, region.right, region.bottom)
    left, top, right, bottom = (round(Decimal(edge) * 1000) for edge in edges)
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
