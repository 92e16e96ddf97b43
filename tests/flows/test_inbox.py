"""Whom a record is told to and why; claims have a clock; a rebuilt projection tells the same, and webhooks once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ledger.answers.claim_clock import ClaimTimes
from ledger.answers.claims import ClaimAnswer
from ledger.app import Application
from ledger.claim.standing import ClaimsWanted
from ledger.errors import LedgerError
from ledger.flows.works.register import SignedWork, WorkDetails
from ledger.record import dsse
from ledger.record.ids import new_id
from tests.applications import application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import Person, artist, person
from tests.generated import encoded
from tests.match.drawings import drawing

RESOLVED = "I compared both."


class Story:
    """Ada draws; Bob registers her drawing as his, and claims it; Vera decides."""

    def __init__(self, application: Application, folder: Path) -> None:
        self.application = application
        self.ada, self.ada_works = artist(application, "Ada", folder / "ada", drawing(601), drawing(602))
        self.bob, _ = artist(application, "Bob", folder / "bob", drawing(601))
        self.eve = person(application, "artist", "Eve")
        self.vera = person(application, "auditor", "Vera")
        application.works.duplicates.run()
        self.copy = encoded(drawing(602).resize((300, 300)), "JPEG", quality=80)
        application.pictures.verify(self.copy)
        self.claim = self.bob.claim("authored-image", encoded(drawing(601), "PNG"), text="Mine.")
        self.ada.respond(self.claim.claim_id, "It is mine.")
        self.bob.respond(self.claim.claim_id, "No, mine.")
        self.resolve("contradicted")

    def resolve(self, outcome: Any) -> ClaimAnswer:
        claims, vera = self.application.claims, self.vera
        draft = claims.draft_resolution(self.claim.claim_id, vera.account_id, outcome, RESOLVED, vera.principal)
        return claims.resolve(self.claim.claim_id, vera.sent(draft.payload, draft.text, draft.text_key), vera.principal)

    def told(self, who: Person) -> list[str]:
        return [each.reason for each in self.application.people.inbox.page(who.account_id, limit=200).notices]

    def listed(self, **wanted: Any) -> list[str]:
        page = self.application.claims.reading.page(ClaimsWanted(**wanted), limit=200)
        return [each.claim_id for each in page.claims]


@pytest.fixture(scope="module")
def story(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("inbox")
    with application_with(database_server, template, folder / "data") as application:
        yield Story(application, folder)


def test_everybody_is_told_what_concerns_them_and_not_what_they_did(story: Story) -> None:
    assert story.told(story.ada) == ["own-name", "contest", "use", "claim", "use", "response", "resolution"]
    assert story.told(story.bob) == ["own-name", "use", "response", "resolution"], (
        "his claim's picture is on record, too"
    )
    assert story.told(story.eve) == ["own-name"], "nothing of this concerns her"
    assert story.told(story.vera) == ["own-name"], "her own key"
    notices = {each.reason: each for each in story.application.people.inbox.page(story.ada.account_id).notices}
    claim_page = f"/claims/{story.claim.claim_id}"
    assert notices["claim"].links["page"] == notices["resolution"].links["page"] == claim_page
    assert notices["contest"].links["page"].startswith("/works/")
    assert notices["use"].says == "A picture is a copy of a work of yours."
    assert notices["own-name"].kind == "key"


def test_reading_moves_forward_only(story: Story) -> None:
    inbox, ada = story.application.people.inbox, story.ada.account_id
    notices = inbox.page(ada).notices
    assert inbox.unread(ada) == len(notices)
    inbox.read(ada, notices[1].leaf_index)
    inbox.read(ada, notices[0].leaf_index)
    assert inbox.unread(ada) == len(notices) - 2
    assert [each.leaf_index for each in inbox.newest(ada, 200)] == [each.leaf_index for each in reversed(notices)]
    first = inbox.page(ada, limit=2)
    assert first.next_after == notices[1].leaf_index
    assert inbox.page(ada, after=first.next_after).notices == notices[2:]
    assert inbox.newest(ada, 1, before=notices[1].leaf_index) == notices[:1]
    with pytest.raises(LedgerError, match="limit"):
        inbox.page(ada, limit=0)


def test_a_rebuilt_projection_tells_the_same(story: Story) -> None:
    """And webhooks are not sent anything again."""
    database = story.application.store.database
    before = {each.account_id: story.told(each) for each in (story.ada, story.bob, story.vera)}
    with database.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO webhook VALUES (:id, :account, 'https://ada.example/', :secret, now())"),
            {"id": new_id(), "account": story.ada.account_id, "secret": bytes(32)},
        )
    story.application.store.projector.rebuild()
    assert {each.account_id: story.told(each) for each in (story.ada, story.bob, story.vera)} == before
    with database.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM webhook_delivery")).scalar() == 0
    story.application.pictures.verify(encoded(drawing(602).resize((333, 333)), "JPEG", quality=80))
    assert story.told(story.ada)[-1] == "use"
    with database.begin() as connection:
        assert list(connection.execute(sa.text("SELECT reason FROM webhook_delivery")).scalars()) == ["use"]
        connection.execute(sa.text("DELETE FROM webhook"))


def test_an_edited_copy_that_another_registers_is_told_when_it_is_found(story: Story) -> None:
    edited = encoded(drawing(602).rotate(2, fillcolor="white").resize((420, 420)), "JPEG", quality=85)
    eve = story.eve
    registering = story.application.works.registering
    details = WorkDetails("My own", "CC-BY-4.0", "", ("match",), "", "")
    draft = registering.prepare(edited, details, eve.account_id, eve.principal)
    signed = SignedWork(dsse.sign(draft.payload, [eve.key]), draft.metadata_key)
    work = registering.submit(edited, details, signed, eve.account_id, eve.principal).work
    assert [each.artist for each in work.contested] == ["Ada"]
    newest = story.application.people.inbox.newest(story.ada.account_id, 1)[0]
    assert (newest.reason, newest.links["page"]) == ("contest", f"/works/{work.work_id}")
    before = story.told(story.ada)
    story.application.store.projector.rebuild()
    assert story.told(story.ada) == before


def test_new_terms_are_told_to_whose_work_it_is(story: Story) -> None:
    before = len(story.told(story.ada))
    consents, ada = story.application.works.consents, story.ada
    payload = consents.draft_terms(story.ada_works[1], ada.principal, ("match", "train"), None)
    consents.submit(story.ada_works[1], dsse.sign(payload, [ada.key]), ada.principal)
    assert story.told(story.ada)[before:] == ["own-name"]


def test_where_claims_stand(story: Story) -> None:
    claim_id = story.claim.claim_id
    assert story.listed(about=story.ada.account_id) == [claim_id]
    assert story.listed(about=story.bob.account_id) == [], "he made it"
    assert story.listed(claimant_id=story.bob.account_id) == [claim_id]
    assert story.listed(standing="decided") == [claim_id]
    assert story.listed(standing="open") == story.listed(standing="stands") == []
    assert story.listed(standing="contested") == [claim_id]
    rules = story.claim.verdict.verdict if story.claim.verdict else None
    assert (story.listed(standing="overturned") == [claim_id]) == (rules != "contradicted")
    story.resolve("supported")
    assert story.listed(standing="overturned") == [claim_id], "she decided otherwise before"
    statistics = story.application.claims.reading.statistics()
    assert (statistics.claims, statistics.decided, statistics.open, statistics.overturned) == (1, 1, 0, 1)
    assert (statistics.answered, statistics.outcomes, statistics.dismissed) == (1, {"supported": 1}, ())


@pytest.mark.parametrize(
    ("age", "answered", "decided", "phase", "words"),
    [
        (0, False, False, "answering", "asked to answer by"),
        (15, False, False, "deciding", "that proves nothing"),
        (15, True, False, "deciding", "Auditors are asked to decide by"),
        (61, False, False, "stands", "the verdict of the rules stands. One still may."),
        (61, False, True, "decided", "An auditor decided it."),
    ],
)
def test_the_clock(age: int, answered: bool, decided: bool, phase: str, words: str) -> None:
    filed = datetime.now(UTC) - timedelta(days=age)
    clock = ClaimTimes(14, 60).clock(filed, answered=answered, decided=decided)
    assert clock.phase == phase
    assert words in clock.says
    assert clock.answer_by < clock.decide_by


def test_time_passes(story: Story) -> None:
    """What is asked of the database agrees with the clock of the answer."""
    claim = story.eve.claim("authored-image", encoded(drawing(610), "PNG"))
    board = story.application.claims.reading.board
    now = datetime.now(UTC)
    stands, is_open = ClaimsWanted(standing="stands"), ClaimsWanted(standing="open")
    for since, wanted, other in (
        (now - timedelta(days=60), is_open, stands),
        (now + timedelta(seconds=5), stands, is_open),
    ):
        listed = [
            [each.record_id for each in board.listed(asked, since, after=-1, limit=50)] for asked in (wanted, other)
        ]
        assert listed == [[claim.claim_id], []]
    assert claim.clock.phase == "answering"
