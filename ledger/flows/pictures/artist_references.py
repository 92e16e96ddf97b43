"""Whose registered works a picture looks most like, by the classifier of artists that serves; apart from copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ledger import canonical
from ledger.errors import IntegrityError
from ledger.fingerprint.fingerprint import HandPrint
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.hand import depths, technique
from ledger.fingerprint.hand.hand import hand_spec, hand_specs
from ledger.fingerprint.spec import FingerprintSpec
from ledger.image.canonical_image import CanonicalImage
from ledger.match.artists.artifact import model_digest, read_artist_model
from ledger.match.artists.features import FeatureBlock, Floats
from ledger.match.artists.model import ArtistModel
from ledger.match.artists.reference import LikelyArtists, artist_reference
from ledger.match.candidate import Query
from ledger.storage.search.artist_models import ArtistModelStore


@dataclass(frozen=True, slots=True)
class ArtistReferences:
    """Threads may share it."""

    store: ArtistModelStore
    spec: FingerprintSpec
    """That of the fingerprints that are made here."""
    fingerprinter: Callable[[], Fingerprinter]
    """Called only where a classifier answers, because it loads models."""
    _models: dict[str, ArtistModel | None] = field(default_factory=dict)
    """The one that served last, by digest; None where its features are not made here."""

    def serving(self) -> str | None:
        """Digest of the classifier that answers now; None where there is none, or it needs other features than are
        made here: then it must be trained again.

        Raises IntegrityError (`bad-artist-model`) if its file was changed.
        """
        digest = self.store.serving()
        return digest if digest is not None and self._model(digest) is not None else None

    def of(self, digest: str | None, image: CanonicalImage, query: Query) -> LikelyArtists | None:
        """What this classifier says; None without one, and of a picture that is too plain to compare. Artists who have
        withdrawn, or forbidden `style`, since it was trained are not named."""
        model = None if digest is None or query.not_comparable is not None else self._model(digest)
        hand = None if model is None else self.fingerprinter().hand(image)
        if model is None or hand is None or digest is None:
            return None
        [probabilities] = model.probabilities(_block(hand, query, model))
        gone = set(model.artists) - self.store.willing(model.artists)
        return artist_reference(model.artists, probabilities, digest, omitted=gone)

    def _model(self, digest: str) -> ArtistModel | None:
        if digest in self._models:
            return self._models.get(digest)
        stored = self.store.get(digest)
        if stored is None:
            return None
        if model_digest(stored.file) != digest:
            raise IntegrityError(
                "the file of the classifier of artists was changed",
                code="bad-artist-model",
                hint="Train it again: artledger train artist.",
            )
        read = read_artist_model(stored.file)
        model = read if _specs(self.spec).items() >= read.specs.items() else None
        for other in set(self._models):
            self._models.pop(other, None)
        self._models[digest] = model
        return model


def _specs(spec: FingerprintSpec) -> dict[str, str]:
    """Kind of features -> digest of how it is computed, of all that are made here."""
    described = canonical.loads(spec.document)["embeddings"]
    return {**{name: canonical.digest(each) for name, each in described.items()}, **hand_specs()}


def _block(hand: HandPrint, query: Query, model: ArtistModel) -> FeatureBlock:
    made: dict[str, Floats] = {
        **{name: np.asarray(each, np.float32) for name, each in query.fingerprint.image.embeddings.items()},
        technique.NAME: hand.technique,
        depths.NAME: hand.depths.astype(np.float32),
    }
    assert hand.spec == hand_spec()  # noqa: S101 - made by this very code
    return FeatureBlock.of({name: made[name][np.newaxis] for name in model.specs}, model.specs)
