"""Claims' bundles: bounded in records, made once for what was said, cheap for whoever asks again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.app import Application, open_application
from ledger.audit.claims.bundle import MAX_RECORDS, parse_claim_bundle
from ledger.claim.rules import current_rules
from ledger.errors import ConflictError
from ledger.flows.claims import file as flow
from ledger.flows.claims.bundles import BundleCache
from ledger.flows.claims.exhibits import MAX_EXHIBITS
from ledger.flows.claims.file import MAX_RESOLUTIONS, MAX_RESPONSES, MAX_VERDICTS, MOST_ANSWERS
from ledger.flows.claims.submission import SentStatement
from ledger.flows.people.principal import LOCAL
from ledger.log.append import Submission
from ledger.log.entry import Entry
from ledger.record import dsse
from ledger.record.parts import EvidenceRef, Ref
from ledger.record.predicates import ClaimVerdictRecord, Predicate, Registration, Resolution, Response
from ledger.record.statement import MAX_REFS, statement_payload
from tests.flows.world import FILE, Someone, World
from tests.record.samples import registration, sha

MOST_MEBIBYTES = 8
"""Of the bundle of a claim with all that it may have, as its records usually are."""


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_application(data_dir=tmp_path_factory.mktemp("data"), database_url=module_database_url) as service:
        world = World(service)
        world.someone("ada", "artist")
        world.someone("vera", "auditor")
        world.file("ada")
        yield world


def put_many(world: World, predicates: list[Predicate], subject: str, name: str, *signers: Someone) -> list[Ref]:
    """All in one transaction, each signed by the service and by `signers`."""
    batch = []
    for predicate in predicates:
        payload = statement_payload(name, subject, predicate)
        signatures = tuple(dsse.Signature(each.key.keyid, each.key.sign(dsse.pae(payload))) for each in signers)
        batch.append(Submission(predicate.record_id, payload, None, signatures))
    appended = world.service.log.sequencer.append_now(batch)
    return [Ref(leaf_hash=each.entry.leaf_hash.hex(), record_id=each.entry.record_id) for each in appended]


def works(world: World, count: int) -> list[Registration]:
    sample, ada = registration(), world.people["ada"].account_id
    return [
        sample.model_copy(update=world.about | {"artist_id": ada, "work_id": world.about["record_id"]})
        for _ in range(count)
    ]


def answer(world: World, party: str) -> Response:
    return Response(party_id=party, refs=(world.claims["ada"][1],), text=sha("text"), **world.about)


def counting(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The records that are proven from now on."""
    made: list[str] = []
    records = type(world.service.records)
    original = records.bundle_of

    def noting(self: Any, entry: Entry) -> bytes:
        made.append(entry.record_id)
        return original(self, entry)

    monkeypatch.setattr(records, "bundle_of", noting)
    return made


def test_whoever_asks_again_costs_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an anonymous reader could have the service do anew with every request."""
    _, claim, _ = world.claims["ada"]
    world.service.log.settle()
    made = counting(world, monkeypatch)
    first = world.service.claims.bundles.get(claim.record_id)
    assert len(made) >= 2
    made.clear()
    for _ in range(20):
        assert world.service.claims.bundles.get(claim.record_id) == first
    assert made == []
    ada = world.people["ada"]
    put_many(world, [answer(world, ada.account_id)], world.claims["ada"][0], "claim", ada)
    world.service.log.settle()
    assert len(parse_claim_bundle(world.service.claims.bundles.get(claim.record_id)).responses) == 1
    assert made, "something more was said"


def test_what_is_kept_has_a_bound() -> None:
    kept, made = BundleCache(most_bytes=250), list[int]()

    def make(number: int) -> bytes:
        made.append(number)
        return bytes(100)

    for number in (1, 2, 1, 3, 2, 1):
        kept.get(("claim", number), lambda number=number: make(number))  # type: ignore[misc]
    assert made == [1, 2, 3, 2, 1], "two fit; the one that was asked for last stays"


def test_a_claim_with_all_that_it_may_have(world: World) -> None:
    """At most so many records and bytes, in about a second, whoever files, answers and reviews."""
    ada, vera = world.people["ada"], world.people["vera"]
    sha256, claim, _ = world.claims["ada"]
    last = world.claims["ada"][2]
    for _ in range(MAX_VERDICTS - 1):
        shown = put_many(world, [*works(world, MAX_EXHIBITS)], FILE, "work", ada)
        findings = [ref for ref in shown for _ in range(3)]
        verdict = ClaimVerdictRecord(
            evidence=tuple(EvidenceRef(finding="registered-before-made", ref=ref) for ref in findings),
            refs=(claim, last, *shown), rules=current_rules().digest, verdict="inconclusive", **world.about,
        )  # fmt: skip
        assert len(findings) + len(verdict.refs) <= MAX_REFS
        [last] = put_many(world, [verdict], sha256, "claim")
    put_many(world, [answer(world, ada.account_id) for _ in range(MOST_ANSWERS["response"])], sha256, "claim", ada)
    resolutions = [
        Resolution(auditor_id=vera.account_id, outcome="supported", refs=(claim, last), text=sha("text"), **world.about)
        for _ in range(MOST_ANSWERS["resolution"])
    ]
    put_many(world, [*resolutions], sha256, "claim", vera)
    world.service.log.settle()
    started = time.monotonic()
    data = world.service.claims.bundles.get(claim.record_id)
    seconds = time.monotonic() - started
    parsed = parse_claim_bundle(data)
    count = 1 + sum(map(len, (parsed.verdicts, parsed.responses, parsed.resolutions, parsed.evidence)))
    assert (MAX_VERDICTS - 1) * MAX_EXHIBITS < count <= MAX_RECORDS
    assert len(data) < MOST_MEBIBYTES * 2**20
    started = time.monotonic()
    assert world.service.claims.bundles.get(claim.record_id) == data
    assert time.monotonic() - started < max(seconds / 2, 0.2)
    assert seconds < 10, "the machine may be busy: about one second where it is not"


def refused(call: Any) -> str:
    with pytest.raises(ConflictError) as caught:
        call()
    return caught.value.code


def test_answers_and_verdicts_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MAX_VERDICTS", 1)
    monkeypatch.setattr(flow, "MOST_ANSWERS", {"response": 3, "resolution": 20})
    world.file("ada")
    _, claim, _ = world.claims["ada"]
    service: Application = world.service
    claims, vera = service.claims, world.people["vera"]
    assert refused(lambda: claims.review(claim.record_id)) == "too-many-verdicts"
    assert claims.review_all()[1] == ()

    def respond(who: Someone) -> None:
        draft = claims.draft_response(claim.record_id, who.account_id, "No.", LOCAL)
        envelope = dsse.sign(draft.payload, [who.key])
        sent = SentStatement(envelope=envelope, text=draft.text, text_key=draft.text_key)
        claims.respond(claim.record_id, sent, LOCAL)

    for number in range(3):
        respond(world.someone(f"bob {number}", "artist"))
    assert refused(lambda: respond(world.people["ada"])) == "too-many-responses"
    assert MOST_ANSWERS["response"] > MAX_RESPONSES

    def resolve() -> None:
        draft = claims.draft_resolution(claim.record_id, vera.account_id, "supported", "Yes.", LOCAL)
        envelope = dsse.sign(draft.payload, [vera.key])
        sent = SentStatement(envelope=envelope, text=draft.text, text_key=draft.text_key)
        claims.resolve(claim.record_id, sent, LOCAL)

    for _ in range(MAX_RESOLUTIONS):
        resolve()
    assert refused(resolve) == "too-many-resolutions"
