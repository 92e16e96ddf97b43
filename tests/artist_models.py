"""A made-up classifier of artists that serves: it prefers the first artist, whatever it sees."""

from __future__ import annotations

import numpy as np

from ledger.app import Application
from ledger.fingerprint.hand import technique
from ledger.fingerprint.hand.hand import hand_specs
from ledger.flows.pictures.artist_references import ARTIST
from ledger.match.artists.artifact import model_digest, write_artist_model
from ledger.match.artists.fusion import Fusion
from ledger.match.artists.members import Linear
from ledger.match.artists.model import EVIDENCE, ArtistCalibration, ArtistModel, Expert
from ledger.record.ids import new_id
from ledger.storage.search.classifiers import StoredClassifier


def model(artists: tuple[str, ...], **changed: str) -> ArtistModel:
    """`changed`: digests of features by kind."""
    numbers = len(technique.names())
    preference = np.zeros(len(artists) + 1, np.float32)
    preference[0] = 3
    ones = np.ones(numbers, np.float32)
    expert = Expert(
        "made up",
        Fusion((technique.NAME,), 0 * ones, ones, ones),
        Linear(np.zeros((numbers, len(artists) + 1), np.float32), preference),
        1.0,
        1.0,
    )
    specs = {technique.NAME: hand_specs()[technique.NAME]} | changed
    return ArtistModel(artists, specs, (expert,), ArtistCalibration(1.0, -2.0, (0.0,) * len(EVIDENCE)))


def serve(application: Application, made: ArtistModel) -> StoredClassifier:
    file = write_artist_model(made)
    stored = StoredClassifier(model_digest(file), ARTIST, new_id(), made.classes, file, "", {})
    application.store.classifiers.put(stored)
    return stored


def artists(application: Application) -> tuple[str, ...]:
    page = application.works.catalogue.artists(limit=2)
    return tuple(artist.artist_id for artist in page.artists)
