"""`open_application`: a program's ledger, from registering a folder to an offline proof."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger import open_application, verify_bundle
from ledger.app import Application
from ledger.errors import InputError, NotFoundError
from ledger.library import Ledger
from tests.applications import ART, UNKNOWN_ID
from tests.people import changed

DRAWING = ART / "beagle_copper_ganson.png"


@pytest.fixture
def ledger(application: Application) -> Ledger:
    """Over the drawings that are registered there."""
    return Ledger(application)


def test_compare_prove_and_check(ledger: Ledger, tmp_path: Path) -> None:
    picture = tmp_path / "edited.jpg"
    picture.write_bytes(changed(DRAWING.read_bytes()))
    known = ledger.look_up(picture)
    assert known.matches[0].relation == "near-duplicate"
    record = ledger.verify(picture, top_k=3)
    assert record.report is not None
    assert (record.report.verdict, len(record.report.matches)) == ("copy", 3)
    assert ledger.verify(picture).repeated
    assert ledger.record(record.record_id).statement == record.statement
    proof = verify_bundle(ledger.bundle(record.record_id), ledger.log_key)
    assert proof
    assert (proof.origin, proof.statement) == (ledger.origin, record.statement)
    assert proof.is_about(picture)
    assert not proof.is_about(DRAWING)
    by_digest = ledger.look_up(record.statement["subject"][0]["digest"]["sha256"])
    assert [each.record_id for each in by_digest.records] == [record.record_id]


def test_what_is_not_there(ledger: Ledger, tmp_path: Path) -> None:
    for absent, kind in ((UNKNOWN_ID, NotFoundError), ("no id", InputError)):
        with pytest.raises(kind):
            ledger.record(absent)
    with pytest.raises(InputError):
        ledger.look_up("no digest")
    with pytest.raises(NotFoundError):
        ledger.verify(tmp_path / "nothing.png")
    with pytest.raises(InputError):
        ledger.verify(b"no picture")


def test_a_folder_is_registered_once(database_url: str, tmp_path: Path) -> None:
    works = tmp_path / "works"
    works.mkdir()
    shutil.copy(DRAWING, works)
    (works / "labels.csv").write_text(f"file,title,artist\n{DRAWING.name},Beagle,Copper Ganson\n")
    with open_application(tmp_path / "data", database_url=database_url) as ledger:
        assert ledger.register_folder(works).registered == 1
        again = ledger.register_folder(works)
        assert (again.registered, again.already_registered) == (0, 1)
    assert (tmp_path / "data" / "log" / "checkpoint").exists(), "leaving it publishes"


def test_settings_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refusal:
        open_application(tmp_path, decode_worker=2)
    assert "decode_worker" in refusal.value.message
    with pytest.raises(InputError) as refusal:
        open_application(tmp_path, decode_workers="none")
    assert refusal.value.code == "settings"
    assert not (tmp_path / "keys").exists(), "nothing is made before it is used"
