"""Which works of other sources are measured on: of any source, and glyphs that several teams drew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.corpus.source_registry import open_source
from ledger.errors import InputError, NotFoundError
from ledger.image.pool import DecodePool
from ledger.lab.evaluate.artists.glyphs import LEAST_TEAMS, glyph_works
from ledger.lab.evaluate.artists.works import works_of
from tests.image.samples import save, textured

SQUARE = '<path d="M2 2h12v12H2z"/>'


def test_only_works_that_allow_it_and_name_somebody_are_measured_on(tmp_path: Path) -> None:
    rows = (
        "a.png,a,Ada,match|train|style",
        "b.png,b,ADA,match|train|style",
        "c.png,c,Ben,match|style",
        "d.png,d,Unknown,match|train|style",
    )
    for number, name in enumerate("abcd"):
        (tmp_path / f"{name}.png").write_bytes(save(textured(32, 32, number), "PNG"))
    (tmp_path / "labels.csv").write_text("\n".join(("file,title,artist,allowed_uses", *rows, "")))
    found = works_of(open_source(str(tmp_path), tmp_path / "labels.csv", lambda _: b""))
    assert [work.key for work in found] == ["a.png", "b.png"]
    assert len({work.artist for work in found}) == 1, "two spellings of one name"
    (tmp_path / "labels.csv").write_text("file,title,artist\na.png,a,Ada\n")
    with pytest.raises(InputError) as refused:
        works_of(open_source(str(tmp_path), tmp_path / "labels.csv", lambda _: b""))
    assert refused.value.code == "nothing-to-measure"


def test_a_glyph_counts_where_enough_teams_drew_it(tmp_path: Path) -> None:
    drawn = {"iconify-noto": ("red-heart", "car"), "iconify-twemoji": ("red-heart", "car"), "iconify-fxemoji": ("car",)}
    for team, names in drawn.items():
        (tmp_path / team).mkdir()
        icons = {name: {"body": SQUARE} for name in names}
        (tmp_path / team / "icons.json").write_text(json.dumps({"icons": icons, "width": 16, "height": 16}))
    with DecodePool() as pool:
        found = glyph_works(tmp_path, pool)
        assert {work.subject for work in found} == {"car"}
        assert sorted(work.artist for work in found) == sorted(drawn)
        assert len(drawn) == LEAST_TEAMS
        with pytest.raises(NotFoundError):
            glyph_works(tmp_path / "iconify-noto", pool)
