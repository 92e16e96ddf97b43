"""Label files: what comes out, what is one row's fault, what is the whole file's."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.corpus.label_lines import MAX_ROW_BYTES
from ledger.corpus.labels import KNOWN, BadRow, LabelRow, parse_uses, read_labels
from ledger.corpus.unknown_artists import artist_name
from ledger.errors import InputError
from ledger.text import clean_text
from tests.corpus.label_files import fault, rows_of

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
FILE = st.text("abcXYZ019 _-é,\"'", min_size=1, max_size=12).map(lambda stem: f"{stem}.png")
TMP = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@TMP
@given(
    rows=st.lists(st.tuples(FILE, CELL, CELL, CELL), max_size=8),
    bom=st.booleans(),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_written_by_the_csv_module_comes_back(
    tmp_path: Path, rows: list[tuple[str, str, str, str]], bom: bool, ending: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(["file", "title", "artist", "mood"])
    writer.writerows(rows)
    data = text.getvalue().encode("utf-8-sig" if bom else "utf-8")
    found = rows_of(tmp_path, data)
    assert [row.file for row in found] == [file for file, *_ in rows]
    for row, (_, title, artist, mood) in zip(found, rows, strict=True):
        assert isinstance(row, LabelRow)
        assert row.title == clean_text(title)
        assert row.artist == artist_name(artist)
        assert row.labels == ({"mood": cleaned} if (cleaned := clean_text(mood, 1000)) else {})


@TMP
@given(rows=st.lists(st.fixed_dictionaries({"file": FILE, "title": CELL, "artist": CELL}), min_size=1, max_size=8))
def test_json_lines_say_the_same_as_csv(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["file", "title", "artist"], quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)

    def facts(found: list[LabelRow | BadRow]) -> list[tuple[str, ...]]:
        return [(row.file, row.title, row.artist, row.licence) for row in found if isinstance(row, LabelRow)]

    from_json = facts(rows_of(tmp_path, lines, "labels.jsonl"))
    assert len(from_json) == len(rows)
    assert from_json == facts(rows_of(tmp_path, text.getvalue().encode()))


@TMP
@given(
    data=st.binary(max_size=300),
    prefix=st.sampled_from([b"", b"file,title,artist\n", b'{"file":"a","title":"b","artist":']),
)
def test_arbitrary_bytes_give_rows_or_an_input_error(tmp_path: Path, data: bytes, prefix: bytes) -> None:
    for name in ("labels.csv", "labels.jsonl"):
        try:
            rows = rows_of(tmp_path, prefix + data, name)
        except InputError as error:
            assert error.code.startswith("labels-")  # noqa: PT017 - either outcome is right
        else:
            for row in rows:
                assert ".." not in row.file.split("/") or isinstance(row, BadRow)


def test_every_column(tmp_path: Path) -> None:
    header = "Artist, FILE ,title,licence,source,allowed_uses,genre\n"
    (row,) = rows_of(
        tmp_path, f"{header}Ann,./a//b.png,Sea,mit or cc0-1.0,https://x.example,style;match,marine\n".encode()
    )
    assert row == LabelRow(
        line=2,
        file="a/b.png",
        title="Sea",
        artist="Ann",
        licence="MIT OR CC0-1.0",
        source="https://x.example",
        allowed_uses=("match", "style"),
        labels={"genre": "marine"},
    )


def test_what_is_not_said_is_not_assumed(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, b"file,title,artist\na.png,,\n")
    assert row == LabelRow(line=2, file="a.png", title="", artist="unknown", licence="LicenseRef-unknown")
    assert isinstance(row, LabelRow)
    assert row.allowed_uses == ("match",)


@pytest.mark.parametrize(
    ("cell", "uses"),
    [
        ("train|match", ("match", "train")),
        ("Match; Style", ("match", "style")),
        ("match train style", ("match", "train", "style")),
        ("none", ()),
        ("  ", ("match",)),
        (None, ("match",)),
        ([], ()),
        (["train"], ("train",)),
    ],
)
def test_uses(cell: object, uses: tuple[str, ...]) -> None:
    assert parse_uses(cell) == uses


@pytest.mark.parametrize("cell", ["everything", "match|none", ["match", 3], {"match": True}, 1])
def test_uses_refused(cell: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_uses(cell)
    assert caught.value.code == "allowed-uses"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"../a.png,t,a,MIT", "file-path"),
        (b"/etc/passwd,t,a,MIT", "file-path"),
        (b",t,a,MIT", "file-path"),
        (b"a\x00.png,t,a,MIT", "file-path"),
        (b"x/../../a.png,t,a,MIT", "file-path"),
        (b"a" * 2000 + b",t,a,MIT", "file-path"),
        (b"a.png,t,a,my own", "licence"),
        (b"a.png,t", "labels-row"),
        (b"a.png,t,a,MIT,x", "labels-row"),
    ],
)
def test_one_bad_row_does_not_stop_the_others(tmp_path: Path, line: bytes, code: str) -> None:
    bad, good = rows_of(tmp_path, b"file,title,artist,licence\n" + line + b"\nb.png,t,a,MIT\n")
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.error.code) == (2, code)
    assert isinstance(good, LabelRow)
    assert good.line == 3


@pytest.mark.parametrize(
    "values",
    [
        {"file": 1, "title": "t", "artist": "a"},
        {"file": "\ud800.png", "title": "t", "artist": "a"},
        {"file": "a.png", "title": ["t"], "artist": "a"},
        {"file": "a.png", "title": "t", "artist": "a", "genre": {"x": 1}},
        {"file": "a.png", "title": "t", "artist": "a"} | {f"c{i}": "x" for i in range(65)},
    ],
)
def test_json_values_of_the_wrong_kind_are_the_rows_fault(tmp_path: Path, values: dict[str, object]) -> None:
    (row,) = rows_of(tmp_path, json.dumps(values).encode(), "labels.jsonl")
    assert isinstance(row, BadRow)


def test_json_labels_of_other_kinds_become_text(tmp_path: Path) -> None:
    values = {"file": "a", "title": "t", "artist": "a", "year": 1907, "tags": ["sea", "boat"], "none": None}
    (row,) = rows_of(tmp_path, json.dumps(values).encode(), "labels.ndjson")
    assert isinstance(row, LabelRow)
    assert row.labels == {"year": "1907", "tags": "sea; boat"}


def test_missing_columns_are_named(tmp_path: Path) -> None:
    error = fault(tmp_path, b"file,name,by\n")
    assert error.code == "labels-columns"
    assert "missing columns title, artist; found: file, name, by" in error.message
    assert error.hint is not None
    assert ",".join(KNOWN) in error.hint
    assert "found: nothing" in fault(tmp_path, b"").message
    assert "missing column artist" in fault(tmp_path, b'{"file": "a", "title": "b"}\n', "labels.jsonl").message
    assert "'title' appears twice" in fault(tmp_path, b"file,title,artist,title\n").message


def test_wrong_encodings_name_line_and_byte(tmp_path: Path) -> None:
    latin = "file,title,artist\na.png,Sea,Ann\nb.png,Été,Bob\n".encode("latin-1")
    error = fault(tmp_path, latin)
    assert error.code == "labels-encoding"
    assert "line 3, byte 7: 0xc9 is not UTF-8" in error.message
    assert "UTF-16" in fault(tmp_path, "file,title,artist\n".encode("utf-16") + b"\x00\xd8\n\x00").message


@pytest.mark.parametrize(
    ("data", "name", "line"),
    [
        (b'file,title,artist\na.png,"t"x,a\n', "labels.csv", 2),
        (b'file,title,artist\ra.png,"t,a\r', "labels.csv", 2),
        (b'{"file": "a", "title": "t", "artist": "a"}\n{"file": \n', "labels.jsonl", 2),
        (b"[1, 2]\n", "labels.jsonl", 1),
        (b"[" * 60_000 + b"\n", "labels.jsonl", 1),
    ],
)
def test_broken_syntax_names_the_line(tmp_path: Path, data: bytes, name: str, line: int) -> None:
    error = fault(tmp_path, data, name)
    assert error.code == "labels-syntax"
    assert f"line {line}:" in error.message


def test_a_row_has_an_end(tmp_path: Path) -> None:
    endless = b'file,title,artist\na.png,t,a\nb.png,"' + b"x\n" * MAX_ROW_BYTES
    error = fault(tmp_path, endless)
    assert error.code == "labels-row-too-large"
    assert "quotation mark" in (error.hint or "")
    assert fault(tmp_path, b"x" * (MAX_ROW_BYTES + 1), "labels.jsonl").code == "labels-row-too-large"
    many = b"file,title,artist\n" + b"".join(b"%d.png,t,a\n" % number for number in range(20_000))
    assert len(rows_of(tmp_path, many)) == 20_000


def test_a_label_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        list(read_labels(tmp_path / "none.csv"))
    assert caught.value.code == "labels-missing"
