"""The numbers of technique: finite for any picture, in a fixed order, and saying what their names say."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from ledger.fingerprint.hand.technique import VERSION, describe, measures, names, technique
from ledger.image.canonical_image import Pixels

NAMES = "59b7e0fb79bced56"
"""First digits of the SHA-256 of the names. Changing them means that every classifier of artists must be trained again:
raise VERSION."""


def paper(side: int = 256) -> Pixels:
    return np.full((side, side, 3), 255, np.uint8)


def outlined(colour: tuple[int, int, int] = (220, 40, 40), width: int = 6) -> Pixels:
    """A filled circle with a black outline."""
    picture = cv2.circle(paper(), (128, 128), 80, colour, -1, cv2.LINE_AA)
    return np.asarray(cv2.circle(picture, (128, 128), 80, (0, 0, 0), width, cv2.LINE_AA), np.uint8)


def test_the_names_are_frozen() -> None:
    assert VERSION == 1
    assert len(names()) == len(set(names())) == 124
    assert hashlib.sha256("\n".join(names()).encode()).hexdigest()[:16] == NAMES
    assert describe()["names"] == list(names())


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 40), (40, 1), (7, 5), (64, 48)])
@pytest.mark.parametrize("content", ["white", "black", "noise"])
def test_any_picture_has_finite_numbers(size: tuple[int, int], content: str) -> None:
    fill = {"white": 255, "black": 0}
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    picture = noise if content == "noise" else np.full((*size, 3), fill[content], np.uint8)
    made = measures(picture)
    assert tuple(made) == names()
    assert np.isfinite(technique(picture)).all()


def test_the_same_picture_has_the_same_numbers() -> None:
    assert (technique(outlined()) == technique(outlined().copy())).all()


def test_colours() -> None:
    red, grey = measures(outlined((220, 40, 40))), measures(outlined((128, 128, 128)))
    assert red["hue_0"] > 0.9
    assert red["saturation_p90"] > 0.7 > grey["saturation_p90"]
    assert grey["grey_share"] > 0.9 > red["grey_share"]
    assert red["palette_first"] == pytest.approx(grey["palette_first"], abs=0.02)


def test_outlines_and_strokes() -> None:
    thin, thick = measures(outlined(width=4)), measures(outlined(width=16))
    bare = measures(np.asarray(cv2.circle(paper(), (128, 128), 80, (220, 40, 40), -1, cv2.LINE_AA), np.uint8))
    assert thin["outline_dark"] > 0.8
    assert bare["outline_dark"] < 0.1
    assert thick["stroke_p50"] > thin["stroke_p50"] > bare["stroke_p50"] == 0
    assert thick["dark_share"] > thin["dark_share"] > bare["dark_share"]


def test_gradients_are_no_flat_fills() -> None:
    ramp = np.repeat(np.linspace(60, 200, 256).astype(np.uint8)[:, None], 256, axis=1)
    down = measures(np.repeat(ramp[..., None], 3, axis=2))
    flat = measures(outlined())
    assert flat["flat_share"] > 0.7 > down["flat_share"]
    assert down["gradient_share"] > 0.3 > flat["gradient_share"]
    assert down["gradient_entropy"] < 1


def test_noise() -> None:
    noisy = np.clip(outlined().astype(np.int16) + np.random.default_rng(1).normal(0, 6, (256, 256, 3)), 0, 255)
    assert measures(noisy.astype(np.uint8))["noise_mean"] > 4 * measures(outlined())["noise_mean"] + 0.5


def test_layout_and_symmetry() -> None:
    half = outlined()
    half[:, 128:] = 255
    whole, left = measures(outlined()), measures(half)
    assert whole["symmetry_left_right"] > 0.95 > left["symmetry_left_right"]
    assert whole["margin_right"] == pytest.approx(whole["margin_left"], abs=0.02)
    assert left["margin_right"] > left["margin_left"]
    assert whole["box_aspect"] == pytest.approx(0, abs=0.05)
    assert whole["parts"] == pytest.approx(np.log1p(1))


def test_a_smaller_copy_has_nearly_the_same_strokes() -> None:
    small = np.asarray(cv2.resize(outlined(width=12), (160, 160), interpolation=cv2.INTER_AREA), np.uint8)
    first, second = measures(outlined(width=12)), measures(small)
    for name in ("stroke_p50", "outline_dark", "box_share", "hue_0"):
        assert second[name] == pytest.approx(first[name], rel=0.2), name
