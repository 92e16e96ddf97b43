from __future__ import annotations

import subprocess
import sys

from ledger import canonical
from ledger.fingerprint import copy_descriptor, local_parameters
from ledger.fingerprint.spec import FingerprintSpec, default_spec

FROZEN = "8cbca56466ca61ae33007527f7d0dc2ff65e317753a1b219915fec34ba6e9305"
"""Changing it means that every corpus must be refreshed: do it on purpose, and say so in CHANGELOG.md."""


def test_the_default_spec_is_frozen() -> None:
    assert default_spec().digest == FROZEN


def test_document_is_canonical_and_names_every_part() -> None:
    document = canonical.loads(default_spec().document)
    assert set(document) >= {"pixels", "working_picture", "phash", "pdq", "complexity", "embeddings", "query_views"}
    assert document["embeddings"]["copy"]["weights"] == copy_descriptor.WEIGHTS_SHA256
    assert document["local_features"]["weights"] == local_parameters.PROJECTION_SHA256


def test_dimensions() -> None:
    assert default_spec().dimensions == {"copy": 256}


def test_other_weights_are_another_spec() -> None:
    description = dict(copy_descriptor.describe())
    description["weights"] = "0" * 64
    assert FingerprintSpec.of({"copy": description}).digest != FROZEN


def test_the_spec_needs_no_model_library() -> None:
    script = (
        "import sys; from ledger.fingerprint.spec import default_spec; default_spec();"
        "print(sorted({'torch', 'safetensors', 'cv2'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
