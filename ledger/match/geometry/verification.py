"""Geometric verification: is a candidate really in the picture, where, and does that region look like it?

Three hypotheses are tried for each candidate: the transform on which local features agree, the same for the mirror
image, and the whole picture rotated or mirrored (without local features, for flat and blurred pictures). The aligned
pair of each is compared tile by tile. Flat art, flags and letters often agree in a few corners, but rarely in the
structure and colour of most tiles. Candidates that are not verified have a second try by learned features
(learned.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ledger.fingerprint.local_features import LocalFeatures, query_features
from ledger.image.canonical_image import Pixels
from ledger.match.attribution import verified_relation, written
from ledger.match.candidate import Evidence, Region, WorkPicture
from ledger.match.geometry.agreement import Affine, agree
from ledger.match.geometry.alignment import BlurredQuery, Comparison, chain, compare, framed, inverse
from ledger.match.geometry.learned import LearnedRule, agree_learned
from ledger.match.lists import Relation

if TYPE_CHECKING:
    from ledger.fingerprint.learned_features import LearnedFeatures

_TOLERANCE = 6.0
"""Largest error of an agreeing match, in pixels of the query's working picture."""
_LEAST_DETAIL = 3
"""Least number of the work's tiles with structure inside the query."""
_LEAST_COVERED = 0.05
_LARGEST_SCALE = 12.0
_LARGEST_STRETCH = 2.0
MOST_EVIDENCE = 6.0
"""Largest log Bayes factor; some hundred measured pairs support no stronger claim."""
_CLOSEST = 0.03
_BORDER_TOLERANCE = 12
"""Levels, of 255, by which a border may differ from its corner."""
_THUMB = 32


@dataclass(frozen=True, slots=True)
class GeometryRule:
    """Log Bayes factor of a copy, linear in measures of the aligned pair; fitted by `ledger.lab.train.geometry`."""

    intercept: float
    inliers: float
    """Per unit of log(1 + inliers)."""
    correlation: float
    closeness: float
    """Per unit of -log(tile distance + 0.03)."""
    few: int
    """With fewer inliers, colours must agree too: flags and signs of one design differ only in them."""
    few_distance: float
    """The largest tile distance allowed with `few` inliers."""
    threshold: float
    """The least log Bayes factor of a verified relation."""
    unverified: float
    """The log Bayes factor of a pair that is not verified."""
    learned: LearnedRule
    """The second verifier's."""

    def weigh(self, inliers: int, compared: Comparison) -> float:
        """The pair's log Bayes factor; minus infinity if it is ruled out."""
        if inliers < self.few and compared.tile_distance > self.few_distance:
            return -math.inf
        return (
            self.intercept
            + self.inliers * math.log1p(inliers)
            + self.correlation * compared.correlation
            + self.closeness * -math.log(compared.tile_distance + _CLOSEST)
        )


@dataclass(frozen=True, slots=True)
class VerifiedAlignment:
    relation: Relation
    """NEAR_DUPLICATE or PARTIAL_COPY."""
    evidence: Evidence
    log_bayes_factor: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A transform from work to query pixels, with its evidence."""

    method: str
    transform: Affine
    inliers: int
    compared: Comparison

    def places_alike(self) -> float:
        """The second verifier's measure: agreeing places times the correlation of the aligned pair."""
        return self.inliers * self.compared.correlation


class QueryGeometry:
    """A query, prepared once for all its candidates."""

    def __init__(self, working: Pixels) -> None:
        self.picture = working
        self._blurred = BlurredQuery(working)
        self._straight, self._mirrored = query_features(working)
        self.content = _content(working)
        self._thumbs = _turned_thumbs(working, self.content)

    def verify(self, work: WorkPicture, rule: GeometryRule) -> VerifiedAlignment | None:
        """The best hypothesis; None if none reaches the rule's threshold."""
        judged = [(rule.weigh(found.inliers, found.compared), found) for found in self.hypotheses(work)]
        if not judged:
            return None
        weight, best = max(judged, key=lambda pair: pair[0])
        if weight < rule.threshold:
            return None
        return self._verified(best, work.preview, min(weight, MOST_EVIDENCE))

    def verify_learned(self, work: WorkPicture, rule: GeometryRule) -> VerifiedAlignment | None:
        """The best hypothesis of the second verifier; None if none is verified."""
        best = max(self.learned_hypotheses(work), key=Hypothesis.places_alike, default=None)
        if best is None or not rule.learned.verifies(best.places_alike()):
            return None
        return self._verified(best, work.preview, rule.learned.evidence)

    def learned_hypotheses(self, work: WorkPicture, features: LearnedFeatures | None = None) -> Iterator[Hypothesis]:
        """Plausible alignments by learned features, straight and mirrored, each compared. `features`: the work's, if
        they are known."""
        from ledger.fingerprint.learned_features import learned_features  # loads a model

        features = features or learned_features(work.preview)
        flip = np.array([[-1.0, 0.0, self.picture.shape[1]], [0.0, 1.0, 0.0]])
        proposals = []
        for method, own, back in (("xfeat", self._learned[0], None), ("xfeat-mirrored", self._learned[1], flip)):
            found = agree_learned(features, own)
            if found is not None:
                transform = found.transform if back is None else chain(back, found.transform)
                proposals.append((method, transform, found.inliers))
        yield from self._compared(work.preview, proposals)

    @cached_property
    def _learned(self) -> tuple[LearnedFeatures, LearnedFeatures]:
        """Features of the query and of its mirror image."""
        from ledger.fingerprint.learned_features import learned_features  # loads a model

        return learned_features(self.picture), learned_features(np.ascontiguousarray(self.picture[:, ::-1]))

    def hypotheses(self, work: WorkPicture) -> Iterator[Hypothesis]:
        """Plausible alignments of the work with the query, each compared."""
        return self._compared(work.preview, self._proposals(work.preview, LocalFeatures.from_bytes(work.local)))

    def _compared(self, preview: Pixels, proposals: Iterable[tuple[str, Affine, int]]) -> Iterator[Hypothesis]:
        height, width = preview.shape[:2]
        frame: NDArray[np.float32] | None = None
        for method, transform, inliers in proposals:
            if not _plausible(transform, (width, height), self.picture):
                continue
            frame = framed(preview) if frame is None else frame
            compared = compare(frame, (width, height), self._blurred, transform)
            if compared.detailed >= _LEAST_DETAIL and compared.covered >= _LEAST_COVERED:
                yield Hypothesis(method, transform, inliers, compared)

    def _proposals(self, preview: Pixels, features: LocalFeatures) -> Iterator[tuple[str, Affine, int]]:
        height, width = preview.shape[:2]
        sides = (max(height, width), max(self.picture.shape[:2]))
        if (straight := agree(features, self._straight, sides, _TOLERANCE)) is not None:
            yield "sift", straight.transform, straight.inliers
        if (mirrored := agree(features, self._mirrored, sides, _TOLERANCE)) is not None:
            flip = np.array([[-1.0, 0.0, self.picture.shape[1]], [0.0, 1.0, 0.0]])
            yield "sift-mirrored", chain(flip, mirrored.transform), mirrored.inliers
        yield "whole", self._whole(preview, width, height), 0

    def _whole(self, preview: Pixels, width: int, height: int) -> Affine:
        """The rotation and mirroring of the whole query or its content whose thumbnail is most like the work's."""
        thumb = _thumb(preview)
        scores = [float((thumb * turned).sum()) for turned, _ in self._thumbs]
        unit = self._thumbs[int(np.argmax(scores))][1]
        to_unit = np.array([[1 / width, 0.0, 0.0], [0.0, 1 / height, 0.0]])
        return chain(unit, to_unit)

    def _verified(self, found: Hypothesis, preview: Pixels, weight: float) -> VerifiedAlignment:
        height, width = preview.shape[:2]
        rows, columns = self.picture.shape[:2]
        query_box = _clip(_image_of(found.transform, (0, 0, width, height)), (0, 0, columns, rows))
        work_box = _clip(_image_of(inverse(found.transform), (0, 0, columns, rows)), (0, 0, width, height))
        covers = (_share(self.content, query_box), _share(_content(preview), work_box))
        evidence = Evidence(
            method=found.method,
            query_region=_region(query_box, columns, rows),
            work_region=_region(work_box, width, height),
            transform=_fractions(found.transform, (width, height), (columns, rows)),
            inliers=found.inliers,
            tile_distance=found.compared.tile_distance,
            query_cover=covers[0],
            work_cover=covers[1],
        )
        return VerifiedAlignment(verified_relation([written(cover) for cover in covers]), evidence, weight)


def verify_all(
    pairs: Sequence[tuple[str, QueryGeometry, WorkPicture]],
    rule: GeometryRule,
    *,
    second: Callable[[int], bool] = lambda _: True,
) -> dict[int, VerifiedAlignment]:
    """The pairs that are verified, by number; each is a work's id, a picture of the query, and the work's.

    The second verifier is asked about works that the first does not verify, whatever it says of others: a
    near-duplicate that somebody registered must not hide the work it was made from. `second`: the pairs it is asked
    about.
    """
    first = {number: query.verify(work, rule) for number, (_, query, work) in enumerate(pairs)}
    settled = {pairs[number][0] for number, aligned in first.items() if aligned is not None}
    learned = {
        number: query.verify_learned(work, rule)
        for number, (work_id, query, work) in enumerate(pairs)
        if work_id not in settled and second(number)
    }
    return {number: aligned for number, aligned in (first | learned).items() if aligned is not None}


Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


def _content(picture: Pixels) -> Box:
    """The box without a border of one colour, so that a letterboxed whole does not count as a part."""
    differs = (np.abs(picture.astype(np.int16) - picture[0, 0].astype(np.int16)) > _BORDER_TOLERANCE).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def _thumb(picture: Pixels) -> NDArray[np.float32]:
    """Grey, 32x32, zero mean, unit length."""
    grey = cv2.cvtColor(cv2.resize(picture, (_THUMB, _THUMB), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    centred = grey.astype(np.float32) - grey.mean(dtype=np.float32)
    thumb: NDArray[np.float32] = centred / max(float(np.linalg.norm(centred)), 1e-6)
    return thumb


def _turned_thumbs(picture: Pixels, content: Box) -> list[tuple[NDArray[np.float32], Affine]]:
    """Thumbnails of the eight dihedral views of picture and content, each with its map from the unit square."""
    turned = []
    left, top, right, bottom = content
    boxes = {(0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])), content}
    for left, top, right, bottom in sorted(boxes):
        thumb = _thumb(picture[int(top) : int(bottom), int(left) : int(right)])
        place = np.array([[right - left, 0.0, left], [0.0, bottom - top, top]])
        for mirror in (False, True):
            for turns in range(4):
                view = np.rot90(thumb[:, ::-1] if mirror else thumb, turns)
                turned.append((view, chain(place, _turn(turns, mirror=mirror))))
    return turned


def _turn(turns: int, *, mirror: bool) -> Affine:
    """Maps the rotated unit square to the original one; rotates in the direction of `numpy.rot90`."""
    quarter = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, 0.0]])
    transform: Affine = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    for _ in range(turns):
        transform = chain(quarter, transform)
    return chain(np.array([[-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), transform) if mirror else transform


def _plausible(transform: Affine, work_size: tuple[int, int], query: Pixels) -> bool:
    if not np.isfinite(transform).all():
        return False
    largest, smallest = np.linalg.svd(transform[:, :2], compute_uv=False)
    scale = max(query.shape[:2]) / max(work_size)
    return bool(
        smallest > scale / _LARGEST_SCALE and largest < scale * _LARGEST_SCALE and largest < _LARGEST_STRETCH * smallest
    )


def _image_of(transform: Affine, box: Box) -> Box:
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]])
    moved = corners @ transform[:, :2].T + transform[:, 2]
    return (*moved.min(axis=0).tolist(), *moved.max(axis=0).tolist())


def _clip(box: Box, bounds: Box) -> Box:
    left, top, right, bottom = (
        min(max(value, low), high) for value, low, high in zip(box, bounds[:2] * 2, bounds[2:] * 2, strict=True)
    )
    return (left, top, right, bottom)


def _share(content: Box, box: Box) -> float:
    """Share of the content's area that lies inside the box."""
    left, top, right, bottom = _clip(box, content)
    area = (content[2] - content[0]) * (content[3] - content[1])
    return (right - left) * (bottom - top) / area if area else 0.0


def _region(box: Box, width: int, height: int) -> Region:
    return Region(box[0] / width, box[1] / height, box[2] / width, box[3] / height)


def _fractions(
    transform: Affine, work: tuple[int, int], query: tuple[int, int]
) -> tuple[float, float, float, float, float, float]:
    size, aim = np.array([*work, 1.0]), np.array(query, np.float64)
    a, b, c, d, e, f = (transform * size / aim[:, None]).ravel().tolist()
    return (a, b, c, d, e, f)
