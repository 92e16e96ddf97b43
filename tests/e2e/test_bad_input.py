"""Whatever is sent in or stands around wrong: a clear message, its exit code, and nothing half-written."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.applications import ART, DRAWINGS, UNKNOWN_ID, query
from tests.cli.commands import Commands, run_process
from tests.conftest import DatabaseUrl, admin
from tests.image.bombs import progressive_jpeg, tiff_loop, tiff_of_strips
from tests.image.samples import png_of_size, save, textured


def _noise(*shape: int, dtype: type = np.uint8) -> Image.Image:
    top = np.iinfo(dtype).max
    return Image.fromarray(np.random.default_rng(1).integers(0, top, shape, dtype=dtype))


def _animated() -> bytes:
    file = io.BytesIO()
    frames = [textured(120, 90, seed) for seed in range(3)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def refused() -> Mapping[str, tuple[bytes, str]]:
    """Name -> content, code."""
    jpeg = save(textured(200, 150), "JPEG")
    png = save(textured(200, 150), "PNG")
    damaged = bytearray(png)
    damaged[len(png) // 2] ^= 0xFF
    return {
        "zero-bytes.png": (b"", "empty-file"),
        "text.png": (b"this is no picture\n" * 9, "not-an-image"),
        "truncated.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "truncated.png": (png[: len(png) // 2], "truncated"),
        "corrupt.png": (bytes(damaged), "damaged"),
        "bomb.png": (png_of_size(50_000, 50_000), "too-many-pixels"),
        "scans.jpg": (progressive_jpeg(4000, 4000, 5_000), "too-complex"),
        "strips.tif": (tiff_of_strips(100_000), "too-complex"),
        "loop.tif": (tiff_loop(), "damaged"),
    }


def accepted() -> Mapping[str, tuple[bytes, str]]:
    """Name -> content, verdict: unusual pictures, and some that say too little to compare."""
    return {
        "one-pixel.png": (save(Image.new("RGB", (1, 1), "red"), "PNG"), "not-comparable"),
        "blank.png": (save(Image.new("RGB", (300, 300), "white"), "PNG"), "not-comparable"),
        "animated.gif": (_animated(), "none"),
        "cmyk.jpg": (save(textured(200, 150, 5).convert("CMYK"), "JPEG"), "none"),
        "sixteen-bit.png": (save(_noise(150, 200, dtype=np.uint16), "PNG"), "none"),
        "palette.png": (save(textured(200, 150, 6).convert("P"), "PNG"), "none"),
        "large.jpg": (save(textured(6000, 4000, 7), "JPEG"), "none"),
    }


def test_pictures_of_every_kind_in_one_run(registered: dict[str, str], tmp_path: Path) -> None:
    """Bad ones are named with their codes, and neither they nor what they do to a worker harm the others."""
    cases = {**refused(), **accepted()}
    for name, (content, _) in cases.items():
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / "pipe.png")
    paths = [*(tmp_path / name for name in cases), tmp_path / "pipe.png", DRAWINGS[7]]
    ended = run_process("verify", *paths, "--json", env=registered)
    assert ended.code == 2, ended.stderr
    assert len(ended.json) == len(paths)
    answers = dict(zip(cases, ended.json, strict=False))
    codes = {name: answers[name].get("error", {}).get("code") for name in refused()}
    assert codes == {name: code for name, (_, code) in refused().items()}
    verdicts = {name: answers[name]["report"]["verdict"] for name in accepted() if "report" in answers[name]}
    assert set(verdicts) == set(accepted())
    unlike = {name for name, (_, verdict) in accepted().items() if verdict == "none" and verdicts[name] == "copy"}
    assert unlike == set(), "a picture of nothing registered was called a copy"
    assert ended.json[-2]["error"]["code"] == "file-unreadable"
    for name in ("one-pixel.png", "blank.png"):
        assert verdicts[name] == "not-comparable"
    assert ended.json[-1]["report"]["matches"][0]["relation"] == "exact"
    for name in refused():
        assert f"{tmp_path / name}: " in ended.stderr
        assert answers[name]["error"]["message"]
    assert "Traceback" not in ended.stderr


def test_labels_without_their_columns_register_nothing(on_registered: Commands, tmp_path: Path) -> None:
    before = on_registered("corpus", "stats", "--json").json
    Image.new("RGB", (64, 64), "blue").save(tmp_path / "a.png")
    for labels, code in (
        (b"file,name\na.png,x\n", "labels-columns"),
        ("file,title,artist\na.png,Caf\u00e9,Zo\u00eb\n".encode("latin-1"), "labels-encoding"),
        ("file,title,artist\na.png,x,y\n".encode("utf-16")[:-1], "labels-encoding"),
    ):
        (tmp_path / "labels.csv").write_bytes(labels)
        ended = on_registered("corpus", "ingest", tmp_path, "--json")
        assert (ended.code, ended.json["error"]["code"]) == (2, code)
    assert on_registered("corpus", "stats", "--json").json == before


@pytest.fixture
def on_registered(
    registered: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """The command line on the shared ledger, in this process."""
    for name, value in registered.items():
        monkeypatch.setenv(name, value)
    return Commands(capsys)


def test_a_record_that_does_not_exist_exits_3(on_registered: Commands, tmp_path: Path) -> None:
    for line in (("lookup", UNKNOWN_ID), ("audit", "record", UNKNOWN_ID), ("lookup", "f" * 64)):
        assert on_registered(*line, "--json").code == 3, line
    ended = on_registered("lookup", UNKNOWN_ID, "--json", "--bundle", tmp_path / "b.json")
    assert ended.json["error"]["code"] == "record-not-found"
    assert not (tmp_path / "b.json").exists()


def test_an_unreachable_database_exits_4(on_registered: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/nothing")
    for line in (("verify", DRAWINGS[0]), ("corpus", "stats"), ("lookup", UNKNOWN_ID), ("corpus", "ingest", ART)):
        ended = on_registered(*line, "--json")
        document = ended.json
        assert (ended.code, document["error"]["code"]) == (4, "database-unreachable"), line
        assert "secret" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "database-not-migrated"),
        ("UPDATE alembic_version SET version_num = '9999'", "database-newer"),
        ("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'", "pgvector-too-old"),
        ("DROP EXTENSION vector CASCADE", "pgvector-missing"),
    ],
)
def test_a_database_that_does_not_fit_exits_2(
    statement: str, code: str, database_url: str, artledger_on: Commands
) -> None:
    query(database_url, statement)
    for line in (("verify", DRAWINGS[0]), ("corpus", "ingest", DRAWINGS[0].parent), ("lookup", UNKNOWN_ID)):
        ended = artledger_on(*line, "--json")
        assert (ended.code, ended.json["error"]["code"]) == (2, code), line
        assert ended.json["error"]["hint"], "it says what to do"
    assert query(database_url, "SELECT count(*) FROM entry") == [(0,)]


@pytest.fixture
def artledger_on(
    database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Commands:
    """The command line on an empty database, in this process."""
    monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_url)
    monkeypatch.setenv("ARTLEDGER_DATA_DIR", str(tmp_path / "data"))
    return Commands(capsys)


def test_an_empty_database_is_made_ready_by_the_command_it_names(
    database_server: DatabaseUrl, artledger_on: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin(database_server("postgres"), "CREATE DATABASE unprepared")
    try:
        monkeypatch.setenv("ARTLEDGER_DATABASE_URL", database_server("unprepared"))
        ended = artledger_on("corpus", "stats", "--json")
        assert (ended.code, ended.json["error"]["code"]) == (2, "database-not-migrated")
        assert "artledger db upgrade" in ended.json["error"]["hint"]
        assert artledger_on("db", "upgrade", "--json").json == {"changed": True}
        assert artledger_on("corpus", "stats", "--json").json["works"] == 0
    finally:
        admin(database_server("postgres"), "DROP DATABASE unprepared WITH (FORCE)")


def test_a_data_folder_that_cannot_be_made_exits_2(artledger_on: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = artledger_on("keys", "show", "--data", tmp_path / "file" / "data", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (2, "data-folder")
