"""Copies within a corpus: found by the matcher, every pair of a group verified, kept, and counted once in shares."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from ledger.app import Application, open_application
from ledger.errors import PushbackError
from ledger.flows.works import duplicates as dedup
from ledger.flows.works.duplicates import Groups
from ledger.match.lists import COPY_RELATIONS
from ledger.record.ids import new_id
from ledger.record.parts import Ref
from ledger.record.predicates import Withdrawal
from ledger.record.statement import statement_payload
from ledger.record.times import now_text
from tests.applications import DRAWINGS, labelled, query, register

ORIGINALS = DRAWINGS[:8]
COPIED = ORIGINALS[3]
"""Its file again by somebody else, its pixels in other bytes, and a small JPEG of it."""


def saved(source: Path, target: Path, scale: float = 1.0) -> None:
    with Image.open(source) as opened:
        picture = opened.convert("RGBA")
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture)
        flat.resize((round(flat.width * scale), round(flat.height * scale))).save(target, quality=80)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    works = tmp_path / "works"
    works.mkdir()
    for path in ORIGINALS:
        shutil.copy(path, works)
    rows = [(path.name, path.stem, "Somebody") for path in ORIGINALS]
    shutil.copy(COPIED, works / "same-file.png")
    saved(COPIED, works / "same-pixels.png")
    saved(COPIED, works / "smaller.jpg", 0.8)
    Image.new("RGB", (300, 200), "white").save(works / "blank.png")
    Image.new("RGB", (200, 300), "white").save(works / "blank-too.png")
    rows += [(name, name, "Copyist") for name in ("same-file.png", "same-pixels.png", "smaller.jpg")]
    rows += [(name, name, "Painter of white") for name in ("blank.png", "blank-too.png")]
    return labelled(works, rows)


@pytest.fixture
def ledger(database_url: str, tmp_path: Path, folder: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        register(opened, folder)
        yield opened


def groups_of(application: Application) -> Groups:
    found = application.works.duplicates.run()
    assert found is not None
    return found


def withdraw(application: Application, work_id: str) -> None:
    work = application.store.works.works([work_id])[work_id]
    registration = Ref(leaf_hash=work.registration_leaf_hash, record_id=work.registration_record_id)
    predicate = Withdrawal(
        generated_at=now_text(),
        origin=application.log.origin,
        reason="artist",
        record_id=new_id(),
        refs=(registration,),
        work_id=work_id,
    )
    payload = statement_payload("work", work.sha256, predicate)
    application.log.sequencer.submit(predicate.record_id, payload).result(20)


def test_the_copies_of_one_drawing_are_one_group_and_nothing_else_is(ledger: Application, tmp_path: Path) -> None:
    found = groups_of(ledger)
    summary = ledger.works.duplicates_report.make(found, tmp_path / "out")
    (group,) = summary.groups
    assert {work.title for work in group.works} == {COPIED.stem, "same-file.png", "same-pixels.png", "smaller.jpg"}
    assert group.group_id == group.works[0].work_id, "the id of the work that was registered first"
    named = {work.work_id: work.title for work in group.works}
    relations = {frozenset((named[pair.first], named[pair.second])): pair.found["relation"] for pair in group.pairs}
    assert set(relations) == {frozenset(pair) for pair in combinations(named.values(), 2)}, "every pair, each once"
    assert set(relations.values()) <= COPY_RELATIONS
    assert relations[frozenset((COPIED.stem, "same-file.png"))] == "exact"
    assert all(pair.found["evidence"] for pair in group.pairs if pair.found["relation"] == "near-duplicate")
    assert {each.work.title for each in summary.not_comparable} == {"blank.png", "blank-too.png"}
    (sheet,) = summary.sheets
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"
        assert len(picture.getcolors(1 << 20) or ()) > 100, "the works are to be seen on it"


def test_asked_again_nothing_changes_and_nobody_is_asked(ledger: Application, database_url: str) -> None:
    first = groups_of(ledger)
    again = groups_of(ledger)
    assert (first.asked, again.asked) == (first.works, 0)
    assert (again.groups, again.pairs) == (first.groups, first.pairs)
    assert query(database_url, "SELECT count(*), count(DISTINCT group_id) FROM duplicate_group") == [(4, 1)]


def test_an_interrupted_run_goes_on_and_ends_the_same(ledger: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dedup, "BATCH", 4)

    def interrupt(stage: str, done: int, total: int | None) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.works.duplicates.run(interrupt)
    assert ledger.store.duplicates.groups() == {}, "groups are kept once they are whole"
    rest = groups_of(ledger)
    assert rest.asked == rest.works - 4
    assert [len(works) for works in rest.groups.values()] == [4]


def test_shares_count_a_group_once(ledger: Application) -> None:
    """Without groups the copyist's three copies outweigh the one original."""
    groups_of(ledger)
    groups = ledger.store.duplicates.groups()
    offered = {each.work_id: each.duplicate_group for each in ledger.store.index.candidates(list(groups))}
    assert offered == groups
    answer = ledger.pictures.verify(COPIED.read_bytes())
    assert answer.report is not None
    [copy] = [match for match in answer.report.matches if match.relation in COPY_RELATIONS]
    assert copy.group in groups.values()
    [share] = answer.report.shares
    assert (share.group, share.artist_ids) == (copy.group, copy.artist_ids)
    assert len(share.artist_ids) == 2


def test_withdrawn_works_leave_their_group_at_once(ledger: Application) -> None:
    found = groups_of(ledger)
    ((group_id, works),) = found.groups.items()
    withdraw(ledger, works[0])
    assert set(ledger.store.duplicates.groups()) == set(works[1:])
    again = groups_of(ledger)
    assert again.groups == {works[1]: works[1:]}
    assert group_id not in again.groups


def test_a_new_copy_joins_the_group(ledger: Application, folder: Path, tmp_path: Path) -> None:
    before = groups_of(ledger)
    more = tmp_path / "more"
    more.mkdir()
    saved(COPIED, more / "late.png", 0.9)
    register(ledger, labelled(more, [("late.png", "late", "Latecomer")]))
    after = groups_of(ledger)
    assert after.asked == 1, "the calibration stands: only what is new is asked"
    (group_id,) = before.groups
    assert len(after.groups[group_id]) == 5


def test_one_at_a_time(ledger: Application) -> None:
    with ledger.works.duplicates.lock(), pytest.raises(PushbackError) as refused:
        ledger.works.duplicates.run()
    assert refused.value.code == "dedup-running"


def test_an_empty_corpus_is_said(database_url: str, tmp_path: Path) -> None:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as empty:
        found = empty.works.duplicates.run()
        summary = empty.works.duplicates_report.make(found, tmp_path / "out")
    assert found is None
    assert "artledger corpus ingest" in summary.notes[0]
    assert not (tmp_path / "out").exists()
