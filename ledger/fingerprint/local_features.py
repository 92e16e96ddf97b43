"""Local features of a picture, and the compact form in which those of registered works are stored.

SIFT (Lowe 2004) with RootSIFT descriptors (Arandjelovic and Zisserman 2012), reduced by PCA (Ke and Sukthankar 2004)
and stored as one byte per dimension: about ten kilobytes per work, so a comparison decodes no pixels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_safetensors

from ledger.errors import IntegrityError
from ledger.fingerprint.local_parameters import (
    CONTRAST,
    DIMENSION,
    PROJECTION_FILE,
    PROJECTION_SHA256,
    QUERY_KEYPOINTS,
    WORK_KEYPOINTS,
)
from ledger.image.canonical_image import Pixels

_LEAST_SIDE = 256
"""Smaller pictures are scaled up first, because keypoints need pixels around them."""
_QUANTUM = 1 / 160
"""Step of a descriptor's components, which are within +-0.8."""
_SCALES = 24.0
"""Steps of scale per octave."""
_POSITIONS = 65535
_KEYPOINT = np.dtype([("x", "<u2"), ("y", "<u2"), ("scale", "u1"), ("angle", "u1"), ("descriptor", "i1", (DIMENSION,))])


@dataclass(frozen=True, slots=True)
class LocalFeatures:
    """n keypoints. Positions and sizes are in units of the picture's longer side, so they hold for any size."""

    points: NDArray[np.float32]
    """Shape (n, 2): x, y from the picture's upper left corner."""
    scales: NDArray[np.float32]
    angles: NDArray[np.float32]
    """Radians."""
    descriptors: NDArray[np.float32]
    """Shape (n, DIMENSION), rows L2-normalised."""

    def __len__(self) -> int:
        return len(self.points)

    def to_bytes(self) -> bytes:
        """46 bytes per keypoint."""
        rows = np.zeros(len(self), _KEYPOINT)
        rows["x"], rows["y"] = np.round(self.points.T * _POSITIONS)
        rows["scale"] = np.clip(np.round((np.log2(np.maximum(self.scales, 1e-6)) + 10) * _SCALES), 0, 255)
        rows["angle"] = np.round(self.angles * (256 / (2 * np.pi))).astype(np.int64) % 256
        rows["descriptor"] = np.clip(np.round(self.descriptors / _QUANTUM), -127, 127)
        return rows.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> LocalFeatures:
        """Parses features. Raises IntegrityError (`bad-local-features`) if the bytes are not whole keypoints."""
        if len(data) % _KEYPOINT.itemsize:
            raise IntegrityError("stored local features end inside a keypoint", code="bad-local-features")
        rows = np.frombuffer(data, _KEYPOINT)
        descriptors = rows["descriptor"].astype(np.float32)
        return cls(
            points=np.column_stack([rows["x"], rows["y"]]).astype(np.float32) / np.float32(_POSITIONS),
            scales=np.exp2(rows["scale"].astype(np.float32) / _SCALES - 10),
            angles=rows["angle"].astype(np.float32) * np.float32(2 * np.pi / 256),
            descriptors=descriptors / np.maximum(np.linalg.norm(descriptors, axis=1, keepdims=True), 1e-6),
        )


def work_features(picture: Pixels) -> LocalFeatures:
    """At most WORK_KEYPOINTS features of a picture (height, width, 3), strongest first; possibly none."""
    points, scales, angles, histograms = _keypoints(picture, WORK_KEYPOINTS)
    return LocalFeatures(points, scales, angles, _reduced(histograms))


def query_features(picture: Pixels) -> tuple[LocalFeatures, LocalFeatures]:
    """At most QUERY_KEYPOINTS features each of the picture and of its mirror image (left to right)."""
    points, scales, angles, found = _keypoints(picture, QUERY_KEYPOINTS)
    width = picture.shape[1] / max(picture.shape[:2])
    across = np.column_stack([width - points[:, 0], points[:, 1]])
    mirrored = LocalFeatures(across, scales, np.float32(np.pi) - angles, _reduced(_mirrored(found)))
    return LocalFeatures(points, scales, angles, _reduced(found)), mirrored


def histograms(picture: Pixels, most: int) -> NDArray[np.float32]:
    """RootSIFT descriptors before reduction, (n, 128), rows L2-normalised."""
    return _keypoints(picture, most)[3]


def _mirrored(histograms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Descriptors of the mirrored picture: the same 4 x 4 x 8 histograms with the axis across the keypoint's direction
    reversed and every direction negated."""
    cells = histograms.reshape(-1, 4, 4, 8)
    reversed_directions = np.roll(cells[:, ::-1, :, ::-1], 1, axis=3)
    return np.ascontiguousarray(reversed_directions).reshape(-1, 128)


def _keypoints(
    picture: Pixels, most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Points, scales, angles, RootSIFT descriptors."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    side = max(grey.shape)
    if side < _LEAST_SIDE:
        grey = cv2.resize(grey, None, fx=_LEAST_SIDE / side, fy=_LEAST_SIDE / side, interpolation=cv2.INTER_CUBIC)
        side = max(grey.shape)
    sift = cv2.SIFT.create(nfeatures=most, contrastThreshold=CONTRAST)
    keypoints, descriptors = sift.detectAndCompute(grey, None)
    if not keypoints:
        none = np.zeros(0, np.float32)
        return np.zeros((0, 2), np.float32), none, none, np.zeros((0, 128), np.float32)
    shares = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6)
    return (
        np.clip(np.array([keypoint.pt for keypoint in keypoints], np.float32) / side, 0, 1),
        np.array([keypoint.size for keypoint in keypoints], np.float32) / side,
        np.radians(np.array([keypoint.angle for keypoint in keypoints], np.float32)),
        np.sqrt(shares).astype(np.float32),
    )


def _reduced(histograms: NDArray[np.float32]) -> NDArray[np.float32]:
    mean, projection = _projection()
    reduced = (histograms - mean) @ projection.T
    return np.asarray(reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-6), np.float32)


@cache
def _projection() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean (128,) and principal directions (DIMENSION, 128). Raises IntegrityError (`weights-changed`)."""
    data = PROJECTION_FILE.read_bytes()
    if hashlib.sha256(data).hexdigest() != PROJECTION_SHA256:
        raise IntegrityError(
            f"the file {PROJECTION_FILE.name} was changed: its SHA-256 differs from the published one",
            code="weights-changed",
            hint="Reinstall artledger.",
        )
    tensors = load_safetensors(data)
    return tensors["mean"].astype(np.float32), tensors["projection"].astype(np.float32)
