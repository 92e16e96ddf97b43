"""Label files as people have them: of spreadsheets, with columns of other names, and of hostile sizes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.corpus.columns import meanings
from ledger.corpus.label_lines import MAX_FILE_BYTES, MAX_LINES
from ledger.corpus.labels import MAX_BAD_ROWS, BadRow, LabelRow, read_labels
from ledger.errors import InputError
from tests.corpus.label_files import fault, rows_of

TABLE = 'file,title,artist,licence\na.png,Stra\u00dfe,J\u00fcrgen,CC-BY-4.0\nb.png,"Two, three",Jo,\n'
SHEETS = {
    "semicolons": TABLE.replace('"Two, three"', "@").replace(",", ";").replace("@", "Two, three").encode("utf-8-sig"),
    "tabs": TABLE.replace('"Two, three"', "@").replace(",", "\t").replace("@", "Two, three").encode(),
    "sep line": b"sep=,\r\n" + TABLE.encode(),
    "sep line in quotes": b'"sep=,",,,\r\n' + TABLE.encode(),
    "sep bar": b"sep=|\n" + TABLE.replace('"Two, three"', "@").replace(",", "|").replace("@", "Two, three").encode(),
    "utf-16": TABLE.encode("utf-16"),
    "utf-16 big-endian": b"\xfe\xff" + TABLE.encode("utf-16-be"),
    "utf-16 without a mark": TABLE.encode("utf-16-le"),
    "carriage returns": TABLE.replace("\n", "\r").encode(),
    "carriage return, line feed": TABLE.replace("\n", "\r\n").encode(),
    "empty columns": "".join(f"{line},,,\r\n" for line in TABLE.splitlines()).encode(),
    "empty rows": (TABLE + ",,,\n" * 300 + "\n\n").encode(),
    "empty rows in front": b"\n,,,\n" + TABLE.encode(),
    "short row": TABLE.replace("Jo,", "Jo").encode(),
    "a number in front": ("," + TABLE.replace("\na", "\n0,a").replace("\nb", "\n1,b")).encode(),
}


@pytest.mark.parametrize("sheet", SHEETS)
def test_what_spreadsheets_write_is_read(tmp_path: Path, sheet: str) -> None:
    one, two = rows_of(tmp_path, SHEETS[sheet])
    assert isinstance(one, LabelRow)
    assert isinstance(two, LabelRow)
    assert (one.file, one.title, one.artist, one.licence) == ("a.png", "Stra\u00dfe", "J\u00fcrgen", "CC-BY-4.0")
    assert (two.file, two.title, two.artist, two.licence) == ("b.png", "Two, three", "Jo", "LicenseRef-unknown")


def test_line_ends_at_the_ends_of_blocks(tmp_path: Path) -> None:
    for end in ("\r\n", "\r", "\n"):
        for filler in range(40, 46):
            line = f"a.png,{'t' * filler},a{end}"
            count = 3 * 65536 // len(line)
            rows = rows_of(tmp_path, f"file,title,artist{end}".encode() + line.encode() * count)
            assert [row.line for row in rows] == list(range(2, count + 2))


@pytest.mark.parametrize(
    ("column", "cell", "licence", "uses"),
    [
        ("license", "CC BY 4.0", "CC-BY-4.0", ("match",)),
        ("License URL", "https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", ("match",)),
        ("LICENSE_ID", "cc0", "CC0-1.0", ("match",)),
        ("Rights", "CC0 1.0", "CC0-1.0", ("match",)),
        ("Allowed uses", "none", "LicenseRef-unknown", ()),
        ("usage", "style", "LicenseRef-unknown", ("style",)),
        ("allowed-uses", "none", "LicenseRef-unknown", ()),
    ],
)
def test_columns_that_state_terms_are_understood(
    tmp_path: Path, column: str, cell: str, licence: str, uses: tuple[str, ...]
) -> None:
    (row,) = rows_of(tmp_path, f"filename,title,creator,{column}\na.png,t,Ann,{cell}\n".encode())
    assert isinstance(row, LabelRow)
    assert (row.artist, row.licence, row.allowed_uses, row.labels) == ("Ann", licence, uses, {})
    line = json.dumps({"file_name": "a.png", "title": "t", "author": "Ann", column: cell})
    (same,) = rows_of(tmp_path, line.encode(), "labels.jsonl")
    assert isinstance(same, LabelRow)
    assert (same.file, same.licence, same.allowed_uses) == (row.file, row.licence, row.allowed_uses)


@pytest.mark.parametrize(
    ("column", "choice"),
    [
        ("lisence", "licence"),
        ("licence_de", "licence"),
        ("alowed_uses", "allowed_uses"),
        ("AI training", "allowed_uses"),
        ("opt-out", "allowed_uses"),
        ("copyright", "credit_line, licence or terms"),
        ("rights holder", "licence or terms"),
        ("credit line text", "credit_line"),
        ("artists", "artist"),
    ],
)
def test_columns_that_resemble_terms_are_refused_with_the_nearest_names(
    tmp_path: Path, column: str, choice: str
) -> None:
    error = fault(tmp_path, f"file,title,artist,{column}\na.png,t,a,no\n".encode())
    assert error.code == "labels-columns"
    assert f"Did you mean {choice}?" in (error.hint or "")
    lines = [
        {"file": "a.png", "title": "t", "artist": "a"},
        {"file": "b.png", "title": "t", "artist": "a", column: "no"},
    ]
    _, bad = rows_of(tmp_path, "\n".join(map(json.dumps, lines)).encode(), "labels.jsonl")
    assert isinstance(bad, BadRow), "a later line, too, is not registered without its terms"


def test_columns_of_one_meaning_agree_or_the_row_is_refused(tmp_path: Path) -> None:
    header = "file,title,artist,license,license_url,uses,allowed_uses\n"
    url = "https://creativecommons.org/licenses/by/4.0/deed.de"
    same, licences, uses = rows_of(
        tmp_path, f"{header}a.png,t,a,CC BY 4.0,{url},match,\nb.png,t,a,CC0,{url},,\nc.png,t,a,,,match,none\n".encode()
    )
    assert isinstance(same, LabelRow)
    assert (same.licence, same.allowed_uses) == ("CC-BY-4.0", ("match",))
    assert [row.error.code for row in (licences, uses) if isinstance(row, BadRow)] == ["labels-row", "labels-row"]


def test_other_columns_stay_labels() -> None:
    plain = ("genre", "year", "style", "file_size", "artist_id", "text", "url", "keywords", "determined", "width")
    assert not meanings(plain)


def test_hostile_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(b"file,title,artist\n")
    with path.open("r+b") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(InputError) as caught:
        next(read_labels(path))
    assert caught.value.code == "labels-too-large"
    assert fault(tmp_path, b"file,title,artist\n" + b"\n" * MAX_LINES).code == "labels-too-large"
    error = fault(tmp_path, b"file,title,artist\n" + b"x\n" * (MAX_BAD_ROWS + 1))
    assert f"line {MAX_BAD_ROWS + 2}: more than 10,000 rows cannot be used" in error.message
