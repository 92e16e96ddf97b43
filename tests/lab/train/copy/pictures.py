"""Small pictures to train on."""

from __future__ import annotations

import cv2
import numpy as np

from ledger.lab.train.copy.dataset import TrainingPictures
from tests.match.drawings import drawing, pixels


def training_pictures(count: int, first: int = 1) -> TrainingPictures:
    files = (cv2.imencode(".png", pixels(drawing(first + number), 96))[1] for number in range(count))
    names = tuple(f"openmoji/{first + number:03}" for number in range(count))
    return TrainingPictures(names, tuple(np.asarray(file).reshape(-1) for file in files))
