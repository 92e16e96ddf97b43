"""Tile arithmetic: the sizes of the specification, exhaustive small growths, paths and bundles to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.log.tiles import Tile, growth, pack_entries, pack_hashes, parse_path, unpack_entries, unpack_hashes

tiles = st.builds(
    Tile, st.none() | st.integers(0, 63), st.integers(0, 2**55 - 1) | st.integers(0, 5000), st.integers(1, 256)
)


def test_the_sizes_of_the_specification() -> None:
    paths = [tile.path for tile in growth(0, 70_000) if tile.level is not None]
    assert sum(path.startswith("tile/0/") and ".p/" not in path for path in paths) == 273
    assert "tile/0/273.p/112" in paths
    assert [path for path in paths if path.startswith("tile/1/")] == ["tile/1/000", "tile/1/001.p/17"]
    assert [path for path in paths if path.startswith("tile/2/")] == ["tile/2/000.p/1"]
    assert not [path for path in paths if path.startswith("tile/3/")]
    bundles = [tile.path for tile in growth(0, 70_000) if tile.level is None]
    assert len(bundles) == 274
    assert bundles[-1] == "tile/entries/273.p/112"
    assert [tile.path for tile in growth(0, 256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(growth(0, 0)) == []
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(None, 1_234_067, 5).path == "tile/entries/x001/x234/067.p/5"


@given(st.integers(0, 70_000), st.integers(0, 600))
def test_growth_is_what_the_larger_log_has_and_the_smaller_lacks(old: int, more: int) -> None:
    before, after = set(growth(0, old)), set(growth(0, old + more))
    grown = list(growth(old, old + more))
    assert len(grown) == len(set(grown))
    assert set(grown) == after - before
    assert all(tile.is_partial for tile in before - after), "only partial tiles are ever replaced"


@given(st.integers(0, 2**63 - 1))
def test_widths_at_any_size(size: int) -> None:
    for level in range(8):
        count = size >> 8 * level
        if count % 256:
            partial = Tile(level, count // 256, count % 256)
            assert partial.end == count
            assert parse_path(partial.path) == partial


@given(tiles)
def test_paths_round_trip(tile: Tile) -> None:
    assert parse_path(tile.path) == tile


@given(st.text("tile/0123456789xp.entrs", max_size=40) | st.text(max_size=20).map(lambda text: f"tile/{text}"))
def test_what_parses_is_printed_the_same(path: str) -> None:
    try:
        tile = parse_path(path)
    except VerificationError:
        return
    assert tile.path == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1\n",
        "tile/0/../../etc/passwd",
        "tile/0/٠٠٠",
        "tile/data/000",
        "tile/0/" + "x999/" * 10 + "999",
        "tile/0/" + "x999/" * 1000 + "999",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(VerificationError) as refusal:
        parse_path(path)
    assert refusal.value.code == "bad-tile-path"


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_bundles_round_trip_and_no_other_length_parses(entries: list[bytes]) -> None:
    tile = Tile(None, 3, len(entries))
    data = pack_entries(entries)
    assert unpack_entries(data, tile) == entries
    for changed in (data[:-1], data + b"\0", data + b"\0\0", b""):
        with pytest.raises(VerificationError):
            unpack_entries(changed, tile)
    if len(entries) < 256:
        with pytest.raises(VerificationError):
            unpack_entries(data, Tile(None, 3, len(entries) + 1))


def test_the_largest_entry_fits_and_no_larger() -> None:
    assert unpack_entries(pack_entries([b"x" * 65_535]), Tile(None, 0, 1)) == [b"x" * 65_535]
    with pytest.raises(OverflowError):
        pack_entries([b"x" * 65_536])


def test_hash_tiles_have_exactly_their_width() -> None:
    hashes = [bytes([number]) * 32 for number in range(5)]
    assert unpack_hashes(pack_hashes(hashes), Tile(0, 0, 5)) == hashes
    for data in (pack_hashes(hashes)[:-1], pack_hashes(hashes) + b"\0", pack_hashes(hashes[:4]), b""):
        with pytest.raises(VerificationError, match=r"tile/0/000\.p/5: expected 160 bytes"):
            unpack_hashes(data, Tile(0, 0, 5))


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 2**56, 1), (0, 0, 0)])
def test_impossible_tiles(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="tile"):
        Tile(level, index, width)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (0, 2**63)])
def test_impossible_growth(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="grow"):
        list(growth(old, new))
