"""How often the verdicts on constructed claims were right, and how often they wronged somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ledger.lab.evaluate.claims.plan import VERDICTS, Filing, Sighting
from ledger.lab.evaluate.metrics import wilson
from ledger.record.predicates import ClaimVerdict


def summary(filings: Sequence[Filing], verdicts: Sequence[ClaimVerdict]) -> dict[str, Any]:
    """Precision and recall per verdict with 95% intervals (Wilson), the two harmful errors, and a table by kind."""
    pairs = list(zip(filings, verdicts, strict=True))
    confusion = Counter((filing.expected, verdict) for filing, verdict in pairs)
    false_claims = [
        verdict for filing, verdict in pairs if filing.claim_type == "authored-image" and not filing.truthful
    ]
    truthful = [verdict for filing, verdict in pairs if filing.truthful]
    return {
        "claims": len(pairs),
        "recall": {each: _share(confusion, lambda pair, each=each: pair[0] == each) for each in VERDICTS},
        "precision": {each: _share(confusion, lambda pair, each=each: pair[1] == each) for each in VERDICTS},
        "false_authorship_supported": false_claims.count("supported"),
        "false_authorship_claims": len(false_claims),
        "truthful_contradicted": truthful.count("contradicted"),
        "truthful_claims": len(truthful),
        "per_kind": [
            {"kind": kind, "expected": expected, "n": sum(found.values()), **{each: found[each] for each in VERDICTS}}
            for (kind, expected), found in _by_kind(pairs).items()
        ],
        "missed": [
            {"kind": filing.kind, "edit": filing.edit, "expected": filing.expected, "verdict": verdict}
            for filing, verdict in pairs
            if verdict != filing.expected
        ],
        "confusion": [
            {"expected": expected, "verdict": verdict, "n": count}
            for (expected, verdict), count in sorted(confusion.items())
        ],
    }


def squatting(
    filings: Sequence[Filing], verdicts: Sequence[ClaimVerdict], sightings: Sequence[Sighting]
) -> dict[str, int]:
    """What squatters achieved, and whether records of the pictures in `sightings` still name the artist.

    A picture that is no verified copy when compared with the artist's work alone is left out.
    """
    got = [verdict for filing, verdict in zip(filings, verdicts, strict=True) if filing.stolen is not None]
    aligned = [each for each in sightings if each.aligned]
    return {
        "squatter_claims": len(got),
        "squatter_supported": got.count("supported"),
        "squatted_records": len(aligned),
        "true_artist_missing": sum(not each.named for each in aligned),
    }


def _by_kind(pairs: Sequence[tuple[Filing, ClaimVerdict]]) -> dict[tuple[str, str], Counter[str]]:
    table: dict[tuple[str, str], Counter[str]] = {}
    for filing, verdict in pairs:
        table.setdefault((filing.kind, filing.expected), Counter())[verdict] += 1
    return table


def _share(confusion: Counter[tuple[ClaimVerdict, ClaimVerdict]], among: Callable[..., bool]) -> dict[str, Any]:
    """How many of the selected pairs (expected, verdict) agree."""
    chosen = {pair: count for pair, count in confusion.items() if among(pair)}
    n, right = sum(chosen.values()), sum(count for (one, other), count in chosen.items() if one == other)
    interval = wilson(right, n)
    return {"value": right / n if n else None, "n": n, "interval": [interval.low, interval.high]}
