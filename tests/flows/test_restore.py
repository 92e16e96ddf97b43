"""The database is lost and the published log is not: the log comes back, is the same one, and goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from ledger.app import Application, open_application
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import replay_log
from ledger.errors import ConflictError, IntegrityError, LedgerError, VerificationError
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.claims.submission import SentStatement
from ledger.flows.upkeep import restore
from ledger.log.objects import ObjectReader
from ledger.log.vkey import VerifierKey
from ledger.record import dsse
from ledger.record.keys import Signer, create_private_file
from tests.applications import ART, GENEROUS, application_with, query, register
from tests.conftest import DatabaseUrl, admin, copied
from tests.people import Person, artist, changed

WORKS = [ART / name for name in ("beagle_copper_ganson.png", "trawler_01.png", "lighthouse_01.png")]
NEW_WORK = ART / "happy_monkey_benji_park_01.png"


@dataclass(frozen=True)
class Lost:
    """A ledger whose database is gone; `data` has its keys, its published log and its last checkpoint."""

    data: Path
    key: VerifierKey
    person: Person
    revoked: Signer
    entries: list[tuple[Any, ...]]
    keys: list[tuple[Any, ...]]
    backup: str
    """URL of a database as it was before the last records."""

    @property
    def log(self) -> Path:
        return self.data / "log"

    def copy(self, folder: Path) -> Path:
        """Its data folder, for one test to use."""
        return Path(shutil.copytree(self.data, folder / "data"))


_ENTRIES = "SELECT leaf_index, record_id, leaf_hash, envelope, dedup_key FROM entry ORDER BY leaf_index"
_KEYS = "SELECT keyid, role, holder_id FROM holder_key ORDER BY keyid"


def source(folder: Path, *pictures: Path) -> Path:
    folder.mkdir()
    for picture in pictures:
        shutil.copy(picture, folder)
    rows = [f"{picture.name},{picture.stem},Somebody" for picture in pictures]
    (folder / "labels.csv").write_text("\n".join(("file,title,artist", *rows, "")))
    return folder


def claim(application: Application, person: Person) -> str:
    """Claims to have made a picture; the record's id."""
    picture = WORKS[0].read_bytes()
    order = ClaimOrder("authored-image", (), None, None)
    draft = application.claims.draft(order, person.artist_id, picture, person.principal)
    sent = SentStatement(envelope=dsse.sign(draft.payload, [person.key]), text=draft.text, text_key=draft.text_key)
    return application.claims.file(sent, picture, person.principal).claim_id


@pytest.fixture(scope="module")
def lost(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    """With works, a verification, an artist's keys, one of them revoked, and a claim."""
    folder = tmp_path_factory.mktemp("lost")
    data = folder / "ledger"
    with copied(database_server, template) as backup, application_with(database_server, template, data) as made:
        register(made, source(folder / "works", *WORKS))
        made.pictures.verification.verify(changed(WORKS[0].read_bytes()))
        made.log.settle()
        url = url_of(made)
        made.store.database.close()
        replace_database(database_server, backup, url)
        person = artist(made, "Ada", key=True)
        second = Signer.from_seed(b"2" * 32)
        made.people.keys.announce(person.artist_id, second, person.principal, person.key)
        made.log.keys.revoke(second.keyid)
        made.log.keys.rotate()
        claim(made, person)
        made.log.settle()
        entries, keys = query(url, _ENTRIES), query(url, _KEYS)
        yield Lost(data, made.log.signer.key, person, second, entries, keys, backup)


def replace_database(database_server: DatabaseUrl, url: str, origin_url: str) -> None:
    """Makes the database at `url` a copy of another one, to which nobody is connected."""
    name, other = (make_url(each).database for each in (url, origin_url))
    admin(
        database_server("postgres"),
        f"DROP DATABASE {name} WITH (FORCE)",
        f"CREATE DATABASE {name} TEMPLATE {other}",
    )


@pytest.fixture
def opened(lost: Lost, database_url: str, tmp_path: Path) -> Iterator[Application]:
    """That installation on an empty database."""
    with open_application(data_dir=lost.copy(tmp_path), database_url=database_url, **GENEROUS) as application:
        yield application


def test_the_log_comes_back_and_is_the_same(lost: Lost, opened: Application, database_url: str) -> None:
    told: list[str] = []
    done = opened.log.restoring.run(str(lost.log), lost.key, progress=lambda stage, done, total: told.append(stage))
    assert (done.size, done.written, done.origin) == (len(lost.entries), len(lost.entries), lost.key.name)
    assert set(told) >= {"verifying entries", "restoring entries", "rebuilding projections"}
    assert [row[:4] for row in query(database_url, _ENTRIES)] == [row[:4] for row in lost.entries]
    assert query(database_url, _KEYS) == lost.keys
    assert opened.upkeep.administration.check().exit_code == 0


def test_questions_and_key_events_are_recognised_again(lost: Lost, opened: Application, database_url: str) -> None:
    opened.log.restoring.run(str(lost.log), lost.key)
    kinds = dict(query(database_url, "SELECT leaf_index, kind FROM record"))
    restored = query(database_url, _ENTRIES)
    keys = {kind: [(row[0], row[4]) for row in restored if kinds[row[0]] == kind] for kind in kinds.values()}
    before = {kind: [(row[0], row[4]) for row in lost.entries if kinds[row[0]] == kind] for kind in keys}
    assert keys["key"] == before["key"]
    assert keys["claim"] == before["claim"]
    assert keys["verification"][0] == before["verification"][0]
    (asked, _), (for_the_claim, same_question) = keys["verification"][0], keys["verification"][1]
    assert asked < for_the_claim
    assert same_question is not None, "about another picture"
    assert all(key is None for kind in ("calibration", "registration") for _, key in keys[kind])


def test_the_restored_log_goes_on(lost: Lost, opened: Application, tmp_path: Path) -> None:
    opened.log.restoring.run(str(lost.log), lost.key)
    with pytest.raises(LedgerError) as refusal:
        opened.people.keys.announce(lost.person.artist_id, lost.revoked, lost.person.principal, lost.person.key)
    assert refusal.value.code == "account-not-found", "accounts are not on the log"
    register(opened, source(tmp_path / "new", NEW_WORK))
    opened.log.settle()
    outcome = replay_log(str(opened.store.data_dir / "log"), lost.key, checker=EntryChecker(lost.key.name), jobs=1)
    assert outcome.audit.exit_code == 0
    assert outcome.entries == len(lost.entries) + 1
    assert opened.upkeep.administration.check().exit_code == 0


def test_works_without_fingerprints_are_never_taken_for_compared(lost: Lost, opened: Application) -> None:
    """Else every picture would be told that no registered work was found in it."""
    assert opened.log.restoring.run(str(lost.log), lost.key).unfingerprinted == len(WORKS)
    with pytest.raises(ConflictError) as refusal:
        opened.pictures.verify(NEW_WORK.read_bytes())
    assert refusal.value.code == "corpus-not-refreshed"
    refreshed = opened.upkeep.refreshing.run("default")
    assert {each.code for each in refreshed.refused} == {"source-unknown"}
    assert len(refreshed.refused) == len(WORKS)
    assert opened.works.catalogue.stats().works == len(WORKS)


def test_an_older_backup_is_completed(
    lost: Lost, database_server: DatabaseUrl, database_url: str, tmp_path: Path
) -> None:
    replace_database(database_server, database_url, lost.backup)
    data = lost.copy(tmp_path)
    with open_application(data_dir=data, database_url=database_url, **GENEROUS) as application:
        with pytest.raises(ConflictError) as refusal:
            application.log.restoring.run(str(lost.log), lost.key)
        assert refusal.value.code == "database-not-empty"
        assert refusal.value.hint is not None
        assert "--continue" in refusal.value.hint
        done = application.log.restoring.run(str(lost.log), lost.key, onto=True)
        assert 0 < done.written < done.size == len(lost.entries)
        assert done.unfingerprinted == 0
        answer = application.pictures.verify(changed(WORKS[0].read_bytes()))
        assert answer.repeated, "the same question has its record"
        assert answer.report is not None
        assert answer.report.verdict == "copy"
        assert application.upkeep.administration.check().exit_code == 0
    assert query(database_url, _KEYS) == lost.keys


def test_an_interrupted_restore_goes_on(
    lost: Lost, opened: Application, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = len(lost.entries) // 2
    monkeypatch.setattr(restore, "_batches", in_pieces(half))

    def stop(stage: str, done: int, total: int | None) -> None:
        if stage == "restoring entries" and done == half:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened.log.restoring.run(str(lost.log), lost.key, progress=stop)
    assert opened.store.entries.head().size == half
    done = opened.log.restoring.run(str(lost.log), lost.key, onto=True)
    assert (done.size, done.written) == (len(lost.entries), len(lost.entries) - half)
    assert query(database_url, _KEYS) == lost.keys
    assert opened.upkeep.administration.check().exit_code == 0


def in_pieces(size: int) -> Callable[[ObjectReader, int, int], Iterator[list[bytes]]]:
    whole = restore._batches

    def batches(objects: ObjectReader, start: int, end: int) -> Iterator[list[bytes]]:
        entries = [entry for batch in whole(objects, start, end) for entry in batch]
        for first in range(0, len(entries), size):
            yield entries[first : first + size]

    return batches


def refused(application: Application, lost: Lost, log: Path | None = None, *, onto: bool = False) -> LedgerError:
    """The refusal; asserts that the database has not changed."""
    before = application.log.restoring.store.head(lost.key.name, onto=True)
    with pytest.raises(LedgerError) as refusal:
        application.log.restoring.run(str(log or lost.log), lost.key, onto=onto)
    assert application.log.restoring.store.head(lost.key.name, onto=True) == before
    return refusal.value


def test_a_log_that_fails_its_audit_is_not_restored(lost: Lost, opened: Application, tmp_path: Path) -> None:
    altered = Path(shutil.copytree(lost.log, tmp_path / "altered"))
    bundle = max((altered / "tile" / "entries").rglob("*/*"), key=lambda path: int(path.name))
    data = bytearray(bundle.read_bytes())
    data[100] ^= 1
    bundle.write_bytes(data)
    error = refused(opened, lost, altered)
    assert (type(error), error.code) == (VerificationError, "log-refuted")
    assert "entries" in error.message


def test_a_log_that_cannot_be_read_is_not_restored(lost: Lost, opened: Application, tmp_path: Path) -> None:
    part = Path(shutil.copytree(lost.log, tmp_path / "part"))
    shutil.rmtree(part / "tile" / "entries")
    assert refused(opened, lost, part).code == "log-refuted"
    assert refused(opened, lost, tmp_path).code == "no-checkpoint"


def test_an_older_copy_than_what_was_signed_here_is_not_restored(
    lost: Lost, opened: Application, database_server: DatabaseUrl, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    with (
        copied(database_server, str(make_url(lost.backup).database)) as url,
        open_application(data_dir=older, database_url=url, **GENEROUS) as application,
    ):
        shutil.copytree(lost.data / "keys", older / "keys")
        application.log.settle()
    error = refused(opened, lost, older / "log")
    assert (type(error), error.code) == (IntegrityError, "log-behind")


def test_another_log_or_key_is_not_restored(lost: Lost, opened: Application, database_url: str, tmp_path: Path) -> None:
    key_file = opened.store.data_dir / "keys" / "log.pem"
    key_file.unlink()
    assert refused(opened, lost).code == "log-key-missing"
    create_private_file(key_file, Signer.generate().to_pem())
    assert refused(opened, lost).code == "other-key"
    shutil.copy(lost.data / "keys" / "log.pem", key_file)
    with open_application(
        data_dir=opened.store.data_dir, database_url=database_url, origin="elsewhere.example/log"
    ) as other:
        assert refused(other, lost).code == "other-log"
        assert other.log.origin == "elsewhere.example/log", "an empty log of that name, from here on"
    with pytest.raises(ConflictError) as refusal:
        opened.log.restoring.run(str(lost.log), lost.key)
    assert refusal.value.code == "other-log"


def test_a_database_with_other_entries_is_not_restored(lost: Lost, opened: Application, tmp_path: Path) -> None:
    data = tmp_path / "other"
    with open_application(data_dir=data, database_url=url_of(opened), **GENEROUS) as other:
        register(other, source(tmp_path / "new", NEW_WORK))
    assert refused(opened, lost).code == "database-not-empty"
    assert refused(opened, lost, onto=True).code == "other-log"


def url_of(application: Application) -> str:
    url = application.settings.database_url
    assert url is not None
    return url.get_secret_value()
