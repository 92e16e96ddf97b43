"""The hook of mkdocs: pages that come from elsewhere in the repository, and the generated parts of pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def on_config(config: Any) -> Any:
    """Leave pages out of the navigation that are not written yet."""
    config.nav = _written(config.nav, Path(config.docs_dir))
    return config


def _written(entries: list[Any], docs: Path) -> list[Any]:
    kept: list[Any] = []
    for entry in entries:
        [(title, value)] = entry.items()
        if isinstance(value, list):
            inner = _written(value, docs)
            if inner:
                kept.append({title: inner})
        elif (docs / value).exists():
            kept.append(entry)
    return kept
