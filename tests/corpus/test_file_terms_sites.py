"""Rules beside pictures: TDMRep, AIPREF in robots.txt and XMP sidecars, in a folder and the folders above it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from ledger.corpus.file_terms.beside import MAX_RULES_FILE, TermsBeside
from ledger.corpus.file_terms.site_rules import MAX_RULES, content_usage, fits, preferences, tdmrep
from ledger.corpus.file_terms.vocabulary import CONTENT_USAGE, TDM_RESERVATION
from ledger.corpus.file_terms.xmp_packets import MAX_PACKET
from ledger.corpus.work import ALL_USES
from tests.xmp_samples import mining

TRAINING, COMPARING = ("train", "style"), ("match", "style")


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/a.png", True), ("/a", "/a.png", True), ("/b", "/a.png", False), ("/*.png", "/a/b.png", True),
        ("/*.png$", "/a.png", True), ("/*.png$", "/a.png.xmp", False), ("/a.png$", "/a.png", True),
        ("/a$", "/a.png", False), ("/a*a$", "/a", False), ("/a*a$", "/aa", True), ("*", "/a.png", True),
        ("/caf%C3%A9", "/café.png", True), ("", "/a.png", True), ("/$", "/", True), ("/a*$", "/abc", True),
        ("/a*b*c$", "/a1b2c", True), ("/a*b*c$", "/a1c2b", False),
    ],
)  # fmt: skip
def test_patterns_of_paths(pattern: str, path: str, expected: bool) -> None:
    assert fits(pattern, path) is expected


def test_a_hostile_pattern_costs_nothing() -> None:
    started = time.process_time()
    assert not fits("/" + "*a" * 5_000 + "$", "/" + "a" * 4_000 + "b")
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("value", "forbids", "problem"),
    [(1, ALL_USES, False), ("1", ALL_USES, False), (0, (), False), (2, (), True), (True, (), True), (None, (), True)],
)
def test_every_tdm_reservation(value: object, forbids: tuple[str, ...], problem: bool) -> None:
    rules = [{"location": "/a", "tdm-reservation": value, "tdm-policy": "https://ada.example/policy"}]
    [term] = tdmrep(json.dumps(rules).encode(), "in tdmrep.json").of("/a.png")
    assert (term.vocabulary, term.forbids, bool(term.problem)) == (TDM_RESERVATION.name, forbids, problem)
    assert term.value.endswith("tdm-policy https://ada.example/policy")


def test_the_first_location_that_fits_counts() -> None:
    content = json.dumps(
        [{"location": "/free/*", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]
    ).encode()
    rules = tdmrep(content, "")
    assert [term.forbids for term in rules.of("/free/a.png")] == [()]
    assert [term.forbids for term in rules.of("/a.png")] == [ALL_USES]
    assert tdmrep(b"[]", "").of("/a.png") == ()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b"[{}]" + b" " * 9 + b"x"])
def test_a_tdmrep_that_cannot_be_read_is_told(content: bytes) -> None:
    [term] = tdmrep(content, "in tdmrep.json").of("/a.png")
    assert (term.forbids, term.vocabulary) == ((), "")
    assert term.problem


@pytest.mark.parametrize(
    ("line", "forbids"),
    [
        ("Content-Usage: train-ai=n", TRAINING), ("content-usage:search=n", COMPARING),
        ("Content-Usage: train-ai=n, search=n", (*TRAINING, *COMPARING)), ("Content-Usage: train-ai=y, search=y", ()),
        ("Content-Usage: / train-ai=n", TRAINING), ("Content-Usage: /other train-ai=n", ()),
        ("Content-Usage: train-ai=y, train-ai=n", TRAINING), ("Content-Usage: train-ai=n, train-ai=y", ()),
        ("Content-Usage: TRAIN-AI=n", ()), ("Content-Usage: train-ai=N", ()), ("Content-Usage: train-ai", ()),
        ("Content-Usage: train-ai=n;exception=1", TRAINING), ("# Content-Usage: train-ai=n", ()), ("nonsense", ()),
        ("Content-Usage: /*.png$ train-ai=n", TRAINING),
    ],
)  # fmt: skip
def test_every_content_usage(line: str, forbids: tuple[str, ...]) -> None:
    found = content_usage(f"User-agent: *\n{line}\nDisallow: /x\n".encode(), "in robots.txt").of("/a.png")
    assert tuple(use for term in found for use in term.forbids) == forbids
    assert {term.vocabulary for term in found} <= {CONTENT_USAGE.name}
    assert set(CONTENT_USAGE.forbids) == {"train-ai", "search"}


def test_the_longest_path_counts_in_each_group_and_every_group_counts() -> None:
    text = b"""User-agent: *
Content-Usage: / train-ai=n
Content-Usage: /free/ train-ai=y
User-agent: Bot
User-agent: Other
Content-Usage: search=n
"""
    rules = content_usage(text, "")
    assert {use for term in rules.of("/a.png") for use in term.forbids} == {*TRAINING, "match"}
    assert {use for term in rules.of("/free/a.png") for use in term.forbids} == set(COMPARING)


def test_dictionaries_that_are_none() -> None:
    assert preferences(",,=n,a,=,train-ai=n,\x00=n") == {"a": "", "train-ai": "n"}
    [term] = content_usage(b"Content-Usage: train-ai=n\n" * (MAX_RULES + 1), "").of("/")
    assert term.problem


def write(folder: Path, files: dict[str, bytes]) -> TermsBeside:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return TermsBeside(folder.resolve())


RESERVED = json.dumps([{"location": "/", "tdm-reservation": 1}]).encode()


def test_sidecars_by_either_name(tmp_path: Path) -> None:
    xmp = mining("DMI-PROHIBITED-AIMLTRAINING")
    beside = write(tmp_path, {"a.jpg.xmp": xmp, "b.xmp": xmp, "s/c.XMP": xmp, "c.xmp": xmp})
    for key, place in (("a.jpg", "in a.jpg.xmp"), ("b.tif", "in b.xmp"), ("s/c.png", "in s/c.XMP")):
        assert [(term.forbids, term.place) for term in beside.of(key)] == [(TRAINING, place)]
    assert beside.of("d.png") == ()
    assert beside.of("a.png") == ()


@pytest.mark.parametrize("name", ["tdmrep.json", ".well-known/tdmrep.json"])
def test_rules_hold_in_their_folder_and_below(tmp_path: Path, name: str) -> None:
    beside = write(tmp_path, {f"s/{name}": RESERVED})
    assert [term.place for term in beside.of("s/t/a.png")] == [f"in s/{name}"]
    assert [term.forbids for term in beside.of("s/a.png")] == [ALL_USES]
    assert beside.of("a.png") == ()
    beside = write(tmp_path, {name: RESERVED, "robots.txt": b"Content-Usage: search=n"})
    assert [term.forbids for term in beside.of("a.png")] == [ALL_USES, COMPARING]


def test_paths_are_those_below_the_folder_of_the_rules(tmp_path: Path) -> None:
    rules = [{"location": "/t/*.png", "tdm-reservation": 1}]
    beside = write(tmp_path, {"s/tdmrep.json": json.dumps(rules).encode()})
    assert [len(beside.of(key)) for key in ("s/t/a.png", "s/a.png", "t/a.png", "s/t/a.jpg")] == [1, 0, 0, 0]


def test_nothing_outside_the_folder_is_read_and_what_cannot_be_is_told(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "works"
    write(outside, {"a.xmp": mining("DMI-PROHIBITED"), "tdmrep.json": RESERVED})
    beside = write(inside, {"b.xmp": b"x" * (MAX_PACKET + 1), "big/robots.txt": b"#" * (MAX_RULES_FILE + 1)})
    (inside / "a.xmp").symlink_to(outside / "a.xmp")
    (inside / "d" / "tdmrep.json").mkdir(parents=True)
    os.mkfifo(inside / "e.xmp")
    for key in ("a.png", "b.png", "big/c.png", "d/c.png", "e.png"):
        [term] = beside.of(key)
        assert (term.forbids, bool(term.problem)) == ((), True), key
    (tmp_path / "tdmrep.json").write_bytes(RESERVED)
    assert beside.of("c.png") == (), "above the ingested folder"
