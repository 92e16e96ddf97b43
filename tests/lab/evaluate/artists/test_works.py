"""Which works are measured on, before any is read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from ledger.errors import InputError, NotFoundError
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.artists.openmoji import openmoji_works
from ledger.lab.evaluate.artists.works import OTHERS, SourceWork, capped


class _Pool:
    """Gives the drawing back: nothing is rendered here."""

    def rasterise(self, svg: bytes) -> bytes:
        return svg


POOL = cast(DecodePool, _Pool())


def package(folder: Path, listed: Any) -> Path:
    (folder / "data").mkdir()
    (folder / "data" / "openmoji.json").write_text(json.dumps(listed))
    (folder / "color" / "svg").mkdir(parents=True)
    (folder / "color" / "svg" / "1F600.svg").write_bytes(b"<svg/>")
    return folder


def emoji(code: str, author: str = "Ada", **more: object) -> dict[str, object]:
    return {"hexcode": code, "openmoji_author": author, "subgroups": "face", "skintone": "", **more}


def test_drawings_of_named_authors_in_one_skin_tone(tmp_path: Path) -> None:
    listed = [
        emoji("1F600"),
        emoji("1F601", "ada"),
        emoji("1F602", "Ada", skintone=2),
        emoji("1F603", ""),
        emoji("1F604", "unknown"),
        emoji("../../etc/passwd"),
        emoji("1F600", "Ben"),
        emoji("1F605", subgroups=""),
    ]
    works = openmoji_works(package(tmp_path, listed), POOL)
    assert [(each.key, each.artist, each.subject) for each in works] == [
        ("openmoji/1F600", "Ada", "face"),
        ("openmoji/1F601", "Ada", "face"),
        ("openmoji/1F605", "Ada", "1F605"),
    ]
    assert works[0].read() == b"<svg/>"
    with pytest.raises(InputError, match=r"1F601\.svg"):
        works[1].read()


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as missing:
        openmoji_works(tmp_path, POOL)
    assert missing.value.code == "openmoji-missing"
    with pytest.raises(InputError) as bad:
        openmoji_works(package(tmp_path, {"no": "list"}), POOL)
    assert bad.value.code == "bad-openmoji"


def source_work(artist: str, number: int) -> SourceWork:
    return SourceWork(f"{artist}/{number}", artist, f"subject {number % 5}", bytes)


def test_a_cap_for_every_artist_and_a_short_check_of_a_few() -> None:
    found = [source_work(f"large {artist}", number) for artist in range(4) for number in range(30)]
    found += [source_work(f"small {artist}", 0) for artist in range(40)]
    counts = Counter(each.artist for each in capped(found, most=10, seed=1))
    assert {counts[f"large {artist}"] for artist in range(4)} == {10}
    assert len(counts) == 44
    few = Counter(each.artist for each in capped(found, most=10, seed=1, artists=3))
    assert sum(name.startswith("large") for name in few) == 3
    assert sum(name.startswith("small") for name in few) == 3 * OTHERS
