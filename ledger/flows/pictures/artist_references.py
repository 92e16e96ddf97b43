"""What the classifiers that serve say of a picture: whose registered works it looks most like, and its likely labels.
Apart from copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from ledger.match.artists.reference import SILENT, LikelyArtists, Likeness, artist_reference, likely_labels
from ledger.match.artists.speaking import speaking_works
from ledger.match.candidate import Query
from ledger.storage.search.classifiers import ClassifierStore
from ledger.storage.works.hands import HandStore

ARTIST = "artist"
"""Kind of the classifier whose answer records hold; others answer in reports only."""
MOST_COMPARED = 20
"""Works of a named artist that the picture is compared with, the newest: it costs a few milliseconds."""


@dataclass(frozen=True, slots=True)
class ArtistReferences:
    """Threads may share it."""

    store: ClassifierStore
    hands: HandStore
    spec: FingerprintSpec
    """That of the fingerprints that are made here."""
    fingerprinter: Callable[[], Fingerprinter]
    """Called only where a classifier answers, because it loads models."""
    _models: dict[str, ArtistModel | None] = field(default_factory=dict)
    """Those that served last, by digest; None where their features are not made here."""

    def serving(self) -> str | None:
        """Digest of the classifier of artists that answers now; None where there is none, or it needs other features
        than are made here: then it must be trained again.

        Raises IntegrityError (`bad-artist-model`) if its file was changed.
        """
        digest = self.store.serving().get(ARTIST)
        return digest if digest is not None and self._model(digest) is not None else None

    def of(self, image: CanonicalImage, query: Query) -> Likeness:
        """What the classifiers say; nothing of a picture that is too plain to compare. Artists who have withdrawn, or
        forbidden `style`, since the training are not named. Raises as `serving` does."""
        serving = {} if query.not_comparable is not None else self.store.serving()
        self._forget_all_but(serving)
        models = {kind: (digest, self._model(digest)) for kind, digest in serving.items()}
        answering = {kind: (digest, model) for kind, (digest, model) in models.items() if model is not None}
        hand = self.fingerprinter().hand(image) if answering else None
        if hand is None:
            return SILENT
        said = {kind: (digest, model, _picture(hand, query, model)) for kind, (digest, model) in answering.items()}
        return Likeness(
            artists=self._artists(*said[ARTIST]) if ARTIST in said else None,
            labels=tuple(
                likely_labels(kind, model.classes, model.probabilities(block)[0], digest)
                for kind, (digest, model, block) in said.items()
                if kind != ARTIST
            ),
        )

    def _artists(self, digest: str, model: ArtistModel, block: FeatureBlock) -> LikelyArtists:
        [probabilities] = model.probabilities(block)
        gone = set(model.classes) - self.store.willing(model.classes)
        likely = artist_reference(model.classes, probabilities, digest, omitted=gone)
        if not likely.artists:
            return likely
        drawn = self.hands.drawn_by([each.artist_id for each in likely.artists], hand_spec(), MOST_COMPARED)
        if not drawn:
            return likely
        owned = [(artist_id, work_id) for artist_id, work_id, _ in drawn]
        return likely.with_works(speaking_works(model, block, _works([hand for *_, hand in drawn]), owned))

    def _model(self, digest: str) -> ArtistModel | None:
        if digest in self._models:
            return self._models.get(digest)
        stored = self.store.get(digest)
        if stored is None:
            return None
        if model_digest(stored.file) != digest:
            raise IntegrityError(
                f"the file of the classifier of {stored.kind} was changed",
                code="bad-artist-model",
                hint="Train it again: artledger train artist.",
            )
        read = read_artist_model(stored.file)
        model = read if _specs(self.spec).items() >= read.specs.items() else None
        self._models[digest] = model
        return model

    def _forget_all_but(self, serving: Mapping[str, str]) -> None:
        for digest in set(self._models) - set(serving.values()):
            self._models.pop(digest, None)


def _specs(spec: FingerprintSpec) -> dict[str, str]:
    """Kind of features -> digest of how it is computed, of all that are made here."""
    described = canonical.loads(spec.document)["embeddings"]
    return {**{name: canonical.digest(each) for name, each in described.items()}, **hand_specs()}


def _picture(hand: HandPrint, query: Query, model: ArtistModel) -> FeatureBlock:
    made: dict[str, Floats] = {
        **{name: np.asarray(each, np.float32) for name, each in query.fingerprint.image.embeddings.items()},
        technique.NAME: hand.technique,
        depths.NAME: hand.depths.astype(np.float32),
    }
    assert hand.spec == hand_spec()  # noqa: S101 - made by this very code
    return FeatureBlock.of({name: made[name][np.newaxis] for name in model.specs}, model.specs)


def _works(hands: list[HandPrint]) -> FeatureBlock:
    parts = {
        technique.NAME: np.stack([each.technique for each in hands]),
        depths.NAME: np.stack([each.depths for each in hands]).astype(np.float32),
    }
    return FeatureBlock.of(parts, hand_specs())
