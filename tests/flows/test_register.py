"""Artists register works: one by one or a folder, signed where they have a key; the same by two is contested."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.app import Application, open_application
from ledger.corpus.labels import Unstated
from ledger.corpus.sources.portfolio import PortfolioSource
from ledger.corpus.work import Artist, Credit
from ledger.errors import LedgerError
from ledger.flows.people.principal import LOCAL, PUBLIC
from ledger.flows.works import ingest
from ledger.flows.works.register import SignedWork, WorkDetails
from ledger.record import dsse
from ledger.record.commitment import commitment_digest
from ledger.record.keys import Signer
from tests.applications import DRAWINGS, UNKNOWN_ID, labelled, query
from tests.people import Person, artist, changed, require_good_log

DETAILS = WorkDetails("Crow", "CC-BY-4.0", "", ("match", "style"), "© Ada Example", "https://ada.example/crow")


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as caught:
        call()
    return caught.value.code


def test_a_work_is_registered_with_what_its_artist_says(service: Application, database_url: str) -> None:
    ada, data = artist(service, "Ada"), DRAWINGS[0].read_bytes()
    said = replace(DETAILS, title="\u202eCrow\x00 <b>", credit_line="\u2067© Ada\tExample\u200f")
    made = service.works.registering.register(data, said, ada.artist_id, ada.principal)
    work = made.work
    assert (work.title, work.credit_line, work.link) == ("Crow <b>", "© Ada Example", DETAILS.link)
    assert (work.artist, work.licence, work.allowed_uses) == ("Ada", "CC-BY-4.0", ("match", "style"))
    [(key, metadata)] = query(database_url, "SELECT metadata_key, metadata FROM work_detail")
    assert commitment_digest(bytes(key), metadata) == made.record.statement["predicate"]["metadata"]
    again = service.works.registering.register(data, DETAILS, ada.artist_id, ada.principal)
    assert (again.record.repeated, again.work.work_id) == (True, work.work_id)
    own = service.works.registering.register(
        DRAWINGS[1].read_bytes(), WorkDetails(terms=" Ask me first. "), ada.artist_id, ada.principal
    )
    assert own.work.licence.startswith("LicenseRef-terms-")
    assert (own.work.terms, own.work.allowed_uses) == ("Ask me first.", ("match",))
    require_good_log(service)


@pytest.mark.parametrize(
    ("details", "code"),
    [
        (WorkDetails(licence="no licence at all"), "licence"),
        (WorkDetails(licence="CC0-1.0", terms="and more"), "bad-terms"),
        (WorkDetails(terms="x" * 5000), "bad-terms"),
        (WorkDetails(link="javascript:alert(1)"), "bad-link"),
        (WorkDetails(link="https://ada.example/\u202e"), "bad-link"),
        (WorkDetails(link="https://user:secret@ada.example/"), "bad-link"),
        (WorkDetails(link="https://[/"), "bad-link"),
    ],
)
def test_what_cannot_be_shown_is_refused(service: Application, details: WorkDetails, code: str) -> None:
    ada, data = artist(service, "Ada"), DRAWINGS[0].read_bytes()
    assert code_of(lambda: service.works.registering.register(data, details, ada.artist_id, ada.principal)) == code


def test_nobody_registers_in_anothers_name(service: Application) -> None:
    ada, ben, data = artist(service, "Ada"), artist(service, "Ben"), DRAWINGS[0].read_bytes()
    register = service.works.registering.register
    assert code_of(lambda: register(data, DETAILS, ada.artist_id, ben.principal)) == "wrong-account"
    assert code_of(lambda: register(data, DETAILS, ada.artist_id, PUBLIC)) == "wrong-account"
    assert code_of(lambda: register(data, DETAILS, UNKNOWN_ID, LOCAL)) == "artist-not-found"
    assert code_of(lambda: register(b"text", DETAILS, ada.artist_id, LOCAL)) == "not-an-image"


def prepared(service: Application, ada: Person, data: bytes) -> tuple[bytes, SignedWork]:
    """The payload, and what comes back signed by the artist's key."""
    draft = service.works.registering.prepare(data, DETAILS, ada.artist_id, ada.principal)
    return draft.payload, SignedWork(dsse.sign(draft.payload, [ada.key]), draft.metadata_key)


def test_who_has_a_key_signs_the_registration(service: Application) -> None:
    ada, ben = artist(service, "Ada", key=True), artist(service, "Ben", key=True)
    data, submit = DRAWINGS[0].read_bytes(), service.works.registering.submit
    assert (
        code_of(lambda: service.works.registering.register(data, DETAILS, ada.artist_id, ada.principal))
        == "signature-required"
    )
    payload, signed = prepared(service, ada, data)
    other_picture = DRAWINGS[1].read_bytes()
    other_title = replace(DETAILS, title="Raven")
    other_uses = replace(DETAILS, allowed_uses=("match", "train"))
    other_key = replace(signed, metadata_key=bytes(32))
    for wrong in (
        lambda: submit(other_picture, DETAILS, signed, ada.artist_id, ada.principal),
        lambda: submit(data, other_title, signed, ada.artist_id, ada.principal),
        lambda: submit(data, other_uses, signed, ada.artist_id, ada.principal),
        lambda: submit(data, DETAILS, other_key, ada.artist_id, ada.principal),
    ):
        assert code_of(wrong) == "statement-mismatch"
    by_ben = replace(signed, envelope=dsse.sign(payload, [ben.key]))
    assert code_of(lambda: submit(data, DETAILS, by_ben, ada.artist_id, ada.principal)) == "wrong-holder"
    assert code_of(lambda: submit(data, DETAILS, signed, ben.artist_id, ben.principal)) == "wrong-holder"
    made = submit(data, DETAILS, signed, ada.artist_id, ada.principal)
    assert base64.b64decode(made.record.envelope["payload"]) == payload, "not a byte of it was changed"
    assert [each["keyid"] for each in made.record.envelope["signatures"]][1:] == [ada.key.keyid]
    again = submit(data, DETAILS, signed, ada.artist_id, ada.principal)
    assert (again.record.repeated, again.record.record_id) == (True, made.record.record_id)
    assert code_of(lambda: prepared(service, ada, data)) == "already-registered"
    require_good_log(service)


def test_works_of_an_interrupted_run_are_compared_by_the_next(
    service: Application, database_url: str, tmp_path: Path
) -> None:
    ada, ben = artist(service, "Ada"), artist(service, "Ben", key=True)
    first = service.works.registering.register(DRAWINGS[0].read_bytes(), DETAILS, ada.artist_id, ada.principal).work
    assert query(database_url, "SELECT * FROM uncompared_work") == [], "each request compares its own work"
    folder = tmp_path / "portfolio"
    folder.mkdir()
    (folder / "a.png").write_bytes(changed(DRAWINGS[0].read_bytes()))
    source = PortfolioSource(folder, Artist(ben.artist_id, ben.name), Unstated(ben.name, "CC-BY-4.0", ("match",)))

    def interrupt(stage: str, done: int, total: int | None) -> None:
        if stage == "registering works" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.works.registering.ingest(source, ben.artist_id, LOCAL, ben.key, interrupt)
    [(copy,)] = query(database_url, "SELECT work_id::text FROM uncompared_work")
    told: list[tuple[str, int, int | None]] = []
    summary = service.works.registering.ingest(source, ben.artist_id, LOCAL, ben.key, lambda *each: told.append(each))
    assert (summary.registered_ids, summary.contested) == ((), (copy,))
    assert ("looking for copies", 1, 1) in told
    assert [each.work_id for each in service.works.catalogue.work(first.work_id).contested] == [copy]
    assert query(database_url, "SELECT * FROM uncompared_work") == []
    assert service.works.registering.ingest(source, ben.artist_id, LOCAL, ben.key).contested == ()


def test_two_registrations_of_one_work_are_both_kept_and_contested(service: Application) -> None:
    ada, ben, cleo = artist(service, "Ada"), artist(service, "Ben"), artist(service, "Cleo")
    data = DRAWINGS[0].read_bytes()
    first = service.works.registering.register(data, DETAILS, ada.artist_id, ada.principal).work
    assert first.contested == ()
    second = service.works.registering.register(data, DETAILS, ben.artist_id, ben.principal).work
    assert [(each.artist, each.relation) for each in second.contested] == [("Ada", "exact")]
    third = service.works.registering.register(changed(data), DETAILS, cleo.artist_id, cleo.principal).work
    assert [(each.artist, each.relation) for each in third.contested] == [
        ("Ada", "near-duplicate"),
        ("Ben", "near-duplicate"),
    ], "an edited copy is verified at once, and others stand in the order of the log"
    assert [each.artist for each in service.works.catalogue.work(first.work_id).contested] == ["Ben", "Cleo"]
    alone = service.works.registering.register(DRAWINGS[7].read_bytes(), DETAILS, ada.artist_id, ada.principal).work
    assert alone.contested == ()
    answer = service.pictures.verify(data)
    assert answer.report is not None
    assert {match.work_id: match.contested for match in answer.report.matches}[first.work_id] is True
    assert not any(match.contested for match in answer.report.matches if match.work_id == alone.work_id)
    found = service.pictures.look_up(data)
    assert found.matches[0].contested
    service.works.consents.withdraw(second.work_id, ben.principal)
    assert [each.artist for each in service.works.catalogue.work(first.work_id).contested] == ["Cleo"]


def portfolio(folder: Path, person: Person) -> PortfolioSource:
    unstated = Unstated(person.name, "CC0-1.0", ("match", "style"), Credit("© Ada", "https://ada.example/"))
    return PortfolioSource(folder, Artist(person.artist_id, person.name), unstated)


def test_a_portfolio_is_signed_and_goes_on_after_an_interruption(
    service: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "portfolio"
    (folder / "birds").mkdir(parents=True)
    for path in DRAWINGS[:5]:
        shutil.copy(path, folder / "birds")
    (folder / "notes.txt").write_text("not a picture")
    (folder / "birds" / ".hidden.png").write_bytes(b"")
    (folder / "broken.png").write_bytes(b"no picture")
    ada = artist(service, "Ada", key=True)
    source = portfolio(folder, ada)
    run = service.works.registering.ingest
    assert code_of(lambda: run(source, ada.artist_id, LOCAL)) == "signature-required"
    assert code_of(lambda: run(source, ada.artist_id, LOCAL, Signer.generate())) == "unknown-key"
    monkeypatch.setattr(ingest, "BATCH", 2)
    seen: list[int] = []

    def interrupt(stage: str, done: int, total: int | None) -> None:
        if stage == "registering works":
            seen.append(done)
            if done == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source, ada.artist_id, LOCAL, ada.key, interrupt)
    summary = run(source, ada.artist_id, LOCAL, ada.key)
    assert seen == [2, 4]
    assert (summary.found, summary.registered + summary.already_registered) == (6, 5)
    assert [(each.key, each.code) for each in summary.refused] == [("broken.png", "not-an-image")]
    left_out = [("birds/.hidden.png", "hidden"), ("notes.txt", "not-an-image")]
    assert [(each.key, each.code) for each in summary.left_out] == left_out
    works = service.works.catalogue.works(ada.artist_id).works
    assert {work.credit_line for work in works} == {"© Ada"}
    assert {work.licence for work in works} == {"CC0-1.0"}
    for work in works:
        signatures = service.records.get(work.registration_record_id).envelope["signatures"]
        assert [each["keyid"] for each in signatures[1:]] == [ada.key.keyid]
    require_good_log(service)


def test_a_folder_that_two_artists_register_is_contested(service: Application, tmp_path: Path) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    for path in DRAWINGS[:2]:
        shutil.copy(path, folder)
    labelled(folder, [(DRAWINGS[0].name, "The first", "Somebody Else")])
    ada, ben = artist(service, "Ada"), artist(service, "Ben")
    first = service.works.registering.ingest(portfolio(folder, ada), ada.artist_id, LOCAL)
    assert (first.registered, first.contested) == (1, ()), "what a label file lists"
    [work] = service.works.catalogue.works(ada.artist_id).works
    assert (work.title, work.artist) == ("The first", "Ada"), "no label file says whose portfolio it is"
    second = service.works.registering.ingest(portfolio(folder, ben), ben.artist_id, LOCAL)
    assert (second.registered, second.contested) == (1, second.registered_ids)


def test_a_portfolio_is_refreshed_by_its_name(service: Application, tmp_path: Path) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    shutil.copy(DRAWINGS[0], folder)
    ada = artist(service, "Ada")
    source = portfolio(folder, ada)
    again = service.works.open_source(source.name)
    assert again.name == source.name
    assert [item.key for item in again.items()] == [DRAWINGS[0].name]
    assert code_of(lambda: service.works.open_source(f"upload:{ada.artist_id}")) == "source-item-gone"
