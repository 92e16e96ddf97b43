"""Stored pictures are found in their edited copies and in nothing else; only the nearest are read for geometry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import FingerprintSpec
from ledger.flows.pictures.verify import query_of
from ledger.image.canonical_image import Pixels
from ledger.image.from_pixels import image_of
from ledger.image.preview import preview_of
from ledger.match.alike import PDQ_RADIUS, PHASH_RADIUS
from ledger.match.calibration import VERIFIED
from ledger.match.candidate import Query, WorkPicture
from ledger.match.geometry.verification import QueryGeometry
from ledger.match.lists import Relation
from ledger.match.ranking import shipped_ranking
from ledger.match.recognition import Recognition, StoredPicture, recognise
from tests.applications import ART
from tests.match.drawings import drawing, pixels

KEPT = range(12)
RULE = shipped_ranking().geometry.rule()


class Shelf:
    """Stored pictures in memory."""

    def __init__(self, pictures: Mapping[str, Pixels]) -> None:
        encoder = load_copy_encoder()
        self.fingerprinter = Fingerprinter([encoder], FingerprintSpec.of({encoder.name: encoder.describe()}))
        images = {key: image_of(picture) for key, picture in pictures.items()}
        prints = dict(zip(images, self.fingerprinter.works(list(images.values())), strict=True))
        self.kept = [StoredPicture(key, replace(each, local=b"")) for key, each in prints.items()]
        self.small = {key: WorkPicture(preview_of(image.working), prints[key].local) for key, image in images.items()}
        self.asked: list[str] = []

    def pictures(self, keys: Sequence[str]) -> Mapping[str, WorkPicture]:
        self.asked += keys
        return {key: self.small[key] for key in keys}

    def query(self, picture: Image.Image) -> Query:
        image = image_of(pixels(picture))
        return query_of(image, self.fingerprinter.query(image))

    def find(self, picture: Image.Image) -> list[Recognition]:
        return recognise(self.query(picture), self.kept, self.pictures)


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf({str(number): pixels(drawing(number, 128)) for number in KEPT})


def recompressed(picture: Image.Image) -> Image.Image:
    file = BytesIO()
    picture.resize((96, 96)).save(file, "JPEG", quality=50)
    return Image.open(file)


def cropped(picture: Image.Image) -> Image.Image:
    return picture.crop((20, 10, 116, 106))


def mirrored(picture: Image.Image) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def enlarged(picture: Image.Image) -> Image.Image:
    return picture.resize((400, 400))


@pytest.mark.parametrize("edit", [recompressed, cropped, mirrored, enlarged])
def test_an_edited_copy_is_found_and_verified(shelf: Shelf, edit: Callable[[Image.Image], Image.Image]) -> None:
    for number in (0, 5):
        found = shelf.find(edit(drawing(number, 128)))
        assert [each.key for each in found] == [str(number)]
        assert found[0].evidence is not None
        assert found[0].evidence.tile_distance < 0.6


def test_a_crop_is_a_part_and_a_smaller_copy_the_whole(shelf: Shelf) -> None:
    (part,) = shelf.find(drawing(2, 128).crop((0, 0, 64, 64)))
    (whole,) = shelf.find(recompressed(drawing(2, 128)))
    assert (part.relation, whole.relation) == (Relation.PARTIAL_COPY, Relation.NEAR_DUPLICATE)


def test_unrelated_pictures_are_not_found(shelf: Shelf) -> None:
    for number in range(100, 110):
        assert shelf.find(drawing(number, 128)) == []


def test_what_cannot_be_compared_is_not_found() -> None:
    blank = Image.new("RGB", (64, 64), "white")
    shelf = Shelf({"blank": pixels(blank)})
    assert shelf.find(blank) == []
    assert shelf.asked == []
    assert recognise(shelf.query(drawing(0, 64)), [], shelf.pictures) == []


def flipped(hashed: bytes, bits: int) -> bytes:
    changed = np.unpackbits(np.frombuffer(hashed, np.uint8))
    changed[:bits] ^= 1
    return np.packbits(changed).tobytes()


def test_both_hashes_find_within_their_radii_and_say_so(shelf: Shelf) -> None:
    """Without what is kept for geometry nothing else is left."""
    query = shelf.query(drawing(3, 128))
    own = query.fingerprint.image
    assert query.fingerprint.pdq_views

    # Turned and mirrored views may be nearer by chance, but not by this much.
    def off_by(phash: int, pdq: int, quality: int = 100) -> StoredPicture:
        changed = replace(own, phash=flipped(own.phash, phash), pdq=flipped(own.pdq, pdq), pdq_quality=quality)
        return StoredPicture(f"{phash} {pdq} {quality}", changed)

    near = [off_by(0, 0), off_by(PHASH_RADIUS, PDQ_RADIUS)]
    far = [off_by(PHASH_RADIUS + 1, 0), off_by(0, PDQ_RADIUS + 1), off_by(0, 0, quality=49)]
    found = recognise(query, [*far, *near], lambda _: {})
    assert [each.key for each in found] == [each.key for each in near]
    assert [each.phash_distance for each in found] == [0, PHASH_RADIUS]
    assert {each.evidence for each in found} == {None}
    assert {each.relation for each in found} == {Relation.NEAR_DUPLICATE}


def test_verified_ones_come_first_and_only_the_nearest_are_read(shelf: Shelf) -> None:
    shelf.asked.clear()
    found = shelf.find(drawing(7, 128))
    assert [each.key for each in found] == ["7"]
    assert len(shelf.asked) == VERIFIED
    assert "7" in shelf.asked
    twice = [*shelf.kept, StoredPicture("hash", replace(shelf.kept[7].fingerprint, local=b""))]
    found = recognise(
        shelf.query(drawing(7, 128)),
        twice,
        lambda keys: {key: shelf.small[key] for key in keys if key != "hash"},
    )
    assert [(each.key, each.evidence is None) for each in found] == [("7", False), ("hash", True)]


def test_geometry_alone_is_not_enough() -> None:
    """A sliver of one drawing agrees with another by chance, which is nothing like it by fingerprint."""
    monkey, dolphin = small(ART / "sailor_monkey_nicu_bucul_01.png", 128), small(ART / "dolphin_01.png", 160)
    shelf = Shelf({"monkey": pixels(monkey)})
    assert QueryGeometry(shelf.query(dolphin).working).verify(shelf.small["monkey"], RULE) is not None
    assert shelf.find(dolphin) == []
    assert [each.key for each in shelf.find(monkey)] == ["monkey"]


def small(file: Path, side: int) -> Image.Image:
    picture = Image.open(file).convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return picture
