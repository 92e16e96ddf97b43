"""The FingerprintSpec: everything that determines a fingerprint, as a canonical JSON document named by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ledger import canonical
from ledger.fingerprint import complexity, copy_descriptor, hashes, local_parameters
from ledger.fingerprint.style_models import STYLE, StyleModels
from ledger.image.limits import WORKING_RESAMPLING, WORKING_SIDE

QUERY_VIEWS = "8 dihedral, and one without border; these of the picture over another ground, or of its negative"
"""What queries are compared by (hashes.py, query_pictures.py)."""


@dataclass(frozen=True, slots=True)
class FingerprintSpec:
    """Names algorithms, parameters, weights by digest, and preprocessing; nothing about the machine."""

    document: bytes
    """RFC 8785 bytes."""

    @classmethod
    def of(cls, embeddings: Mapping[str, Mapping[str, object]]) -> Self:
        """The spec of this code's hashes with these embeddings (name to `Encoder.describe()`)."""
        return cls(canonical.dumps(_document(embeddings)))

    @property
    def digest(self) -> str:
        """Lowercase hex SHA-256 of the document."""
        return hashlib.sha256(self.document).hexdigest()

    @property
    def dimensions(self) -> Mapping[str, int]:
        """Dimension of each embedding, by name."""
        embeddings: Mapping[str, Mapping[str, Any]] = canonical.loads(self.document)["embeddings"]
        return {name: int(description["dimension"]) for name, description in embeddings.items()}

    @property
    def copy_part(self) -> str:
        """Digest of the spec without style embeddings. Null sets name this digest, so that other style models do not
        change error rates of copies."""
        document = canonical.loads(self.document)
        kept = {name: each for name, each in document["embeddings"].items() if name not in STYLE}
        return canonical.digest({**document, "embeddings": kept})

    @property
    def style_part(self) -> str | None:
        """Digest of the spec's part about style embeddings; None unless it has both."""
        embeddings = canonical.loads(self.document)["embeddings"]
        if not embeddings.keys() >= STYLE:
            return None
        return canonical.digest({name: embeddings[name] for name in STYLE})


def copy_spec() -> FingerprintSpec:
    """The spec for copies only, which the null set, the ranking and measurements of copies use."""
    return spec_with(None)


def spec_with(models: StyleModels | None) -> FingerprintSpec:
    """The spec of the copy descriptor and, if given, of these style models. Raises as `StyleModels.describe` does."""
    style = {} if models is None else models.describe()
    return FingerprintSpec.of({copy_descriptor.NAME: copy_descriptor.describe(), **style})


def _document(embeddings: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
    return {
        "type": "artledger/fingerprint-spec",
        "version": 1,
        "pixels": "artledger/pixels/v1",
        "working_picture": {"longest_side": WORKING_SIDE, "resampling": WORKING_RESAMPLING},
        "phash": {"algorithm": "imagehash.phash", "bits": 256, "hash_size": 16, "highfreq_factor": 4},
        "pdq": {"algorithm": "pdq", "bits": 256, "refused_at_quality": hashes.PDQ_MINIMUM_QUALITY},
        "complexity": {
            "algorithm": "share of grid cells with contrast",
            "grid": complexity.GRID,
            "cell": complexity.CELL,
            "contrast": complexity.CONTRAST,
        },
        "query_views": {"description": QUERY_VIEWS, "turned_pdq_side": hashes.TURNED_SIDE},
        "local_features": dict(local_parameters.describe()),
        "embeddings": {name: dict(description) for name, description in embeddings.items()},
    }
