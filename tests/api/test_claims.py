"""Claims over HTTP: prepared, signed, filed, answered and resolved by accounts with tokens; read by everybody."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.app import Application
from ledger.flows.people.principal import SCOPES_OF_ROLE
from ledger.record import dsse
from tests.applications import UNKNOWN_ID, application_with
from tests.conftest import DatabaseUrl
from tests.flows.people import Person, artist, model_facts, person
from tests.generated import encoded
from tests.match.drawings import drawing

HOSTILE = '<script>alert(1)</script>\u202e"Bob'


@dataclass(frozen=True)
class Web:
    application: Application
    client: TestClient
    ada: Person
    works: list[str]
    bob: Person
    vera: Person

    def headers(self, who: Person) -> dict[str, str]:
        token = self.application.people.accounts.issue_token(who.account_id, SCOPES_OF_ROLE[who.role]).secret
        return {"authorization": f"Bearer {token}"}

    def post(self, who: Person, path: str, document: dict[str, Any], image: bytes | None, **params: str) -> Any:
        headers = self.headers(who)
        if image is None:
            return self.client.post(path, json=document, params=params, headers=headers)
        files = {"image": ("a.jpg", image), "claim": ("", json.dumps(document).encode())}
        return self.client.post(path, files=files, params=params, headers=headers)

    def signed(self, who: Person, path: str, document: dict[str, Any], image: bytes | None = None) -> Any:
        """Prepares, signs and sends."""
        drafted = self.post(who, path, document, image, prepare="true")
        assert drafted.status_code == 200, drafted.text
        return self.post(who, path, envelope(who, drafted.json()), image)

    def claim(self, who: Person, claim_type: str, image: bytes | None, **more: Any) -> Any:
        answer = self.signed(who, "/v1/claims", {"claim_type": claim_type, **more}, image)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == answer.json()["links"]["self"]
        return answer.json()


def envelope(who: Person, draft: dict[str, Any]) -> dict[str, Any]:
    leaf = dsse.sign(base64.b64decode(draft["payload"]), [who.key])
    return {"envelope": json.loads(leaf), "text": draft["text"], "text_key": draft["text_key"]}


@pytest.fixture(scope="module")
def web(database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("claims")
    with application_with(database_server, template, folder / "data", max_image_bytes=2**20) as application:
        ada, works = artist(application, "Ada", folder / "ada", drawing(401))
        bob = person(application, "artist", HOSTILE)
        vera = person(application, "auditor", "Vera")
        with TestClient(create_app(application)) as client:
            yield Web(application, client, ada, works, bob, vera)


@pytest.fixture(scope="module")
def copied(web: Web) -> dict[str, Any]:
    """A claim that is true."""
    image = encoded(drawing(401).resize((300, 300)), "JPEG", quality=80)
    claim: dict[str, Any] = web.claim(web.ada, "copies-work", image, works=web.works, text="My drawing!")
    return claim


def test_a_claim_with_its_answers_in_json_and_on_a_page(web: Web, copied: dict[str, Any]) -> None:
    """The whole story is in tests/e2e."""
    path = copied["links"]["self"]
    answered = web.signed(web.bob, f"{path}/responses", {"text": "<b>No</b>"})
    assert answered.status_code == 201
    resolved = web.signed(web.vera, f"{path}/resolutions", {"outcome": "supported", "text": "Both compared."})
    assert resolved.status_code == 201
    assert web.client.get(path).json() == resolved.json()
    web.application.log.settle()
    bundle = web.client.get(copied["links"]["bundle"])
    assert bundle.headers["content-type"].startswith("application/vnd.artledger.claim+json")
    page = web.client.get(copied["links"]["page"]).text
    for words in ("Ada", "supported", "My drawing!", "&lt;b&gt;No&lt;/b&gt;", "Vera", "audit claim"):
        assert words in page
    assert "<script>" not in page
    assert "\u202e" not in page


def test_a_claim_leads_with_its_latest_state(web: Web, copied: dict[str, Any]) -> None:
    """What an auditor decided stands above the verdict, with the auditor's name; outcomes differ by shape and word."""
    assert copied["state"]["says"] == "supported by the published rules"
    claim = web.claim(web.bob, "authored-image", encoded(drawing(409), "PNG"))
    assert claim["state"]["state"] == "judged"
    assert claim["state"]["says"] == f"{claim['verdict']['verdict']} by the published rules"
    other = "contradicted" if claim["verdict"]["verdict"] != "contradicted" else "supported"
    answer = web.signed(
        web.vera, f"{claim['links']['self']}/resolutions", {"outcome": other, "text": "I know who drew it."}
    ).json()
    state = answer["state"]
    assert (state["state"], state["outcome"], state["party"]) == ("resolved", other, "Vera")
    assert state["party_id"] == web.vera.account_id
    assert state["says"] == f"resolved: {other} by Vera"
    page = web.client.get(claim["links"]["page"]).text
    mark = {"contradicted": "✕", "supported": "✓"}[other]
    top = f'<span aria-hidden="true">{mark}</span> <bdi>resolved: {other} by Vera</bdi>'
    assert page.index(top) < page.index("<h1>") < page.index("How auditors resolved it")
    assert page.index("How auditors resolved it") < page.index("What the published rules say")
    (listed,) = (
        each
        for each in web.client.get("/v1/claims", params={"sha256": claim["image_sha256"]}).json()["claims"]
        if each["claim_id"] == claim["claim_id"]
    )
    assert listed == answer
    about = {"image": ("a.png", encoded(drawing(409), "PNG"))}
    for found in (
        web.client.post("/v1/lookups", files=about),
        web.client.post("/v1/lookups", json={"sha256": claim["image_sha256"]}),
    ):
        assert found.json()["headline"]["notes"][-1].endswith(
            f"claims to have made this picture (resolved: {other} by Vera)."
        )
    for kind, words in (("claim", "by Ada"), ("resolution", "Auditor Vera resolved"), ("key", "of Vera (auditor)")):
        records = web.client.get("/v1/records", params={"kind": kind}).json()["records"]
        assert any(words in record["reference"] for record in records), "a list names people"


def test_the_same_claim_again_is_200(web: Web, copied: dict[str, Any]) -> None:
    image = encoded(drawing(401).resize((300, 300)), "JPEG", quality=80)
    again = web.signed(web.ada, "/v1/claims", {"claim_type": "copies-work", "works": web.works}, image)
    assert again.status_code == 200
    assert again.json()["claim_id"] == copied["claim_id"]


def test_reviews_and_rules_and_lists(web: Web, copied: dict[str, Any]) -> None:
    path = copied["links"]["self"]
    reviewed = web.client.post(f"{path}/reviews")
    assert reviewed.status_code == 200
    assert reviewed.json()["verdict"] == copied["verdict"]
    other = web.client.post(f"{path}/reviews", files={"image": ("a.png", encoded(drawing(400), "PNG"))})
    assert (other.status_code, other.json()["code"]) == (422, "other-image")
    rules = web.client.get(f"/v1/claim-rules/{copied['verdict']['rules']}")
    assert rules.json()["name"] == "artledger-claim-rules"
    assert web.client.get(f"/v1/claim-rules/{'ab' * 32}").status_code == 404
    listed = web.client.get("/v1/claims", params={"claimant_id": web.ada.account_id}).json()["claims"]
    assert [each["claim_id"] for each in listed] == [copied["claim_id"]]
    assert web.client.get("/v1/claims", params={"sha256": copied["image_sha256"]}).json()["claims"]


def test_what_is_refused(web: Web, copied: dict[str, Any]) -> None:
    path, image = copied["links"]["self"], encoded(drawing(408), "PNG")
    authored = {"claim_type": "authored-image"}
    anothers = {"claim_type": "copies-work", "works": web.works}
    nowhere = f"/v1/claims/{UNKNOWN_ID}"
    drafted = web.post(web.ada, "/v1/claims", authored, image, prepare="true").json()
    mine = envelope(web.ada, drafted)
    cases = [
        (web.post(web.bob, "/v1/claims", mine, image), 403, "wrong-holder"),
        (web.post(web.ada, "/v1/claims", envelope(web.bob, drafted), image), 403, "wrong-holder"),
        (web.post(web.ada, "/v1/claims", mine, encoded(drawing(407), "PNG")), 422, "other-image"),
        (web.post(web.ada, "/v1/claims", mine, None), 422, "claim-image"),
        (web.post(web.ada, "/v1/claims", mine, b"no picture"), 422, "other-image"),
        (web.post(web.ada, "/v1/claims", authored, image), 422, "invalid-request"),
        (web.post(web.ada, "/v1/claims", {**authored, "more": 1}, image, prepare="true"), 422, "invalid-request"),
        (web.post(web.vera, "/v1/claims", mine, image), 403, "role-forbidden"),
        (web.post(web.bob, "/v1/claims", anothers, image, prepare="true"), 403, "work-not-yours"),
        (web.post(web.ada, f"{path}/responses", {"text": ""}, None, prepare="true"), 422, "invalid-request"),
        (web.post(web.ada, f"{nowhere}/responses", {"text": "x"}, None, prepare="true"), 404, "claim-not-found"),
        (web.post(web.bob, f"{path}/resolutions", {"outcome": "supported", "text": "x"}, None), 403, "role-forbidden"),
        (web.client.post("/v1/claims", json=mine), 401, "token-required"),
        (web.client.get(f"/v1/claims/{UNKNOWN_ID}"), 404, "claim-not-found"),
        (web.client.get(f"/claims/{UNKNOWN_ID}"), 404, "claim-not-found"),
    ]  # fmt: skip
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    form = {"image": ("a.png", image)}
    missing = web.client.post("/v1/claims", files=form, headers=web.headers(web.ada))
    assert missing.json()["code"] == "missing-claim"


def test_a_claim_without_a_picture_is_about_the_works_own_file(web: Web, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.txt"
    digest = web.application.store.works.works(web.works)[web.works[0]].sha256
    manifest.write_text(f"{digest}\n")
    model = web.application.log.models.register(model_facts("disclosed", manifest)).in_record
    claim = web.claim(web.ada, "trained-on", None, works=web.works, model_id=model.model_id)
    assert claim["verdict"]["verdict"] == "supported"
    assert claim["image_sha256"] == digest
