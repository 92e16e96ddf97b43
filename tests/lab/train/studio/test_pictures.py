"""What the studio models may learn from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ledger.corpus.sealed import is_sealed
from ledger.errors import ConflictError, InputError
from ledger.lab.train.pictures import OPENCLIPART, SourcePicture
from ledger.lab.train.roles import MOST_BY_ONE
from ledger.lab.train.studio.pictures import SIDE, gather, read_studio_pictures, square, wanted

MAKERS = [f"maker {number}" for number in range(400)]
LEARNT = next(maker for maker in MAKERS if wanted(OPENCLIPART, maker))
NOT_LEARNT = next(maker for maker in MAKERS if not wanted(OPENCLIPART, maker))
OPEN = [name for name in (f"animals/{number}" for number in range(400)) if not is_sealed(name)]
SEALED = next(name for name in (f"animals/{number}" for number in range(400)) if is_sealed(name))


def _picture(key: str, maker: str = LEARNT, collection: str = OPENCLIPART) -> SourcePicture:
    digests = tuple(hashlib.sha256(form.encode()).hexdigest() for form in (f"{key}.png", f"{key}.svg"))
    return SourcePicture(collection, key, maker, Image.new("RGB", (60, 30), "red"), digests, "Hen", ("bird",))


def test_what_is_gathered_comes_back_with_its_words_and_manifest(tmp_path: Path) -> None:
    pictures = [_picture(OPEN[0]), _picture(OPEN[1]), _picture(OPEN[2], NOT_LEARNT), _picture("a", "b", "wesnoth")]
    gather(pictures, tmp_path / "pictures.safetensors")
    read = read_studio_pictures(tmp_path / "pictures.safetensors")
    assert sorted(read.names) == sorted(f"{OPENCLIPART}/{name}" for name in OPEN[:2])
    assert read.pixels.shape == (2, SIDE, SIDE, 3)
    assert read.subjects[0].title == "hen"
    assert read.counts == {OPENCLIPART: 2}
    assert read.manifest.decode().split() == sorted(digest for picture in pictures[:2] for digest in picture.sha256)


def test_a_sealed_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConflictError) as refused:
        gather([_picture(SEALED)], tmp_path / "pictures.safetensors")
    assert refused.value.code == "sealed-work"
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        gather([_picture(OPEN[0], NOT_LEARNT)], tmp_path / "pictures.safetensors")
    assert refused.value.code == "no-pictures"


def test_no_maker_has_more_than_a_share(tmp_path: Path) -> None:
    gather([_picture(name) for name in OPEN[: MOST_BY_ONE + 5]], tmp_path / "pictures.safetensors")
    assert len(read_studio_pictures(tmp_path / "pictures.safetensors")) == MOST_BY_ONE


def test_a_square_holds_the_whole_picture_on_white() -> None:
    made = square(Image.new("RGB", (60, 30), "red"))
    rows, columns = np.nonzero((made != 255).any(axis=2))
    assert columns.max() - columns.min() + 1 == SIDE - 12
    assert rows.max() - rows.min() + 1 == (SIDE - 12) // 2
    assert rows.min() + rows.max() == pytest.approx(SIDE - 1, abs=1)
