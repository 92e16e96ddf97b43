"""Plots as PNG files. Matplotlib is imported when a plot is drawn; no window system is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ledger.lab.evaluate.metrics import PrecisionRecallCurve, ReliabilityBin

_DOTS = 120
"""Per inch."""
_POINTS = 2000
"""Points drawn per curve; more would not be visible."""


def precision_recall(path: Path, curves: Mapping[str, PrecisionRecallCurve], title: str) -> None:
    """Precision over recall of every method, with the pairs of all questions in one ranking."""
    figure, axes = _figure(7, 5)
    for name, curve in curves.items():
        shown = np.unique(np.linspace(0, max(0, len(curve.recall) - 1), _POINTS).astype(np.int64))
        axes.plot(curve.recall[shown], curve.precision[shown], label=f"{name} (AP {curve.micro_ap:.2f})")
    axes.axhline(0.9, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title=title)
    axes.legend(loc="lower left")
    _save(figure, path)


def per_edit(path: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]], title: str) -> None:
    """Recall@1 of each method (columns) per edit (rows); * marks edits that training does not use."""
    methods = list(rows)
    edits = rows[methods[0]]
    values = np.array([[row["recall_at_1"] for row in rows[name]] for name in methods], np.float64).T
    values = values.reshape(len(edits), len(methods))
    figure, axes = _figure(1.6 * len(methods) + 2.5, 0.24 * len(edits) + 1.5)
    axes.imshow(values, aspect="auto", cmap="RdYlGn", vmin=-0.4, vmax=1.4)
    labels = [f"{row['kind']} {row['strength']}{'' if row['seen_in_training'] else ' *'} ({row['n']})" for row in edits]
    axes.set_yticks(range(len(edits)), labels, fontsize=8)
    axes.set_xticks(range(len(methods)), methods, fontsize=9)
    axes.xaxis.tick_top()
    for row, column in np.ndindex(*values.shape):
        axes.text(column, row, f"{values[row, column]:.2f}", ha="center", va="center", fontsize=7)
    axes.set_title(title, fontsize=10)
    _save(figure, path)


def learning_curve(path: Path, kind: str, points: Sequence[Mapping[str, Any]]) -> None:
    """Macro top-1 by the works of each artist, or of each label, that a classifier saw."""
    figure, axes = _figure(6, 4)
    axes.plot([each["works"] for each in points], [each["macro_top1"] for each in points], marker="o")
    axes.set(xlabel=f"works of one {kind}, at most", ylabel="macro top-1", ylim=(0, 1))
    axes.set_title("On works that the classifier did not see", fontsize=10)
    _save(figure, path)


def confusion_matrix(path: Path, names: Sequence[str], shares: NDArray[np.float64], title: str) -> None:
    """`shares[i, j]`: share of the pictures of i for which j was named."""
    side = 0.28 * len(names) + 2.5
    figure, axes = _figure(side + 1, side)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, fontsize=7, rotation=90)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    for row, column in np.argwhere(shares >= 0.1):
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, f"{100 * shares[row, column]:.0f}", ha="center", va="center", fontsize=6, color=colour)
    axes.set(xlabel="artist named first", ylabel="artist")
    axes.set_title(title, fontsize=9)
    _save(figure, path)


def reliability_diagram(
    path: Path, bins: Sequence[ReliabilityBin], title: str, *, stated_of: str = "stated probability of a copy",
    realised_of: str = "share that is a copy",
) -> None:  # fmt: skip
    """Stated probability against the share that was right, with 95% intervals and numbers of pictures."""
    figure, axes = _figure(5.5, 5.5)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    stated, realised = [each.stated for each in bins], [each.realised for each in bins]
    below = [max(0.0, each.realised - each.interval.low) for each in bins]
    above = [max(0.0, each.interval.high - each.realised) for each in bins]
    axes.errorbar(stated, realised, yerr=[below, above], fmt="o-", capsize=3)
    for each in bins:
        axes.annotate(
            f"{each.count}", (each.stated, each.realised), xytext=(5, -10), textcoords="offset points", size=8
        )
    axes.set(xlabel=stated_of, ylabel=realised_of, xlim=(0, 1), ylim=(0, 1), title=title)
    _save(figure, path)


def lorenz(path: Path, counts: Mapping[str, Sequence[int]], title: str) -> None:
    """For each name: which share of all the artists with least of it have together. The diagonal is equality."""
    figure, axes = _figure(5.5, 5.5)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle=":")
    for name, each in counts.items():
        values = np.sort(np.asarray(each, np.float64))
        shares = np.concatenate([[0.0], np.cumsum(values) / max(float(values.sum()), 1.0)])
        axes.plot(np.linspace(0, 1, len(shares)), shares, label=name)
    axes.set(xlabel="share of the artists", ylabel="share of all", xlim=(0, 1), ylim=(0, 1), title=title)
    axes.legend(loc="upper left")
    _save(figure, path)


def ratios(
    path: Path, names: Sequence[str], rows: Mapping[str, Sequence[tuple[float, float, float]]], title: str
) -> None:
    """For each artist (row) and measure: a ratio with its interval, (ratio, low, high); 1 is marked."""
    figure, axes = _figure(7, 0.32 * len(names) + 1.6)
    places = np.arange(len(names), dtype=np.float64)
    for number, (name, values) in enumerate(rows.items()):
        middle, low, high = np.array(values, np.float64).reshape(len(names), 3).T
        offset = places + 0.2 * (number - (len(rows) - 1) / 2)
        axes.errorbar(middle, offset, xerr=[middle - low, high - middle], fmt="o", markersize=3, capsize=2, label=name)
    axes.axvline(1, color="grey", linewidth=0.8, linestyle=":")
    axes.set_yticks(places, names, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="share divided by the share of the works", title=title)
    axes.legend(loc="best", fontsize=8)
    _save(figure, path)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    """A figure of this size in inches. Uses Agg directly: pyplot would keep every figure and look for a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=_DOTS)
