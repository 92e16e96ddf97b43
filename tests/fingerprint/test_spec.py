from __future__ import annotations

import subprocess
import sys

from ledger import canonical
from ledger.fingerprint import copy_descriptor
from ledger.fingerprint.spec import FingerprintSpec, default_spec

FROZEN = "4c718ea9d99f7b95d58f615c7a86bc59b51b8de284a80ec7995008f35c016ff7"
"""Changing it means that every corpus must be refreshed: do it on purpose, and say so in CHANGELOG.md."""


def test_the_default_spec_is_frozen() -> None:
    assert default_spec().digest == FROZEN


def test_document_is_canonical_and_names_every_part() -> None:
    document = canonical.loads(default_spec().document)
    assert set(document) >= {"pixels", "working_picture", "phash", "pdq", "complexity", "embeddings", "query_views"}
    assert document["embeddings"]["copy"]["weights"] == {
        "backbone": copy_descriptor.BACKBONE_SHA256,
        "whitening": copy_descriptor.WHITENING_SHA256,
    }


def test_dimensions() -> None:
    assert default_spec().dimensions == {"copy": 512}


def test_other_weights_are_another_spec() -> None:
    description = dict(copy_descriptor.describe())
    description["weights"] = {"backbone": "0" * 64, "whitening": "0" * 64}
    assert FingerprintSpec.of({"copy": description}).digest != FROZEN


def test_the_spec_needs_no_model_library() -> None:
    script = (
        "import sys; from ledger.fingerprint.spec import default_spec; default_spec();"
        "print(sorted({'torch', 'safetensors'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
