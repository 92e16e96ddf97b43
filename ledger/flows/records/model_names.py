"""What people call a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.generate.profiles import STUDIO_NAME, STUDIO_WEIGHTS
from ledger.text import clean_text

ARTIST_CLASSIFIER = "artledger/artist-model"
"""`type` in the description of a classifier of artists (`ledger.lab.train.artist.own_works`)."""


def model_name(weights_sha256: str, description: Mapping[str, Any]) -> str:
    """The repository that publishes the model, or the name of a model that comes with Artledger; otherwise the
    digest."""
    weights = f"weights {weights_sha256[:12]}…"
    if weights_sha256 == STUDIO_WEIGHTS:
        return STUDIO_NAME
    hub = description.get("hub")
    if isinstance(hub, dict) and isinstance(hub.get("repository"), str):
        return clean_text(hub["repository"], 200)
    if description.get("type") == ARTIST_CLASSIFIER:
        kind = clean_text(str(description.get("classifies", "artist")), 40)
        return f"Classifier of {kind}s ({weights})"
    pipeline = description.get("pipeline")
    kind = clean_text(pipeline, 80).rpartition("/")[2] if isinstance(pipeline, str) else "a model"
    return f"{kind} ({weights})"
