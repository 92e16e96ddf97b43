"""Geometric verification: copies are found where they are, pictures that merely resemble each other are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from ledger.fingerprint.local_features import query_features, work_features
from ledger.match.candidate import WorkPicture
from ledger.match.geometry.verification import QueryGeometry, VerifiedAlignment
from ledger.match.lists import Relation
from ledger.match.ranking import shipped_ranking
from tests.match.drawings import drawing, pixels

RULE = shipped_ranking().geometry.rule()


def verify(query: Image.Image, work: Image.Image) -> VerifiedAlignment | None:
    return QueryGeometry(pixels(query, 512)).verify(kept(work), RULE)


def kept(work: Image.Image) -> WorkPicture:
    preview = pixels(work, 256)
    return WorkPicture(preview, work_features(preview).to_bytes())


@pytest.mark.parametrize("number", range(4))
def test_a_scaled_and_recompressed_copy_is_a_near_duplicate_of_the_whole(number: int) -> None:
    work = drawing(number)

    found = verify(work.resize((300, 300)), work)

    assert found is not None
    assert found.relation is Relation.NEAR_DUPLICATE
    assert found.evidence.query_region.left == pytest.approx(0, abs=0.03)
    assert found.evidence.query_region.right == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(found.evidence.transform, (1, 0, 0, 0, 1, 0), atol=0.03)


def test_a_crop_is_a_partial_copy_and_the_region_says_which_part() -> None:
    work = drawing(5)

    found = verify(work.crop((256, 0, 512, 256)), work)

    assert found is not None
    assert found.relation is Relation.PARTIAL_COPY
    region = found.evidence.work_region
    assert (region.left, region.top, region.right, region.bottom) == pytest.approx((0.5, 0, 1, 0.5), abs=0.03)


def test_a_work_pasted_into_another_picture_is_found_there() -> None:
    work, other = drawing(6), drawing(7, 700)
    other.paste(work.resize((280, 280)), (350, 210))

    found = verify(other, work)

    assert found is not None
    assert found.relation is Relation.PARTIAL_COPY
    region = found.evidence.query_region
    assert (region.left, region.top, region.right, region.bottom) == pytest.approx((0.5, 0.3, 0.9, 0.7), abs=0.03)


def test_a_border_does_not_make_a_part_of_a_whole() -> None:
    work = drawing(8)

    found = verify(ImageOps.expand(work, 120, "white"), work)

    assert found is not None
    assert found.relation is Relation.NEAR_DUPLICATE


def test_a_mirrored_copy_is_found_and_its_transform_mirrors() -> None:
    work = drawing(9)

    found = verify(ImageOps.mirror(work), work)

    assert found is not None
    a, b, _, c, d, _ = found.evidence.transform
    assert a * d - b * c < 0


@pytest.mark.parametrize("degrees", [20, 90, 180, 250])
def test_a_turned_copy_is_found(degrees: int) -> None:
    found = verify(drawing(10).rotate(degrees, expand=True, fillcolor="black"), drawing(10))

    assert found is not None
    a, _, _, c, _, _ = found.evidence.transform
    assert found.evidence.inliers >= 10
    if degrees in (90, 180):  # square before and after: fractions turn by the same angle as pixels
        assert math.cos(math.atan2(c, a) + math.radians(degrees)) == pytest.approx(1, abs=0.01)


def test_other_drawings_are_not_verified() -> None:
    geometry = QueryGeometry(pixels(drawing(0), 512))

    assert [geometry.verify(kept(drawing(number)), RULE) for number in range(1, 21)] == [None] * 20


def _flag(*colours: str, upright: bool = True) -> Image.Image:
    flag = Image.new("RGB", (480, 320), "black")
    draw = ImageDraw.Draw(flag)
    for index, colour in enumerate(colours):
        box = (160 * index, 0, 160 * index + 159, 320) if upright else (0, 107 * index, 480, 107 * index + 106)
        draw.rectangle(box, fill=colour)
    return ImageOps.expand(flag, 24, "white")


def _sign(letters: str) -> Image.Image:
    sign = Image.new("RGB", (400, 400), "white")
    draw = ImageDraw.Draw(sign)
    draw.rounded_rectangle((40, 40, 360, 360), 40, fill="#c22", outline="black", width=10)
    draw.text((200, 200), letters, fill="white", anchor="mm", font_size=200)
    return sign


def _disc(colour: str) -> Image.Image:
    disc = Image.new("RGB", (400, 400), "white")
    ImageDraw.Draw(disc).ellipse((60, 60, 340, 340), fill=colour)
    return disc


@pytest.mark.parametrize(
    ("query", "work"),
    [
        (_flag("#0055a4", "#ffffff", "#ef4135"), _flag("#d91023", "#ffffff", "#d91023")),
        (_flag("#169b62", "#ffffff", "#ff883e"), _flag("#0055a4", "#ffffff", "#ef4135")),
        (_flag("#ae1c28", "#ffffff", "#21468b", upright=False), _flag("#000000", "#dd0000", "#ffce00", upright=False)),
        (_sign("A"), _sign("B")),
        (_sign("M"), _sign("7")),
        (_disc("#c00"), _disc("#0a0")),
    ],
    ids=["tricolours", "tricolours-2", "stripes", "letters", "letter-and-digit", "discs"],
)
def test_flat_art_of_one_design_does_not_verify_each_other(query: Image.Image, work: Image.Image) -> None:
    assert verify(query, work) is None


@pytest.mark.parametrize("size", [(1, 1), (16, 400), (400, 16), (256, 256)])
def test_blank_and_narrow_pictures_verify_nothing(size: tuple[int, int]) -> None:
    blank = Image.new("RGB", size, "white")

    assert verify(blank, drawing(0)) is None
    assert verify(drawing(0), blank) is None
    assert verify(blank, blank) is None


def test_a_blurred_copy_still_verifies() -> None:
    assert verify(drawing(11).filter(ImageFilter.GaussianBlur(4)), drawing(11)) is not None


def test_equal_input_gives_equal_evidence() -> None:
    query, work = drawing(12).crop((30, 60, 480, 500)), drawing(12)

    assert verify(query, work) == verify(query, work)


def test_mirrored_features_are_those_of_the_mirror_image() -> None:
    picture = pixels(drawing(13), 256)
    _, derived = query_features(picture)
    computed, _ = query_features(np.ascontiguousarray(picture[:, ::-1]))

    nearest = derived.descriptors @ computed.descriptors.T
    same_place = np.linalg.norm(derived.points[:, None] - computed.points[None], axis=2) < 1.5 / 256
    agreeing = ((nearest > 0.95) & same_place).any(axis=1)
    assert agreeing.mean() > 0.6
