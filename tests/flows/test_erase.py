"""Erasing a person, on an embedded database: nothing personal is found anywhere afterwards, and the log verifies."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger.app import Application, open_application
from ledger.audit.entries import EntryChecker
from ledger.audit.verifier import audit_bundle
from ledger.audit.whole_log.replay import replay_log
from ledger.errors import LedgerError
from ledger.flows.people.principal import LOCAL
from ledger.flows.works.register import WorkDetails
from ledger.log.vkey import parse_vkey
from ledger.storage import tables
from ledger.storage.works import erasure
from tests.applications import DRAWINGS, UNKNOWN_ID
from tests.people import Person, artist, changed

NAME = "Ada Quodlibet-Xanthippe"
TITLES = ("Zyzzyva in Ochre", "Zyzzyva at Dusk")
LINK = "https://quodlibet.example/ada"
CREDIT = "Painted by Xanthippe the Elder"
TERMS = "Ask Xanthippe before you print it"
SLICE = 120
"""Bytes of a preview that are looked for: less than a page of the database holds of it."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Application]:
    """With a database of its own below the data folder."""
    with open_application(data_dir=tmp_path / "data") as opened:
        yield opened


def registered(service: Application, person: Person) -> list[str]:
    """Two works, and what usually follows: a picture verified, the log published, copies looked for."""
    ids = []
    for drawing, title in zip(DRAWINGS, TITLES, strict=False):
        details = WorkDetails(title, terms=TERMS, allowed_uses=("match",), credit_line=CREDIT, link=LINK)
        data = drawing.read_bytes()
        made = service.works.registering.sign_and_submit(data, details, person.artist_id, person.principal, person.key)
        ids.append(made.work.work_id)
    service.people.accounts.issue_token(person.artist_id, ["works"])
    other = artist(service, "Ben")
    copy = WorkDetails("A copy", allowed_uses=("match",))
    service.works.registering.register(changed(DRAWINGS[0].read_bytes()), copy, other.artist_id, other.principal)
    service.works.duplicates_report.make(service.works.duplicates.run(), service.store.data_dir / "copies")
    service.pictures.verify(DRAWINGS[1].read_bytes())
    service.log.settle()
    return ids


DOMAIN, HOOK = "xanthippes-own.example", "https://hooks.example/for-xanthippe-alone"


def personal(service: Application, ids: list[str]) -> dict[str, bytes]:
    """What must not be found, in bytes, by what it is."""
    found = {text: text.encode() for text in (NAME, "Xanthippe", *TITLES, LINK, CREDIT, TERMS)}
    for work_id in ids:
        preview = service.works.catalogue.preview(work_id)
        assert preview is not None
        for start in range(0, len(preview) - SLICE, 1000):
            found[f"preview of {work_id} at {start}"] = preview[start : start + SLICE]
    return found


def in_tables(service: Application, wanted: dict[str, bytes]) -> set[str]:
    """What the rows of any table hold, as the server prints them."""
    found: set[str] = set()
    with service.store.database.begin_as_owner() as connection:
        for table in tables.metadata.tables:
            for (row,) in connection.execute(sa.text(f"SELECT r::text FROM {table} r")):
                found |= {what for what, data in wanted.items() if data.decode("latin-1") in row or data.hex() in row}
    return found


def in_leaves(service: Application, wanted: dict[str, bytes]) -> set[str]:
    """What the log's leaves hold, with their payloads decoded."""
    found: set[str] = set()
    for entry in service.store.entries.read(0, service.store.entries.head().size):
        texts = (entry.envelope, base64.b64decode(json.loads(entry.envelope)["payload"]))
        found |= {what for what, data in wanted.items() for text in texts if data in text}
    return found


def in_files(data_dir: Path, wanted: dict[str, bytes]) -> set[str]:
    """What files below the data folder hold, the database's among them: it may lie elsewhere where root runs this."""
    elsewhere = data_dir / "postgres" / "location"
    folders = [data_dir, *([Path(elsewhere.read_text().strip())] if elsewhere.is_file() else [])]
    found: set[str] = set()
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found |= {what for what, data in wanted.items() if data in content or data.decode("latin-1") in str(path)}
    return found


def test_nothing_personal_remains(service: Application, tmp_path: Path) -> None:
    ada = artist(service, NAME, key=True)
    ids = registered(service, ada)
    bundle = service.records.bundle(service.works.catalogue.work(ids[0]).registration_record_id)
    service.people.domains._record(ada.artist_id, DOMAIN, "dns")
    service.people.webhooks.add(ada.artist_id, HOOK)
    wanted = personal(service, ids) | {text: text.encode() for text in (DOMAIN, HOOK)}
    assert len(wanted) > 8
    with service.store.database.owner_session() as connection:
        connection.execute(sa.text("ANALYZE"))
        connection.execute(sa.text("CHECKPOINT"))
    assert in_tables(service, wanted) == in_files(service.store.data_dir, wanted) == set(wanted), (
        "what is looked for is found"
    )
    assert list((service.store.data_dir / "copies").glob("*.png"))

    done = service.works.person_erasure.erase(ada.artist_id)

    assert (done.withdrawn, done.left, done.keys_revoked) == (2, (), (ada.key.keyid,))
    service.log.settle()
    assert in_tables(service, wanted) == set()
    assert in_leaves(service, wanted) == set()
    assert in_files(service.store.data_dir, wanted) == set()
    assert not list((service.store.data_dir / "copies").glob("*.png")), "contact sheets show works with their names"
    assert service.works.catalogue.artist(ada.artist_id).name == ""
    assert service.people.accounts.page()[0].name == "Ben"
    answer = service.pictures.verify(DRAWINGS[1].read_bytes())
    assert answer.report is not None
    assert set(ids).isdisjoint(match.work_id for match in answer.report.matches)
    service.log.settle()
    key = parse_vkey(service.log.vkey)
    audited = replay_log(str(service.store.data_dir / "log"), key, checker=EntryChecker(key.name), jobs=1)
    assert audited.audit.exit_code == 0, "the leaves stay, and verify"
    assert audited.entries == service.store.entries.head().size
    assert (
        audit_bundle(bundle, service.log.vkey, [bytes.fromhex(each) for each in service.log.record_keys]).exit_code == 0
    )
    assert service.upkeep.administration.check().exit_code == 0
    again = service.works.person_erasure.erase(ada.artist_id)
    assert (again.withdrawn, again.keys_revoked) == (0, ()), "an interrupted erasure is run again"
    service.close()
    assert in_files(tmp_path / "data", wanted) == set(), "nor does the server write anything of it when it stops"


def test_erased_works_stay_away_where_that_is_asked_for(service: Application) -> None:
    ada = artist(service, NAME)
    data = DRAWINGS[3].read_bytes()
    service.works.registering.register(data, WorkDetails("One"), ada.artist_id, ada.principal)
    ben = artist(service, "Ben")
    theirs = service.works.registering.register(changed(data), WorkDetails("Mine"), ben.artist_id, ben.principal).work
    done = service.works.person_erasure.erase(ada.artist_id, opt_out=True)
    assert (done.withdrawn, done.opted_out) == (1, 3), "bytes, pixels and look"
    assert done.alike == (theirs.work_id,)
    assert not service.works.catalogue.work(theirs.work_id).withdrawn, "nobody is erased along with somebody else"
    with pytest.raises(LedgerError) as refused:
        service.works.registering.register(changed(changed(data)), WorkDetails("One"), ben.artist_id, ben.principal)
    assert refused.value.code == "opted-out"
    with pytest.raises(LedgerError) as missing:
        service.works.registering.register(data, WorkDetails("One"), ada.artist_id, LOCAL)
    assert missing.value.code == "artist-not-found", "whoever was erased is nobody here any more"
    for unknown, code in ((UNKNOWN_ID, "artist-not-found"), ("nobody", "bad-id")):
        with pytest.raises(LedgerError) as refused:
            service.works.person_erasure.erase(unknown)
        assert refused.value.code == code


def test_a_withdrawn_works_title_is_gone_from_the_disk(service: Application) -> None:
    """Heap, indexes, statistics and write-ahead log; the artist and the other work stay."""
    ada = artist(service, NAME)
    ids = []
    for drawing, title in zip(DRAWINGS, TITLES, strict=False):
        details = WorkDetails(title, credit_line=CREDIT)
        ids.append(
            service.works.registering.register(drawing.read_bytes(), details, ada.artist_id, ada.principal).work.work_id
        )
    preview = service.works.catalogue.preview(ids[0])
    assert preview is not None
    wanted = {TITLES[0]: TITLES[0].encode(), "preview": preview[1000 : 1000 + SLICE]}
    other = {TITLES[1]: TITLES[1].encode()}
    service.upkeep.disk_erasure.now()
    assert not service.upkeep.disk_erasure.due()

    service.works.consents.withdraw(ids[0], ada.principal)
    assert in_tables(service, wanted) == set()
    assert in_files(service.store.data_dir, wanted) == set(wanted), (
        "a deleted row lies on: otherwise this test shows nothing"
    )
    assert service.upkeep.disk_erasure.due()
    stop = threading.Event()
    running = threading.Thread(target=service.upkeep.disk_erasure.run, args=(stop,), kwargs={"interval": 0.05})
    running.start()  # as `serve` runs it
    deadline = time.monotonic() + 60
    while service.upkeep.disk_erasure.due():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stop.set()
    running.join()
    assert in_files(service.store.data_dir, wanted) == set()
    assert in_files(service.store.data_dir, other) == set(other)
    assert service.works.catalogue.work(ids[1]).title == TITLES[1]


def test_what_cannot_be_erased_yet_is_tried_again(service: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = artist(service, NAME)
    work = service.works.registering.register(
        DRAWINGS[0].read_bytes(), WorkDetails("One"), ada.artist_id, ada.principal
    ).work
    service.works.consents.withdraw(work.work_id, ada.principal)
    with service.store.database.begin_as_owner() as connection:
        connection.execute(sa.text("LOCK TABLE work_detail IN ACCESS SHARE MODE"))
        monkeypatch.setattr(erasure, "SECONDS_FOR_LOCK", 1)
        (left,) = service.upkeep.disk_erasure.now()
        assert "work_detail" in left
    assert service.upkeep.disk_erasure.due()
    assert service.upkeep.disk_erasure.now() == ()
    assert not service.upkeep.disk_erasure.due()
