"""Well-signed statements that mean harm, over HTTP: refused with 4xx, and the log goes on verifying for everybody."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from ledger.app import Application
from ledger.audit.entries import EntryChecker
from ledger.audit.whole_log.replay import replay_log
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.log.vkey import parse_vkey
from ledger.record import dsse
from ledger.record.ids import new_id
from ledger.record.keys import Signer
from ledger.record.parts import Ref
from ledger.record.predicates import Predicate, refs_of
from ledger.record.statement import MAX_REFS, parse_payload, statement_payload
from tests.api.conftest import HERE
from tests.applications import UNKNOWN_ID, application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import Person, artist, person
from tests.generated import encoded
from tests.match.drawings import drawing
from tests.record.samples import sha

PICTURE = encoded(drawing(501).resize((300, 300)), "JPEG", quality=80)
TERMS: dict[str, Any] = {"allowed_uses": [], "licence": "MIT"}


@dataclass(frozen=True)
class Scene:
    """Ada and Bob have a work and a key each; Ada claims, and Vera is an auditor."""

    application: Application
    client: TestClient
    ada: Person
    bob: Person
    vera: Person
    work: str
    bobs: str
    claim: str

    def headers(self, who: Person) -> dict[str, str]:
        token = self.application.people.accounts.issue_token(who.account_id, SCOPES_OF_ROLE[who.role]).secret
        return {"authorization": f"Bearer {token}"}

    def post(self, who: Person, path: str, document: Any, **query: str) -> Response:
        return self.client.post(path, json=document, headers=self.headers(who), params=query)

    def prepared(self, who: Person, path: str, document: Any) -> tuple[dict[str, Any], bytes]:
        """What the service drafts: the answer, and the payload in it."""
        answer = self.post(who, path, document, prepare="true")
        assert answer.status_code == 200, answer.text
        return answer.json(), base64.b64decode(answer.json()["payload"])

    def ref(self, record_id: str) -> Ref:
        entry = self.application.records.entry(record_id)
        return Ref(leaf_hash=entry.leaf_hash.hex(), record_id=record_id)


@pytest.fixture(scope="module")
def scene(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("hostile")
    with application_with(database_server, template, folder / "data", max_image_bytes=2**20) as application:
        ada, [work] = artist(application, "Ada", folder / "ada", drawing(501))
        bob, [bobs] = artist(application, "Bob", folder / "bob", drawing(502))
        vera = person(application, "auditor", "Vera")
        claim = ada.claim("authored-image", PICTURE).claim_id
        with TestClient(create_app(application), raise_server_exceptions=False, client=HERE) as client:
            yield Scene(application, client, ada, bob, vera, work, bobs, claim)


@pytest.fixture(autouse=True)
def log_that_verifies(scene: Scene) -> Iterator[None]:
    """After every attack the log is as it was, and anybody's audit of it passes: what the old service lost for ever."""
    application = scene.application
    before = application.store.entries.head().size
    yield
    assert application.store.entries.head().size == before
    application.log.settle()
    folder, key = application.settings.data_dir / "log", parse_vkey(application.log.vkey)
    assert replay_log(str(folder), key, checker=EntryChecker(application.log.origin)).audit.exit_code == 0


def changed(payload: bytes, subject: str | None = None, **changes: Any) -> bytes:
    """Another statement of the same kind, under an id of its own."""
    statement = parse_payload(payload)
    predicate = statement.predicate.model_copy(update={"record_id": new_id()} | changes)
    return statement_payload(statement.subject_name, subject or statement.subject_sha256, predicate)


def enveloped(payload: bytes, *people: Person) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(dsse.sign(payload, [who.key for who in people]))
    return document


def predicate_of(payload: bytes) -> Predicate:
    return parse_payload(payload).predicate


def hostile_refs(scene: Scene, payload: bytes) -> dict[str, tuple[Ref, ...]]:
    """By name of the attack."""
    good = refs_of(predicate_of(payload))
    foreign = scene.ref(scene.application.store.works.works([scene.bobs])[scene.bobs].registration_record_id)
    return {
        "foreign": (foreign,),
        "missing": (Ref(leaf_hash=sha("nothing"), record_id=UNKNOWN_ID),),
        "future": (Ref(leaf_hash=sha("nothing"), record_id=new_id()),),
        "other hash": tuple(Ref(leaf_hash=sha("other"), record_id=each.record_id) for each in good),
        "more": (*good, foreign),
        "repeated": (*good, *good),
        "many": good[:1] * MAX_REFS,
        "none": (),
    }


def require_refused(response: Response, why: str) -> None:
    assert 400 <= response.status_code < 500, f"{why}: {response.status_code} {response.text}"
    assert "code" in response.json()


@pytest.mark.parametrize("action", ["consents", "withdrawals"])
def test_terms_with_references_that_an_audit_would_refuse(scene: Scene, action: str) -> None:
    path = f"/v1/works/{scene.work}/{action}"
    _, payload = scene.prepared(scene.ada, path, TERMS if action == "consents" else {})
    for why, refs in hostile_refs(scene, payload).items():
        require_refused(
            scene.post(scene.ada, path, {"envelope": enveloped(changed(payload, refs=refs), scene.ada)}), why
        )
    other_work = changed(payload, work_id=scene.bobs)
    require_refused(scene.post(scene.ada, path, {"envelope": enveloped(other_work, scene.ada)}), "another work")
    other_log = changed(payload, origin="log.example/other")
    require_refused(scene.post(scene.ada, path, {"envelope": enveloped(other_log, scene.ada)}), "another log")
    require_refused(scene.post(scene.bob, path, {"envelope": enveloped(changed(payload), scene.bob)}), "another artist")
    both = enveloped(changed(payload), scene.ada, scene.bob)
    require_refused(scene.post(scene.ada, path, {"envelope": both}), "two signatures")


@pytest.mark.parametrize("action", ["responses", "resolutions"])
def test_answers_to_a_claim_with_references_that_an_audit_would_refuse(scene: Scene, action: str) -> None:
    path, text = f"/v1/claims/{scene.claim}/{action}", {"text": "No."}
    who, document = (scene.bob, text) if action == "responses" else (scene.vera, text | {"outcome": "supported"})
    draft, payload = scene.prepared(who, path, document)
    words = {"text": draft["text"], "text_key": draft["text_key"]}
    claim = scene.ref(scene.claim)
    attacks = hostile_refs(scene, payload) | {"claim and another": (claim, hostile_refs(scene, payload)["foreign"][0])}
    if action == "resolutions":
        attacks["no verdict"] = (claim,)
    for why, refs in attacks.items():
        envelope = enveloped(changed(payload, refs=refs), who)
        require_refused(scene.post(who, path, {"envelope": envelope} | words), why)
    for why, hostile in {
        "another claim": changed(payload, sha("another claim")),
        "another log": changed(payload, origin="log.example/other"),
        "another party": changed(
            payload, **{"party_id" if action == "responses" else "auditor_id": scene.ada.account_id}
        ),
    }.items():
        require_refused(scene.post(who, path, {"envelope": enveloped(hostile, who)} | words), why)


def test_claims_with_references_that_an_audit_would_refuse(scene: Scene) -> None:
    files: dict[str, Any] = {
        "image": ("a.jpg", PICTURE),
        "claim": ("", json.dumps({"claim_type": "copies-work", "works": [scene.work]})),
    }
    headers = scene.headers(scene.ada)
    drafted = scene.client.post("/v1/claims", files=files, params={"prepare": "true"}, headers=headers)
    assert drafted.status_code == 200, drafted.text
    payload = base64.b64decode(drafted.json()["payload"])

    def refused(hostile: bytes, why: str) -> None:
        document = json.dumps({"envelope": enveloped(hostile, scene.ada)})
        require_refused(
            scene.client.post(
                "/v1/claims", files={"image": ("a.jpg", PICTURE), "claim": ("", document)}, headers=headers
            ),
            why,
        )

    for why, refs in hostile_refs(scene, payload).items():
        refused(changed(payload, refs=refs), why)
    foreign = hostile_refs(scene, payload)["foreign"]
    refused(changed(payload, refs=foreign, works=(scene.bobs,)), "another's work")
    refused(changed(payload, origin="log.example/other"), "another log")
    refused(changed(payload, claimant_id=scene.bob.account_id), "another's name")


def test_key_records_with_references_and_for_another_log(scene: Scene) -> None:
    new = Signer.generate()
    _, payload = scene.prepared(scene.ada, "/v1/keys", {"public_key": new.public_raw.hex()})
    registered = hostile_refs(scene, payload)["foreign"]
    for why, hostile in {
        "references": changed(payload, refs=registered),
        "another log": changed(payload, origin="log.example/other"),
        "another's": changed(payload, holder_id=scene.bob.account_id),
    }.items():
        document = json.loads(dsse.sign(hostile, [scene.ada.key, new]))
        require_refused(scene.post(scene.ada, "/v1/keys", document), why)
