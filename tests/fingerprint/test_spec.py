from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ledger import canonical
from ledger.fingerprint import copy_descriptor, local_parameters
from ledger.fingerprint.spec import FingerprintSpec, copy_spec, spec_with
from ledger.fingerprint.style_models import shipped_style_models
from tests.fingerprint.models import save_style_models, with_statistics

COPY_PART = "d256a34c0a2e6bf217526b000e3f527d7a1443a0792277e56ef418b63c81efb8"
"""Of the copy descriptor and everything else but style. Changing it means that every corpus must be refreshed: do it on
purpose, and say so in CHANGELOG.md."""

STYLE_PART: str | None = "b0f33f09768068a17b42f8472c8d96efd4bc97c347857976cb794dcc32137922"
"""Of the shipped models of style; None while none are. The same holds for it."""


def test_the_default_spec_is_frozen() -> None:
    assert spec_with(shipped_style_models()).copy_part == COPY_PART
    assert spec_with(shipped_style_models()).style_part == STYLE_PART


def test_document_is_canonical_and_names_every_part() -> None:
    document = canonical.loads(spec_with(shipped_style_models()).document)
    assert set(document) >= {"pixels", "working_picture", "phash", "pdq", "complexity", "embeddings", "query_views"}
    assert document["embeddings"]["copy"]["weights"] == copy_descriptor.WEIGHTS_SHA256
    assert document["local_features"]["weights"] == local_parameters.PROJECTION_SHA256


def test_dimensions() -> None:
    style = {} if STYLE_PART is None else {"clip": 128, "vae": 168}
    assert spec_with(shipped_style_models()).dimensions == {"copy": 256, **style}


def test_other_weights_are_another_spec() -> None:
    description = dict(copy_descriptor.describe())
    description["weights"] = "0" * 64
    assert FingerprintSpec.of({"copy": description}).digest != COPY_PART


def test_the_part_about_copies_does_not_change_with_the_models_of_style(tmp_path: Path) -> None:
    """The shipped null set is bound to it, so that it outlives them."""
    models = save_style_models(tmp_path)
    spec = spec_with(models)
    assert spec.digest != COPY_PART
    assert spec.copy_part == copy_spec().copy_part == copy_spec().digest == COPY_PART
    assert spec.dimensions == {"copy": 256, "clip": 24, "vae": 168}
    assert copy_spec().style_part is None
    assert spec.style_part is not None
    assert spec_with(with_statistics(models)).style_part not in (spec.style_part, None)


def test_the_spec_needs_no_model_library() -> None:
    script = (
        "import sys; from ledger.fingerprint.spec import spec_with;"
        "from ledger.fingerprint.style_models import shipped_style_models; spec_with(shipped_style_models());"
        "print(sorted({'torch', 'safetensors', 'cv2'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
