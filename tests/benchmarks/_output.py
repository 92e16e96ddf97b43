"""How benchmarks print: one JSON line per figure."""

from __future__ import annotations

import json
import sys


def emit(benchmark: str, metric: str, value: float, unit: str, **context: object) -> None:
    """`{"benchmark", "metric", "value", "unit", "context"}` on one line."""
    line = {"benchmark": benchmark, "metric": metric, "value": round(value, 4), "unit": unit, "context": context}
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()
