"""The service appends a well-signed statement exactly where a replay of the log would accept it as the next leaf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.app import open_application
from ledger.errors import LedgerError, VerificationError
from ledger.flows.people.principal import LOCAL
from ledger.log.merkle import leaf_hash
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.parts import ModelRef, Ref
from ledger.record.predicates import (
    Claim,
    Consent,
    ModelRecord,
    Predicate,
    Registration,
    Resolution,
    Response,
    Withdrawal,
)
from ledger.record.statement import MAX_REFS, parse_payload, statement_payload
from tests.flows.world import FILE, WEIGHTS, Someone, World
from tests.record.samples import registration, sha

KINDS = ("registration", "consent", "withdrawal", "claim", "response", "resolution")


@pytest.fixture(scope="module")
def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_application(data_dir=tmp_path_factory.mktemp("data"), database_url=module_database_url) as service:
        world = World(service)
        ada, ben = world.someone("ada", "artist"), world.someone("ben", "artist")
        world.someone("gen", "generator")
        world.someone("vera", "auditor")
        lost = world.someone("lost", "artist")
        for name, owner in (("ada", ada), ("ben", ben), ("withdrawn", ada)):
            world.register(name, owner)
        work_id, ref = world.works["withdrawn"]
        world.put(Withdrawal(reason="artist", refs=(ref,), work_id=work_id, **world.about), FILE, "work", ada.key)
        world.file("ada")
        world.file("gen")
        model = ModelRecord(
            format="safetensors", manifest=None, manifest_status="undisclosed", model_id=new_id(), spec=sha("spec"),
            **world.about,
        )  # fmt: skip
        world.model = world.put(model, WEIGHTS, "model")
        world.people["model"] = Someone(model.model_id, "model", Signer.generate())
        service.log.keys.revoke(lost.key.keyid)
        world.people["unknown"] = Someone(new_id(), "artist", Signer.generate())
        world.follow()
        yield world


def good(world: World, kind: str) -> tuple[Predicate, str, Someone]:
    """A statement that is in order, its subject and its maker."""
    ada, ben, vera = world.people["ada"], world.people["ben"], world.people["vera"]
    work_id, work = world.works["ada"]
    sha256, claim, verdict = world.claims["ada"]
    about = world.about
    if kind == "registration":
        changes = about | {"artist_id": ada.account_id, "work_id": new_id()}
        return registration().model_copy(update=changes), FILE, ada
    if kind == "consent":
        return Consent(allowed_uses=(), licence="MIT", refs=(work,), work_id=work_id, **about), FILE, ada
    if kind == "withdrawal":
        world.register("ada", ada)
        world.follow()
        work_id, work = world.works["ada"]
        return Withdrawal(reason="artist", refs=(work,), work_id=work_id, **about), FILE, ada
    if kind == "claim":
        assert world.model is not None
        model = ModelRef(model_id=world.people["model"].account_id, weights_sha256=WEIGHTS)
        return (
            Claim(
                claim_type="trained-on", claimant_id=ada.account_id, model=model, refs=(work, world.model), text=None,
                works=(work_id,), **about,
            ),
            FILE,
            ada,
        )  # fmt: skip
    if kind == "response":
        return Response(party_id=ben.account_id, refs=(claim,), text=sha("text"), **about), sha256, ben
    refs = (claim, verdict)
    return (
        Resolution(auditor_id=vera.account_id, outcome="supported", refs=refs, text=sha("text"), **about), sha256, vera
    )  # fmt: skip


PARTY = {"registration": "artist_id", "claim": "claimant_id", "response": "party_id", "resolution": "auditor_id"}


def refs_pool(world: World) -> list[Ref]:
    """Records of every kind, another claim's, and some that no leaf holds."""
    own = [world.works["ada"][1], world.works["ben"][1], *world.claims["ada"][1:], *world.claims["gen"][1:]]
    assert world.model is not None
    missing = Ref(leaf_hash=sha("missing"), record_id=new_id())
    return [*own, world.model, missing, Ref(leaf_hash=sha("other"), record_id=own[0].record_id)]


Attack = Callable[[World, Any, str, st.DataObject], tuple[Any, str]]


def other_refs(world: World, predicate: Any, subject: str, data: st.DataObject) -> tuple[Any, str]:
    refs = data.draw(st.lists(st.sampled_from(refs_pool(world)), max_size=4))
    return predicate.model_copy(update={"refs": tuple(refs)}), subject


def many_refs(world: World, predicate: Any, subject: str, data: st.DataObject) -> tuple[Any, str]:
    """As many as a statement may have, of those that it should have and others."""
    first = data.draw(st.sampled_from([*predicate.refs, *refs_pool(world)]))
    return predicate.model_copy(update={"refs": (*predicate.refs, *[first] * (MAX_REFS - 5))}), subject


def other_subject(_: World, predicate: Any, __: str, data: st.DataObject) -> tuple[Any, str]:
    return predicate, data.draw(st.sampled_from([FILE, sha("another")]))


def other_party(world: World, predicate: Any, subject: str, data: st.DataObject) -> tuple[Any, str]:
    if predicate.kind not in PARTY:
        return predicate, subject
    other = world.people[data.draw(st.sampled_from(sorted(world.people)))]
    return predicate.model_copy(update={PARTY[predicate.kind]: other.account_id}), subject


def other_work(world: World, predicate: Any, subject: str, data: st.DataObject) -> tuple[Any, str]:
    work_id, ref = world.works[data.draw(st.sampled_from(["ada", "ben", "withdrawn"]))]
    changes: dict[str, Any] = {}
    if hasattr(predicate, "work_id"):
        changes = {"work_id": work_id} | (
            {"refs": (ref,)} if getattr(predicate, "refs", ()) and data.draw(st.booleans()) else {}
        )
    elif predicate.kind == "claim":
        changes = {"works": data.draw(st.sampled_from([(), (work_id,), (work_id, work_id)]))}
    return predicate.model_copy(update=changes), subject


def other_log(_: World, predicate: Any, subject: str, __: st.DataObject) -> tuple[Any, str]:
    return predicate.model_copy(update={"origin": "log.example/other"}), subject


def replayed(world: World, predicate: Any, subject: str, data: st.DataObject) -> tuple[Any, str]:
    """Another statement under the id of one that stands on the log."""
    taken = data.draw(st.sampled_from([world.claims["ada"][1], world.works["ben"][1]]))
    return predicate.model_copy(update={"record_id": taken.record_id}), subject


ATTACKS: tuple[Attack, ...] = (
    other_refs, many_refs, other_subject, other_party, other_work, other_log, replayed,
)  # fmt: skip


def appended(world: World, payload: bytes, signer: Someone | None, kind: str) -> bool:
    """Whether the service made a new leaf of it."""
    before = world.service.store.entries.head().size
    try:
        if signer is None:
            statement = parse_payload(payload)
            world.service.people.admission.require(statement, payload)
            world.service.log.sequencer.submit(statement.record_id, payload).result(20)
        else:
            envelope = dsse.sign(payload, [signer.key])
            world.service.people.cosigning.submit(envelope, LOCAL, kinds={kind}, holder_id=signer.account_id)
    except LedgerError:
        assert world.service.store.entries.head().size == before, "what is refused leaves nothing behind"
    return world.service.store.entries.head().size > before


def replay_accepts(world: World, payload: bytes, signer: Someone | None) -> bool:
    """What an auditor says of the log with this statement as its next leaf."""
    signers: Sequence[Signer] = [world.service.log.keys.signer(), *([] if signer is None else [signer.key])]
    leaf = dsse.sign(payload, signers)
    try:
        world.checker.check(world.size, leaf_hash(leaf), leaf)
    except VerificationError:
        return False
    return True


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_service_and_auditor_agree_on_hostile_statements(world: World, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    predicate, subject, maker = good(world, kind)
    for attack in data.draw(st.lists(st.sampled_from(ATTACKS), max_size=2, unique=True)):
        if attack in (other_refs, many_refs) and isinstance(predicate, Registration):
            continue
        predicate, subject = attack(world, predicate, subject, data)
    names = sorted(set(world.people) - {"model"})
    signer = data.draw(
        st.one_of(st.just(maker), st.none(), st.sampled_from(names).map(lambda name: world.people[name]))
    )
    payload = statement_payload("claim", subject, predicate)
    if appended(world, payload, signer, kind):
        world.follow()  # raises where the auditor refuses what the service appended
    else:
        assert not replay_accepts(world, payload, signer), "the service refuses what an auditor would accept"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_order_is_appended(world: World, kind: str) -> None:
    """So that the agreement above is not one of refusing everything."""
    world.register("ada", world.people["ada"])  # a new work: terms that are in force are not appended again
    world.follow()
    predicate, subject, maker = good(world, kind)
    assert appended(world, statement_payload("claim", subject, predicate), maker, kind)
    assert [each.record_id for each in world.follow()] == [predicate.record_id]
