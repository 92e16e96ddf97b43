"""Findings among many pictures at once: among enough unrelated pictures, some come close by chance alone."""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_hochberg(p_values: Sequence[float], level: float) -> tuple[bool, ...]:
    """Which findings to keep so that, on average, at most `level` of them are false (false discovery rate).

    Benjamini and Hochberg 1995: with the m p-values in ascending order, keep all up to the last one with
    p_(k) <= level * k / m. It holds for independent p-values and for conformal ones from one null set (Bates et al.
    2023). Raises ValueError for a p-value or level outside [0, 1].
    """
    if not all(0 <= value <= 1 for value in (*p_values, level)):
        raise ValueError("p-values and the level lie in [0, 1]")
    ascending = sorted(p_values)
    below = [value for rank, value in enumerate(ascending, 1) if value <= level * rank / len(ascending)]
    return tuple(bool(below) and value <= below[-1] for value in p_values)
