"""OpenClipart as a source: a small made-up root, and the installed package where there is one."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from ledger.corpus.demo_selection import HELD_BACK_SUBJECTS, DemoSelection, demo_selection
from ledger.corpus.source_registry import open_source
from ledger.corpus.sources.folder import FolderSource
from ledger.corpus.sources.huggingface import split_of
from ledger.corpus.sources.openclipart import MAX_PNG_PIXELS, PNG_ROOT, OpenClipartSource
from ledger.corpus.work import UNKNOWN_ARTIST, SourceItem
from ledger.errors import InputError, NotFoundError

installed = pytest.mark.needs("openclipart")

SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:cc="http://web.resource.org/cc/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <metadata><rdf:RDF><cc:Work><dc:title>{title}</dc:title><dc:creator><cc:Agent><dc:title>{creator}</dc:title></cc:Agent>
 </dc:creator><cc:license rdf:resource="{licence}"/></cc:Work></rdf:RDF></metadata></svg>"""


def _rasterised(svg: bytes) -> bytes:
    return b"rasterised " + svg[:4]


def _svg(
    root: Path, key: str, title: str, creator: str, licence: str = "http://web.resource.org/cc/PublicDomain"
) -> None:
    path = root / f"{key}.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SVG.format(title=title, creator=creator, licence=licence), encoding="utf-8")


def _png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    svg, png = tmp_path / "svg", tmp_path / "png"
    png.mkdir()
    _svg(svg, "b/two_01", "Two", "Ann")
    _svg(svg, "a/one", "One", "ANN (ann@example.org)")
    _svg(svg, "a/three", "", "", "")
    (svg / "a/link.svg").symlink_to("../b/two_01.svg")
    (svg / "a/out.svg").symlink_to(tmp_path / "outside.svg")
    _svg(tmp_path, "outside", "Outside", "Eve")
    (svg / "a/no-metadata.svg").write_bytes(b"<svg/>")
    (svg / "a/readme.txt").write_text("not a drawing", encoding="utf-8")
    return svg, png


def test_items_are_ordered_and_say_what_the_files_say(roots: tuple[Path, Path]) -> None:
    items = list(OpenClipartSource(*roots, rasterise=_rasterised).items())
    assert [item.key for item in items] == ["a/link", "a/no-metadata", "a/one", "a/out", "a/three", "b/two_01"]
    facts = {item.key: (item.title, item.artist, item.licence, item.allowed_uses) for item in items}
    assert facts["b/two_01"] == ("Two", "Ann", "LicenseRef-PublicDomain", ("match", "train", "style"))
    assert facts["a/one"][1] == "ANN"
    assert facts["a/three"] == ("three", UNKNOWN_ARTIST, "LicenseRef-unknown", ("match",))
    assert facts["a/no-metadata"][:2] == ("no-metadata", UNKNOWN_ARTIST)


def test_aliases_name_their_drawing_and_links_out_of_the_root_say_nothing(roots: tuple[Path, Path]) -> None:
    source = OpenClipartSource(*roots, rasterise=_rasterised)
    items = {item.key: item for item in source.items()}
    assert items["a/link"].labels == {"subject": "a", "alias_of": "b/two_01"}
    assert items["a/link"].title == "Two"
    assert items["a/out"].artist == UNKNOWN_ARTIST
    with pytest.raises(InputError) as caught:
        source.read(items["a/out"])
    assert caught.value.code == "file-path"


def test_names_and_limit(roots: tuple[Path, Path]) -> None:
    wanted = OpenClipartSource(*roots, rasterise=_rasterised, names=["a/one", "b/two_01", "c/none"])
    assert [item.key for item in wanted.items()] == ["a/one", "b/two_01"]
    assert len(list(OpenClipartSource(*roots, rasterise=_rasterised, limit=2).items())) == 2


def _refused(svg: bytes) -> bytes:
    raise InputError("no drawing", code="bad-drawing")


def test_pixels_come_from_the_png_where_it_is_of_a_sensible_size(roots: tuple[Path, Path]) -> None:
    svg, png = roots
    source = OpenClipartSource(svg, png, rasterise=_rasterised)
    item = next(item for item in source.items() if item.key == "a/one")
    assert source.read(item) == b"rasterised <svg"
    (png / "a").mkdir()
    (png / "a/one.png").write_bytes(_png(3, 2))
    assert source.read(item) == _png(3, 2)
    (png / "a/one.png").write_bytes(_png(MAX_PNG_PIXELS // 1000 + 1, 1000))
    assert source.read(item) == b"rasterised <svg"
    (png / "a/one.png").write_bytes(b"not a PNG")
    assert source.read(item) == b"rasterised <svg"
    assert OpenClipartSource(svg, None, rasterise=_rasterised).read(item) == b"rasterised <svg"


def test_the_forms_of_a_work_are_those_of_both_packages(roots: tuple[Path, Path]) -> None:
    svg, png = roots
    source = OpenClipartSource(svg, png, rasterise=_rasterised)
    item = next(item for item in source.items() if item.key == "a/one")
    assert source.forms(item) == (b"rasterised <svg",)
    (png / "a").mkdir()
    (png / "a/one.png").write_bytes(_png(3, 2))
    assert source.forms(item) == (_png(3, 2), b"rasterised <svg")
    assert OpenClipartSource(svg, png, rasterise=_refused).forms(item) == (_png(3, 2),)


def test_without_the_package_the_error_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        OpenClipartSource(tmp_path / "none", rasterise=_rasterised)
    assert caught.value.code == "openclipart-missing"
    assert "apt-get install openclipart-svg" in (caught.value.hint or "")


def _works(artists: int, each: int, subject: str = "people") -> list[SourceItem]:
    return [
        SourceItem(f"{subject}/w{a}_{n}", f"Work {a}-{n}", f"Artist {a}", "CC0-1.0", "", labels={"subject": subject})
        for a in range(artists)
        for n in range(each)
    ]


def test_selection_takes_artists_in_turn() -> None:
    many, few = _works(1, 500, "shapes"), _works(40, 5)[5:]
    chosen = demo_selection([*many, *few], works=200)
    counts = Counter(item.artist for item in chosen.inside)
    assert len(chosen.inside) == 200
    assert len(counts) == 40
    assert counts["Artist 0"] == 5
    assert demo_selection(reversed([*many, *few]), works=200) == chosen


def test_selection_keeps_outside_what_has_no_variant_inside() -> None:
    inside = [*_works(30, 5), SourceItem("people/crab_02", "Crab", "Artist 1", "", "", labels={"subject": "people"})]
    subject = {"subject": f"{HELD_BACK_SUBJECTS[0]}/deep"}
    outside = [
        SourceItem("animals/bugs/deep/crab_01", "Other", "New", "", "", labels=subject),  # a variant by its stem
        SourceItem("animals/bugs/deep/x_01", "crab 3", "New", "", "", labels=subject),  # by its title
        SourceItem("animals/bugs/deep/y_01", "Bee", "Artist 1", "", "", labels=subject),  # by an artist inside
        SourceItem("animals/bugs/deep/z_01", "Ant", "New", "", "", labels=subject | {"alias_of": "a"}),
        SourceItem("animals/bugs/deep/fly_01", "Fly", "New", "", "", labels=subject),
    ]
    chosen = demo_selection([*inside, *outside], works=151)
    assert [item.key for item in chosen.outside] == ["animals/bugs/deep/fly_01"]
    assert not {item.key for item in outside} & {item.key for item in chosen.inside}


def test_selection_says_when_there_is_too_little() -> None:
    with pytest.raises(InputError, match="200 works by at least 30 artists were asked for; 100 by 20 exist") as caught:
        demo_selection(_works(20, 5), works=200)
    assert caught.value.code == "too-few-works"


@installed
def test_the_installed_package() -> None:
    source = OpenClipartSource(rasterise=_rasterised)
    items = list(source.items())
    assert len(items) == len({item.key for item in items}) == 8121
    artists = Counter(item.artist for item in items)
    assert artists["Francesco Rollandin"] == 445
    assert len({artist.casefold() for artist in artists}) == len(artists) > 450
    assert sum("alias_of" in item.labels for item in items) == 663
    assert all(item.title for item in items)
    chosen = demo_selection(items)
    _check_demo(chosen)
    if PNG_ROOT.is_dir():
        assert all(source.read(item).startswith(b"\x89PNG") for item in chosen.outside)


def _check_demo(chosen: DemoSelection) -> None:
    assert len(chosen.inside) == 2000
    assert len({item.artist for item in chosen.inside}) >= 100
    assert len(chosen.outside) >= 10
    assert not {item.artist for item in chosen.inside} & {item.artist for item in chosen.outside}
    assert not {item.key for item in chosen.inside} & {item.key for item in chosen.outside}


def test_the_fixture_folder_is_a_good_corpus() -> None:
    source = FolderSource(Path(__file__).parents[1] / "data" / "art")
    items = [item for item in source.items() if item.left_out is None]
    assert len(items) == 30
    assert len({item.artist for item in items}) == 14
    assert sum(len(source.read(item)) for item in items) < 300_000
    assert {Image.open(io.BytesIO(source.read(item))).format for item in items} == {"PNG"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("huggan/wikiart", ("huggan/wikiart", "train")),
        ("huggan/wikiart@test", ("huggan/wikiart", "test")),
        ("me@home/set.parquet", ("me@home/set.parquet", "train")),
        ("me@home/set.parquet@test", ("me@home/set.parquet", "test")),
        ("huggan/wikiart@", ("huggan/wikiart", "train")),
    ],
)
def test_splits_after_the_last_at(text: str, expected: tuple[str, str]) -> None:
    assert split_of(text) == expected


def test_source_specs(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,title,artist\n", encoding="utf-8")
    assert isinstance(open_source(str(tmp_path), None, _rasterised), FolderSource)
    for spec, code in (("hf:", "source"), ("hf:@train", "source"), (str(tmp_path / "x"), "folder-missing")):
        with pytest.raises(InputError) as caught:
            open_source(spec, None, _rasterised)
        assert caught.value.code == code
    with pytest.raises(InputError) as unused:
        open_source("openclipart", tmp_path / "labels.csv", _rasterised)
    assert unused.value.code == "labels-unused"


@installed
def test_openclipart_by_its_name() -> None:
    assert open_source("openclipart", None, _rasterised).name == "openclipart"
