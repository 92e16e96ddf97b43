"""Models over HTTP: the record's facts, proofs, the page; and the policy that pictures are handed out by."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ledger import canonical
from ledger.app import Application
from ledger.generate.picture import ModelFacts
from tests.record.samples import sha

LISTED = sorted(sha(f"work {number}") for number in range(5))
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture(scope="module")
def model_id(application: Application, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "manifest.txt"
    path.write_text("".join(f"{each}\n" for each in LISTED))
    return register(application, "disclosed", path)


@pytest.fixture(scope="module")
def silent_id(application: Application) -> str:
    return register(application, "silent", None)


def register(application: Application, name: str, manifest: Path | None) -> str:
    spec = canonical.dumps({"class": "<script>alert(1)</script>"})
    facts = ModelFacts(name, "diffusers/FluxPipeline", None, {"weights": sha(name)}, spec, manifest)
    return application.log.models.register(facts).in_record.model_id


def test_a_model(client: TestClient, model_id: str) -> None:
    model = client.get(f"/v1/models/{model_id}").json()
    assert set(model) == {
        "model_id", "format", "weights_sha256", "spec", "description", "manifest", "manifest_status", "record_id",
        "links",
    }  # fmt: skip
    assert model["manifest"]["size"] == len(LISTED)
    record = client.get(f"/v1/records/{model['record_id']}").json()
    assert record["statement"]["predicate"]["model_id"] == model_id
    assert client.get(model["links"]["self"]).json() == model


def test_was_this_file_trained_on(client: TestClient, model_id: str) -> None:
    path = f"/v1/models/{model_id}/manifest"
    answer = client.get(path, params={"sha256": LISTED[2]}).json()
    assert (answer["listed"], answer["proof"][0]["sha256"]) == (True, LISTED[2])
    answer = client.get(path, params={"sha256": sha("stranger")}).json()
    assert (answer["listed"], len(answer["proof"])) in ((False, 1), (False, 2))
    whole = client.get(path)
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.text.split() == LISTED
    assert client.get(path, params={"sha256": "xyz"}).status_code == 422


def test_what_is_undisclosed_or_unknown_says_so(client: TestClient, silent_id: str) -> None:
    assert client.get(f"/v1/models/{silent_id}").json()["manifest_status"] == "undisclosed"
    answer = client.get(f"/v1/models/{silent_id}/manifest", params={"sha256": LISTED[0]})
    assert (answer.status_code, answer.json()["code"]) == (404, "manifest-undisclosed")
    for path in (f"/v1/models/{NOBODY}", f"/v1/models/{NOBODY}/manifest"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "model-not-found")


def test_the_page_answers_and_escapes(client: TestClient, model_id: str, silent_id: str) -> None:
    page = client.get(f"/models/{model_id}").text
    assert "Pictures on record" not in page, "it made none"
    assert "list of 5 files" in page
    assert "<script>alert" not in page
    assert "On the list." in client.get(f"/models/{model_id}", params={"sha256": LISTED[0].upper()}).text
    assert "Not on the list." in client.get(f"/models/{model_id}", params={"sha256": sha("stranger")}).text
    assert client.get(f"/models/{model_id}", params={"sha256": "xyz"}).status_code == 422
    record_id = client.get(f"/v1/models/{model_id}").json()["record_id"]
    assert f'href="/models/{model_id}"' in client.get(f"/records/{record_id}").text
    assert "Undisclosed" in client.get(f"/models/{silent_id}").text
    assert client.get(f"/models/{NOBODY}").status_code == 404


def test_the_policy_in_force_is_served_by_its_digest(client: TestClient) -> None:
    digest = client.get("/.well-known/artledger.json").json()["policy"]
    answer = client.get(f"/v1/policies/{digest}")
    assert hashlib.sha256(answer.content).hexdigest() == digest
    assert "immutable" in answer.headers["cache-control"]
    answer = client.get(f"/v1/policies/{sha('none')}")
    assert (answer.status_code, answer.json()["code"]) == (404, "policy-not-found")
