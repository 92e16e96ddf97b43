"""An earlier version of this code: the same hashes, and a small descriptor of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ledger.app import Application
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import FingerprintSpec
from ledger.image.canonical_image import Pixels
from ledger.settings import Settings

SIDE = 4


class MeanColours:
    """The picture as 4x4 colours: sees little, and is real."""

    name = "copy"
    dimension = 3 * SIDE * SIDE

    def describe(self) -> Mapping[str, object]:
        return {"model": "mean-colours", "dimension": self.dimension, "version": 1}

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        rows = [
            np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel() + 1
            for picture in pictures
        ]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float16)

    def encode_queries(self, pictures: Sequence[Pixels]) -> NDArray[np.float16]:
        """Looks at no windows."""
        return self.encode(pictures)[:, np.newaxis]


class OlderApplication(Application):
    """Fingerprints works under the spec of `MeanColours`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.store.spec = FingerprintSpec.of({"copy": MeanColours().describe()})
        self.pictures.fingerprinter = Fingerprinter([MeanColours()], self.store.spec)
