"""Claims over a real log and real comparisons: the story of two artists, a generator, an auditor, and a thief."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ledger.claim.standing import ClaimsWanted
from ledger.errors import LedgerError
from ledger.flows.claims.file import MAX_RESPONSES
from ledger.flows.claims.statements import ClaimOrder
from ledger.flows.claims.submission import SentStatement
from ledger.flows.people.principal import LOCAL, PUBLIC
from ledger.record import dsse
from ledger.record.keys import Signer
from ledger.record.predicates import Claim
from ledger.record.statement import parse_payload, statement_payload
from ledger.storage.works.erasure import Erasure
from tests.applications import UNKNOWN_ID, application_with
from tests.conftest import DatabaseUrl
from tests.flows.claim_world import World, audited, codes, forged, picture, refusal, verdict
from tests.flows.people import artist, made_here, model_facts, person
from tests.generated import encoded
from tests.match.drawings import drawing
from tests.people import require_good_log


@pytest.fixture(scope="module")
def world(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("claims")
    with application_with(database_server, template, folder / "data") as application:
        ada, ada_works = artist(application, "Ada", folder / "ada", drawing(201), drawing(202), drawing(203))
        bob, bob_works = artist(application, "Bob", folder / "bob", drawing(211), drawing(203))
        generated = made_here(application, drawing(221, 256), model_facts("one"))
        made_here(application, drawing(222, 256), model_facts("two"))
        model = next(
            entry for entry in application.store.records.find(kind="model")
            if parse_payload(dsse.parse(entry.envelope).payload).subject_sha256 == model_facts("one").weights_sha256
        )  # fmt: skip
        predicate = parse_payload(dsse.parse(model.envelope).payload).predicate
        model_id = getattr(predicate, "model_id", "")
        yield World(
            application, ada, ada_works, bob, bob_works, person(application, "auditor", "Vera"), generated, model_id
        )
        require_good_log(application)  # whatever the tests made


def test_a_true_claim_of_authorship(world: World) -> None:
    edited = world.ada.claim("authored-image", picture(201, side=300, quality=70), text="I drew this in 2019.")
    assert verdict(edited) == "supported"
    assert codes(edited) == {"own-work"}
    assert edited.signed
    assert edited.text == "I drew this in 2019."
    assert edited.claimant == "Ada"
    audited(world, edited)


@pytest.mark.parametrize("edit", ["file", "stripped", "resized"])
def test_a_picture_that_this_server_made_is_nobodys_own(world: World, edit: str) -> None:
    file = {
        "file": world.generated,
        "stripped": encoded(drawing(221, 256), "PNG", compress_level=1),
        "resized": encoded(drawing(221, 256).resize((190, 190)), "JPEG", quality=70),
    }[edit]
    answer = world.ada.claim("authored-image", file)
    assert verdict(answer) == "contradicted"
    assert "made-here" in codes(answer)
    audited(world, answer)
    assert world.application.claims.review(answer.claim_id).verdicts == answer.verdicts


def test_a_mirrored_copy_of_a_generated_picture_is_contradicted_by_what_was_measured(world: World) -> None:
    mirrored = encoded(drawing(221, 256).transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG")
    answer = world.bob.claim("authored-image", mirrored)
    assert verdict(answer) == "contradicted"
    assert codes(answer) == {"made-here", "shows-generated"}
    assert answer.verdict is not None
    assert [each["finding"] for each in answer.verdict.measured] == ["shows-generated"]
    audited(world, answer)


def test_the_story_of_a_copy_claim(world: World) -> None:
    ada, bob = world.ada, world.bob
    true = ada.claim("copies-work", picture(202, side=350, quality=60), world.ada_works[1])
    assert verdict(true) == "supported"
    false = ada.claim("copies-work", picture(299), world.ada_works[1])
    assert verdict(false) == "inconclusive"
    assert codes(false) == {"work-not-shown"}
    for answer in (true, false):
        audited(world, answer)
    answered = bob.respond(true.claim_id, "I was given it by a friend.")
    assert [(step.party, step.text, step.signed) for step in answered.responses] == [
        ("Bob", "I was given it by a friend.", True)
    ]
    claims = world.application.claims
    draft = claims.draft_resolution(
        true.claim_id, world.auditor.account_id, "supported", "I compared both.", world.auditor.principal
    )
    sent = world.auditor.sent(draft.payload, draft.text, draft.text_key)
    resolved = claims.resolve(true.claim_id, sent, world.auditor.principal)
    assert [(step.party, step.outcome) for step in resolved.resolutions] == [("Vera", "supported")]
    assert resolved.verdicts == true.verdicts
    audited(world, resolved)


def test_an_unknown_picture_is_inconclusive(world: World) -> None:
    answer = world.bob.claim("authored-image", picture(298))
    assert verdict(answer) == "inconclusive"
    assert codes(answer) == set()
    audited(world, answer)


def test_the_same_work_registered_by_two_is_contested_for_both(world: World) -> None:
    """Ada registered it first, Bob second: neither gains, neither is contradicted."""
    for who, expected in ((world.ada, "contested-later"), (world.bob, "contested-earlier")):
        answer = who.claim("authored-image", picture(203, side=400))
        assert verdict(answer) == "inconclusive"
        assert expected in codes(answer)
        assert answer.verdict is not None
        assert answer.verdict.contested
        audited(world, answer)


def test_generated_by(world: World) -> None:
    assert verdict(world.ada.claim("generated-by", world.generated, model_id=world.model_id)) == "supported"
    other = encoded(drawing(222, 256).resize((200, 200)), "JPEG", quality=80)
    answer = world.ada.claim("generated-by", other, model_id=world.model_id)
    assert verdict(answer) == "contradicted"
    audited(world, answer)


def test_trained_on(world: World, tmp_path: Path) -> None:
    application = world.application
    works = application.store.works.works(world.ada_works)
    digests = sorted({works[world.ada_works[0]].sha256, *(f"{number:064x}" for number in range(5))})
    manifest = tmp_path / "manifest.txt"
    manifest.write_text("".join(f"{digest}\n" for digest in digests))
    model = application.log.models.register(model_facts("disclosed", manifest)).in_record
    listed = world.ada.claim("trained-on", None, world.ada_works[0], model_id=model.model_id)
    assert verdict(listed) == "supported"
    absent = world.ada.claim("trained-on", None, world.ada_works[1], model_id=model.model_id)
    assert verdict(absent) == "inconclusive"
    assert codes(absent) == {"not-listed"}
    undisclosed = world.ada.claim("trained-on", None, world.ada_works[1], model_id=world.model_id)
    assert codes(undisclosed) == {"undisclosed"}
    for answer in (listed, absent, undisclosed):
        audited(world, answer)


def test_the_same_claim_again_is_the_same_record(world: World) -> None:
    first = world.ada.claim("authored-image", picture(201, side=222))
    again = world.ada.claim("authored-image", picture(201, side=222))
    assert again.repeated
    assert (again.claim_id, again.verdicts) == (first.claim_id, first.verdicts)


def test_new_evidence_makes_a_new_verdict_that_refers_to_the_old_one(world: World, tmp_path: Path) -> None:
    claimed = encoded(drawing(231), "PNG")
    alone = world.bob.claim("authored-image", claimed)
    unchanged = world.application.claims.review(alone.claim_id)
    assert unchanged.verdicts == alone.verdicts
    carla, works = artist(world.application, "Carla", tmp_path / "carla", drawing(231))
    reviewed = world.application.claims.review(alone.claim_id)
    assert [each.verdict for each in reviewed.verdicts] == ["inconclusive", "inconclusive"]
    assert reviewed.verdict is not None
    assert alone.verdict is not None
    assert reviewed.verdict.replaces == alone.verdict.record_id
    assert codes(reviewed) == {"registered-by-another"}
    again = world.application.claims.review(alone.claim_id, claimed)
    assert again.verdicts == reviewed.verdicts
    audited(world, again)
    assert verdict(carla.claim("authored-image", claimed)) == "supported"
    made = carla.claim("copies-work", claimed, works[0])
    assert verdict(made) == "supported"
    _, _ = artist(world.application, "Thief", tmp_path / "thief", drawing(231))
    after = world.application.claims.review(made.claim_id)
    assert [each.verdict for each in after.verdicts] == ["supported", "inconclusive"]
    audited(world, after)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (ClaimOrder("copies-work"), "bad-claim"),
        (ClaimOrder("trained-on"), "bad-claim"),
        (ClaimOrder("authored-image", model_id=UNKNOWN_ID), "bad-claim"),
        (ClaimOrder("copies-work", (UNKNOWN_ID,)), "work-not-found"),
        (ClaimOrder("copies-work", ("x",)), "bad-id"),
        (ClaimOrder("generated-by", model_id=UNKNOWN_ID), "model-not-found"),
        (ClaimOrder("authored-image", text="x" * 4001), "bad-claim-text"),
        (ClaimOrder("authored-image", (UNKNOWN_ID,) * 2), "bad-claim"),
    ],
)
def test_claims_that_make_no_sense_are_refused(world: World, order: ClaimOrder, code: str) -> None:
    assert refusal(order, world.ada, picture(201)) == code


def test_nobody_claims_with_anothers_works_or_in_anothers_name(world: World) -> None:
    own = ClaimOrder("copies-work", (world.ada_works[0],))
    assert refusal(own, world.bob, picture(201)) == "work-not-yours"
    assert refusal(ClaimOrder("authored-image"), world.ada, picture(201), world.bob.principal) == "wrong-account"
    assert refusal(ClaimOrder("authored-image"), world.ada, picture(201), PUBLIC) == "scope-missing"
    assert refusal(ClaimOrder("authored-image"), world.auditor, picture(201), LOCAL) == "bad-claimant"
    assert refusal(ClaimOrder("authored-image"), world.ada, None) == "claim-image"


def test_what_is_signed_is_what_is_filed(world: World) -> None:
    claims, data = world.application.claims, picture(201, side=180)
    payload = forged(world, "authored-image", data)
    signed = dsse.sign(payload, [world.ada.key])
    for sent, principal, picture_sent, code in (
        (SentStatement(signed), world.bob.principal, data, "wrong-holder"),
        (SentStatement(dsse.sign(payload, [world.bob.key])), world.ada.principal, data, "wrong-holder"),
        (SentStatement(dsse.sign(payload, [Signer.generate()])), world.ada.principal, data, "unknown-key"),
        (SentStatement(signed), world.ada.principal, picture(202), "other-image"),
        (SentStatement(payload=payload), world.ada.principal, data, "signature-required"),
        (SentStatement(payload=payload), LOCAL, data, "signature-required"),
        (SentStatement(signed, text="more"), world.ada.principal, data, "bad-claim-text"),
    ):
        with pytest.raises(LedgerError) as caught:
            claims.file(sent, picture_sent, principal)
        assert caught.value.code == code
    statement = parse_payload(payload)
    assert isinstance(statement.predicate, Claim)
    others = statement.predicate.model_copy(update={"works": (world.bob_works[0],)})
    envelope = dsse.sign(statement_payload("image", statement.subject_sha256, others), [world.ada.key])
    with pytest.raises(LedgerError) as caught:
        claims.file(SentStatement(envelope), data, world.ada.principal)
    assert caught.value.code == "work-not-yours"


def test_an_artist_without_a_key_is_spoken_for_by_the_person_at_the_machine(world: World) -> None:
    claims = world.application.claims
    account = world.application.people.accounts.create("artist", "Nobody")
    draft = claims.draft(ClaimOrder("authored-image"), account.account_id, picture(297), LOCAL)
    answer = claims.file(SentStatement(payload=draft.payload), picture(297), LOCAL)
    assert not answer.signed
    audited(world, answer)


def test_a_response_to_one_claim_is_none_to_another(world: World) -> None:
    claims = world.application.claims
    one = world.ada.claim("authored-image", picture(201, side=190))
    other = world.ada.claim("authored-image", picture(201, side=191))
    draft = claims.draft_response(one.claim_id, world.bob.account_id, "no", world.bob.principal)
    sent = world.bob.sent(draft.payload, draft.text, draft.text_key)
    with pytest.raises(LedgerError) as caught:
        claims.respond(other.claim_id, sent, world.bob.principal)
    assert caught.value.code == "other-claim"
    with pytest.raises(LedgerError) as caught:
        claims.respond(UNKNOWN_ID, sent, world.bob.principal)
    assert caught.value.code == "claim-not-found"
    with pytest.raises(LedgerError) as caught:
        claims.resolve(one.claim_id, sent, world.auditor.principal)
    assert caught.value.code == "unexpected-kind"


def test_nobody_buries_a_claim_in_answers(world: World) -> None:
    claim = world.ada.claim("authored-image", picture(201, side=192))
    claims, bob = world.application.claims, world.bob
    draft = claims.draft_response(claim.claim_id, bob.account_id, "first", bob.principal)
    first = bob.sent(draft.payload, draft.text, draft.text_key)
    claims.respond(claim.claim_id, first, bob.principal)
    for number in range(1, MAX_RESPONSES):
        bob.respond(claim.claim_id, f"answer {number}")
    with pytest.raises(LedgerError) as caught:
        bob.respond(claim.claim_id, "one more")
    assert caught.value.code == "too-many-responses"
    assert len(claims.respond(claim.claim_id, first, bob.principal).responses) == MAX_RESPONSES, "the same again"
    assert len(world.ada.respond(claim.claim_id, "enough").responses) == MAX_RESPONSES + 1
    audited(world, world.application.claims.reading.get(claim.claim_id))


def test_words_can_be_erased_and_the_claim_stays(world: World) -> None:
    dora = person(world.application, "artist", "Dora")
    claim = dora.claim("authored-image", picture(296), text="It is mine\u202e really.")
    assert claim.text == "It is mine really."
    Erasure(world.application.store.database).of_person(dora.account_id)
    after = world.application.claims.reading.get(claim.claim_id)
    assert after.text is None
    assert after.verdicts == claim.verdicts
    audited(world, after)


def test_claims_are_listed_by_party_and_by_picture(world: World) -> None:
    eve = person(world.application, "artist", "Eve")
    made = [eve.claim("authored-image", picture(number)).claim_id for number in (294, 295)]
    reading = world.application.claims.reading
    page = reading.page(ClaimsWanted(eve.account_id), limit=1)
    assert [each.claim_id for each in page.claims] == made[:1]
    assert page.next_after is not None
    assert [each.claim_id for each in reading.page(ClaimsWanted(eve.account_id), after=page.next_after).claims] == made[
        1:
    ]
    image = page.claims[0].image_sha256
    assert [each.claim_id for each in reading.page(ClaimsWanted(sha256=image)).claims] == made[:1]
