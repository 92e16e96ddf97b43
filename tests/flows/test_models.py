"""Models get one record each; what they were trained on is proven or said to be undisclosed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import canonical
from ledger.app import Application, open_application
from ledger.audit.manifest import Member, require_membership
from ledger.errors import InputError, IntegrityError, NotFoundError
from ledger.generate.picture import ModelFacts
from ledger.record import dsse
from ledger.record.predicates import ModelRecord
from ledger.record.statement import parse_payload
from tests.applications import UNKNOWN_ID, query
from tests.record.samples import sha

LISTED = sorted(sha(f"work {number}") for number in range(11))


@pytest.fixture
def service(database_url: str, tmp_path: Path) -> Iterator[Application]:
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as opened:
        yield opened


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    path = tmp_path / "manifest.txt"
    path.write_text("".join(f"{each}\n" for each in LISTED))
    return ModelFacts(
        name="studio",
        format="diffusers/StableDiffusionPipeline",
        revision=None,
        files={"unet/a.safetensors": sha("unet"), "vae/b.safetensors": sha("vae")},
        spec=canonical.dumps({"class": "StableDiffusionPipeline"}),
        manifest=path,
    )


def records(application: Application) -> list[ModelRecord]:
    found = application.store.records.find(kind="model")
    predicates = [parse_payload(dsse.parse(entry.envelope).payload).predicate for entry in found]
    return [each for each in predicates if isinstance(each, ModelRecord)]


def test_a_model_has_one_record_however_often_it_is_used(
    service: Application, facts: ModelFacts, database_url: str, tmp_path: Path
) -> None:
    model = service.log.models.register(facts)
    assert service.log.models.register(facts) == model
    with open_application(data_dir=tmp_path / "data", database_url=database_url) as again:
        assert again.log.models.register(facts) == model
    [record] = records(service)
    assert (record.model_id, record.record_id) == (model.in_record.model_id, model.ref.record_id)
    assert record.spec == hashlib.sha256(facts.spec).hexdigest()
    assert (record.manifest_status, record.manifest and record.manifest.size) == ("disclosed", len(LISTED))
    answer = service.log.models.get(record.model_id)
    assert answer.weights_sha256 == model.in_record.weights_sha256 == facts.weights_sha256
    assert answer.description == {"class": "StableDiffusionPipeline"}


def test_without_a_manifest_it_is_undisclosed(service: Application, facts: ModelFacts) -> None:
    model = service.log.models.register(replace(facts, manifest=None)).in_record.model_id
    answer = service.log.models.get(model)
    assert (answer.manifest, answer.manifest_status) == (None, "undisclosed")
    for ask in (lambda: service.log.models.manifest(model), lambda: service.log.models.membership(model, LISTED[0])):
        with pytest.raises(NotFoundError) as caught:
            ask()
        assert caught.value.code == "manifest-undisclosed"


def test_disclosing_later_is_another_record_of_the_same_model(service: Application, facts: ModelFacts) -> None:
    silent = service.log.models.register(replace(facts, manifest=None))
    open_ = service.log.models.register(facts)
    assert silent.in_record == open_.in_record
    assert silent.ref != open_.ref
    assert [each.manifest_status for each in records(service)] == ["undisclosed", "disclosed"]
    assert service.log.models.get(open_.in_record.model_id).record_id == open_.ref.record_id
    other = service.log.models.register(replace(facts, files={"unet": sha("other")}))
    assert other.in_record.model_id != open_.in_record.model_id


def test_membership_is_proven_against_the_record(service: Application, facts: ModelFacts) -> None:
    model = service.log.models.register(facts).in_record.model_id
    [record] = records(service)
    assert record.manifest is not None
    assert service.log.models.manifest(model) == b"".join(each.encode() + b"\n" for each in LISTED)
    for sha256 in (*LISTED, sha("stranger"), "0" * 64, "f" * 64):
        answer = service.log.models.membership(model, sha256)
        assert answer.record_id == record.record_id
        proof = [Member(each.sha256, each.index, each.path) for each in answer.proof]
        assert require_membership(record.manifest.root, record.manifest.size, sha256, proof) == answer.listed
        assert answer.listed == (sha256 in LISTED)


def test_unknown_models_are_said_to_be_unknown(service: Application) -> None:
    with pytest.raises(NotFoundError) as caught:
        service.log.models.get(UNKNOWN_ID)
    assert caught.value.code == "model-not-found"
    with pytest.raises(InputError):
        service.log.models.get("1")


def test_a_manifest_that_is_none_is_refused_before_anything_is_recorded(
    service: Application, facts: ModelFacts, tmp_path: Path
) -> None:
    (tmp_path / "manifest.txt").write_text("no digests\n")
    with pytest.raises(InputError) as caught:
        service.log.models.register(facts)
    assert caught.value.code == "bad-manifest"
    with pytest.raises(InputError) as caught:
        service.log.models.register(replace(facts, manifest=tmp_path / "none.txt"))
    assert caught.value.code == "unreadable"
    assert records(service) == []


def test_documents_that_do_not_fit_the_record_are_never_served(
    service: Application, facts: ModelFacts, database_url: str
) -> None:
    model = service.log.models.register(facts).in_record.model_id
    query(database_url, "UPDATE document SET body = substr(body, 1, 65) WHERE kind = 'manifest'")
    with pytest.raises(IntegrityError, match="manifest"):
        service.log.models.membership(model, LISTED[0])
    query(database_url, "DELETE FROM document WHERE kind = 'model'")
    with pytest.raises(IntegrityError, match="description"):
        service.log.models.get(model)


def test_the_policy_in_force_is_kept_and_named(service: Application, database_url: str, tmp_path: Path) -> None:
    digest = service.service_document()["policy"]
    assert hashlib.sha256(service.documents.policy(digest)).hexdigest() == digest
    path = tmp_path / "mine.toml"
    path.write_text(
        'version = 1\nretries = 0\nexhausted = "block"\nnot_comparable = "warn"\nnamed_artists = "warn"\n'
        '[[rules]]\naction = "block"\nrelations = ["exact"]\np_at_most = "alpha"\n'
    )
    with open_application(data_dir=tmp_path / "data", database_url=database_url, guard_policy=path) as other:
        assert other.service_document()["policy"] != digest
        assert other.documents.policy(digest), "records made before name it"
    with pytest.raises(NotFoundError):
        service.documents.policy(sha("none"))
