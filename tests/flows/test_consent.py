"""Artists decide: terms and withdrawals take effect with their leaf, by the artist alone; what is personal goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.app import Application, open_application
from ledger.corpus.work import ALL_USES
from ledger.errors import LedgerError
from ledger.flows.people.principal import LOCAL, PUBLIC, Principal
from ledger.flows.works.register import WorkDetails
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.predicates import Consent
from ledger.record.statement import Statement, parse_payload, statement_payload
from ledger.record.times import now_text
from tests.applications import DRAWINGS, query
from tests.people import Person, artist, require_good_log

KEPT = ("work_detail", "work_vector", "work_local", "preview", "duplicate_asked")


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


def registered(service: Application, person: Person, number: int = 0) -> str:
    """The id of a drawing that the artist registered for every use."""
    data, details = DRAWINGS[number].read_bytes(), WorkDetails(title="Mine", allowed_uses=ALL_USES)
    if person.signer is None:
        made = service.works.registering.register(data, details, person.artist_id, person.principal)
    else:
        made = service.works.registering.sign_and_submit(
            data, details, person.artist_id, person.principal, person.signer
        )
    assert not made.record.repeated
    return made.work.work_id


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(LedgerError) as caught:
        call()
    return caught.value.code


def verdict(service: Application, number: int = 0) -> str:
    answer = service.pictures.verify(DRAWINGS[number].read_bytes())
    assert answer.report is not None
    return answer.report.verdict


def test_terms_take_effect_at_once_and_can_come_back(service: Application) -> None:
    ada = artist(service, "Ada")
    work_id = registered(service, ada)
    assert verdict(service) == "copy"
    sha256 = service.works.catalogue.work(work_id).sha256
    assert service.store.opt_outs.untrainable().reason(sha256) is None
    answer = service.works.consents.change(work_id, ada.principal, ("style",), "CC-BY-4.0")
    assert answer.kind == "consent"
    work = service.works.catalogue.work(work_id)
    assert (work.allowed_uses, work.licence, work.withdrawn) == (("style",), "CC-BY-4.0", False)
    assert verdict(service) == "none", "out of matching with the leaf"
    assert service.store.opt_outs.untrainable().reason(sha256) is not None, "and out of training"
    service.works.consents.change(work_id, ada.principal, ("match",))
    assert verdict(service) == "copy"
    assert [each.artist_id for each in service.store.works.artists_without_style()] == [ada.artist_id]
    assert code_of(lambda: service.works.consents.draft_terms(work_id, ada.principal, ["match"])) == "terms-unchanged"
    require_good_log(service)


def test_unchanged_terms_append_nothing(service: Application) -> None:
    """Whoever states them again, in whatever order or signed anew, gets the record that states them already."""
    ada = artist(service, "Ada")
    work_id = registered(service, ada)
    size = service.records.entries.head().size
    again = service.works.consents.change(work_id, ada.principal, tuple(reversed(ALL_USES)))
    assert (again.repeated, again.kind) == (True, "registration")
    stated = service.works.consents.change(work_id, ada.principal, ("style",), "CC-BY-4.0")
    for _ in range(3):
        again = service.works.consents.change(work_id, ada.principal, ("style",), "CC-BY-4.0")
        assert (again.repeated, again.record_id) == (True, stated.record_id)
    assert service.records.entries.head().size == size + 1
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: service.works.consents.change(work_id, ada.principal, ["match"]), range(8))
        )
    assert len({answer.record_id for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7
    assert service.records.entries.head().size == size + 2


def test_unchanged_terms_that_are_signed_anew_append_nothing(service: Application) -> None:
    ada = artist(service, "Ada", key=True)
    work_id = registered(service, ada)
    consents = service.works.consents
    before = parse_payload(consents.draft_terms(work_id, ada.principal, ["match"]))
    predicate = before.predicate
    assert isinstance(predicate, Consent)
    first = consents.submit(work_id, _signed_terms(before, predicate, ada), ada.principal)
    size = service.records.entries.head().size
    for _ in range(3):
        anew = predicate.model_copy(update={"record_id": new_id(), "generated_at": now_text()})
        answer = consents.submit(work_id, _signed_terms(before, anew, ada), ada.principal)
        assert (answer.repeated, answer.record_id) == (True, first.record_id)
    assert service.records.entries.head().size == size
    back = predicate.model_copy(update={"record_id": new_id(), "allowed_uses": ALL_USES})
    assert not consents.submit(work_id, _signed_terms(before, back, ada), ada.principal).repeated
    anew = predicate.model_copy(update={"record_id": new_id()})
    assert not consents.submit(work_id, _signed_terms(before, anew, ada), ada.principal).repeated, (
        "they changed between"
    )
    assert service.records.entries.head().size == size + 2
    require_good_log(service)


def _signed_terms(statement: Statement, predicate: Consent, person: Person) -> bytes:
    payload = statement_payload(statement.subject_name, statement.subject_sha256, predicate)
    return dsse.sign(payload, [person.key])


def test_a_withdrawal_is_final_and_erases_what_is_kept(service: Application, database_url: str) -> None:
    ada = artist(service, "Ada")
    work_id = registered(service, ada)
    assert verdict(service) == "copy"
    assert query(database_url, "SELECT count(*) FROM preview") == [(1,)]
    answer = service.works.consents.withdraw(work_id, ada.principal)
    assert answer.statement["predicate"]["reason"] == "artist"
    for table in KEPT:
        assert query(database_url, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert verdict(service) == "none"
    assert service.works.catalogue.preview(work_id) is None
    work = service.works.catalogue.work(work_id)
    assert (work.withdrawn, work.title, work.artist) == (True, "", "Ada"), "the leaves stay, and so does the artist"
    assert code_of(lambda: service.works.consents.withdraw(work_id, ada.principal)) == "work-withdrawn"
    assert code_of(lambda: service.works.consents.change(work_id, ada.principal, ["match"])) == "work-withdrawn"
    assert service.store.opt_outs.untrainable().reason(work.sha256) is not None
    again = registered(service, ada)
    assert again != work_id, "registered anew, it is another work"
    assert verdict(service) == "copy"
    require_good_log(service)
    assert service.upkeep.administration.check().exit_code == 0


def test_nobody_speaks_in_anothers_name(service: Application) -> None:
    ada, ben = artist(service, "Ada"), artist(service, "Ben")
    work_id = registered(service, ada)
    administrator = Principal("administrator", ben.artist_id, frozenset({"works"}))
    for other in (ben.principal, PUBLIC, administrator):
        assert code_of(lambda other=other: service.works.consents.change(work_id, other, [])) == "wrong-account"  # type: ignore[misc]
        assert code_of(lambda other=other: service.works.consents.withdraw(work_id, other)) == "wrong-account"  # type: ignore[misc]
        assert code_of(lambda other=other: service.works.consents.draft_withdrawal(work_id, other)) == "wrong-account"  # type: ignore[misc]
    assert code_of(lambda: service.works.consents.withdraw(work_id, ada.principal, "legal")) == "not-administrator"
    assert (
        code_of(lambda: service.works.consents.withdraw("01900000-0000-7000-8000-000000000000", LOCAL))
        == "work-not-found"
    )
    answer = service.works.consents.withdraw(work_id, administrator, "legal")
    assert answer.statement["predicate"]["reason"] == "legal"


def test_who_has_a_key_signs(service: Application) -> None:
    ada, ben = artist(service, "Ada", key=True), artist(service, "Ben", key=True)
    work_id, other_id = registered(service, ada), registered(service, ada, 1)
    consents = service.works.consents
    assert code_of(lambda: consents.change(work_id, ada.principal, ["match"])) == "signature-required"
    assert code_of(lambda: consents.withdraw(work_id, LOCAL)) == "signature-required"
    payload = consents.draft_terms(work_id, ada.principal, ["match"])
    signed = dsse.sign(payload, [ada.key])
    assert code_of(lambda: consents.submit(other_id, signed, ada.principal)) == "statement-mismatch"
    assert code_of(lambda: consents.submit(work_id, signed, ben.principal)) == "wrong-holder"
    assert code_of(lambda: consents.submit(work_id, dsse.sign(payload, [ben.key]), ben.principal)) == "wrong-holder"
    stranger = dsse.sign(payload, [Signer.generate()])
    assert code_of(lambda: consents.submit(work_id, stranger, ada.principal)) == "unknown-key"
    first = consents.submit(work_id, signed, ada.principal)
    assert len(first.envelope["signatures"]) == 2, "the service's and the artist's, over one payload"
    repeated = consents.submit(work_id, signed, ada.principal)
    assert (repeated.repeated, repeated.record_id) == (True, first.record_id)
    withdrawal = dsse.sign(consents.draft_withdrawal(work_id, ada.principal), [ada.key])
    assert consents.submit(work_id, withdrawal, ada.principal).kind == "withdrawal"
    assert consents.submit(work_id, withdrawal, ada.principal).repeated
    assert service.works.catalogue.preview(work_id) is None
    service.log.keys.revoke(ada.key.keyid)
    late = dsse.sign(consents.draft_withdrawal(other_id, ada.principal), [ada.key])
    assert code_of(lambda: consents.submit(other_id, late, ada.principal)) == "signer-revoked"
    require_good_log(service)


def test_a_subject_has_no_name_but_what_it_is(service: Application) -> None:
    """What stands on the log stands there for ever: a statement must not smuggle a person's name in."""
    ada = artist(service, "Ada", key=True)
    work_id = registered(service, ada)
    statement = parse_payload(service.works.consents.draft_withdrawal(work_id, ada.principal))
    payload = statement_payload("Ada Example", statement.subject_sha256, statement.predicate)
    signed = dsse.sign(payload, [ada.key])
    assert code_of(lambda: service.works.consents.submit(work_id, signed, ada.principal)) == "statement-mismatch"
