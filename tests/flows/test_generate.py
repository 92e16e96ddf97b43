"""Generated pictures: each with its record, the decision, credentials, and what only its requester can reveal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from ledger.answers.generations import GeneratedImage
from ledger.app import Application
from ledger.audit.checks import AuditVerdict, Outcome
from ledger.audit.picture import audit_record
from ledger.errors import InputError, NotFoundError
from ledger.generate.guard_policy import Policy, Rule, default_policy
from ledger.image.credentials.read import read_credentials
from ledger.match.lists import Relation
from ledger.record.predicates import Asset
from ledger.record.predicates import Generation as GenerationRecord
from ledger.record.reveal import require_revealed
from tests.applications import ART, DRAWINGS, application_with, labelled, query
from tests.conftest import DatabaseUrl
from tests.flows.generations import (
    PROMPT,
    UNWILLING,
    drawn,
    everything,
    generation_record,
    showing,
    statement,
    stranger,
)
from tests.generate.tiny import save_tiny_sd


@pytest.fixture(scope="module")
def application(
    database_server: DatabaseUrl, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Application]:
    """With the thirty drawings registered, and a tiny pipeline that knows nothing."""
    folder = save_tiny_sd(tmp_path_factory.mktemp("tiny") / "sd")
    unwilling = tmp_path_factory.mktemp("unwilling")
    Image.fromarray(stranger(99)).save(unwilling / "work.png")
    labelled(unwilling, [("work.png", "Hatching", UNWILLING)])
    folders, data = [ART, unwilling], tmp_path_factory.mktemp("data")
    with application_with(database_server, template, data, folders, generator=str(folder)) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(application: Application) -> GeneratedImage:
    flow = application.pictures.generation
    (image,) = flow.generate(flow.request(PROMPT, seed=7, steps=2))
    application.log.settle()
    return image


def test_the_record_says_how_the_picture_was_made(application: Application, made: GeneratedImage) -> None:
    record = generation_record(application, made)
    model = application.pictures.generator.model
    assert (record.origin_of_image, record.seed, record.settings["num_inference_steps"]) == ("service", "7", "2")
    assert record.model.weights_sha256 == model.weights_sha256
    assert record.policy == default_policy().digest
    assert record.sampler == "DDIMScheduler"
    assert (record.size.width, record.size.height) == (record.image.width, record.image.height)
    assert record.image.sha256 == record.image.pixel_sha256 == statement(application, record.record_id).subject_sha256
    assert made.reference
    assert application.log.models.get(record.model.model_id).weights_sha256 == model.weights_sha256


def test_the_file_carries_its_record_and_its_digest_is_on_the_log(
    application: Application, made: GeneratedImage
) -> None:
    assert made.image is not None
    found = read_credentials(
        application.pictures.images, made.image, "image/png", application.pictures.credential_keys.roots
    )
    assert found is not None
    assert found.state == "valid"
    assert found.assertion is not None
    assert (found.assertion.record_id, found.assertion.origin) == (made.record_id, application.log.origin)
    assert made.asset_record_id is not None
    asset = statement(application, made.asset_record_id)
    assert isinstance(asset.predicate, Asset)
    assert asset.subject_sha256 == hashlib.sha256(made.image).hexdigest()
    assert asset.predicate.c2pa_manifest_sha256 == found.manifest_sha256
    assert [ref.record_id for ref in asset.predicate.refs] == [made.record_id]


def test_its_bundle_and_its_picture_are_audited(application: Application, made: GeneratedImage) -> None:
    assert made.image is not None
    bundle = application.records.bundle(made.record_id)
    audit = audit_record(
        bundle,
        made.image,
        application.log.vkey,
        [bytes.fromhex(key) for key in application.log.record_keys],
        recompute=application.pictures.recompute,
    )
    assert audit.verdict is AuditVerdict.VERIFIED
    named = {check.name: check.outcome for check in audit.checks}
    assert named["canonical pixels"] is named["fingerprint"] is named["scores"] is Outcome.PASSED


def test_the_files_own_record_is_audited_by_its_bytes(application: Application, made: GeneratedImage) -> None:
    assert made.image is not None
    assert made.asset_record_id is not None
    bundle, key = application.records.bundle(made.asset_record_id), application.log.vkey
    keys = [bytes.fromhex(each) for each in application.log.record_keys]
    assert audit_record(bundle, made.image, key, keys).verdict is AuditVerdict.VERIFIED
    assert audit_record(bundle, made.image + b"x", key, keys).verdict is AuditVerdict.REFUTED


def test_the_prompt_is_revealed_by_its_requester_alone(application: Application, made: GeneratedImage) -> None:
    assert made.reveal is not None
    assert made.reveal.value == {"prompt": PROMPT, "negative_prompt": ""}
    require_revealed(generation_record(application, made), made.reveal)
    kept = everything(application)
    assert made.record_id in kept
    for secret in (PROMPT, PROMPT.encode().hex(), made.reveal.key):
        assert secret not in kept
    assert made.reveal.key not in repr(made)


def test_the_same_seed_is_the_same_picture_and_another_record(application: Application, made: GeneratedImage) -> None:
    flow = application.pictures.generation
    (again,) = flow.generate(flow.request(PROMPT, seed=7, steps=2))
    (other,) = flow.generate(flow.request(PROMPT, seed=8, steps=2))
    digests = [generation_record(application, each).image.pixel_sha256 for each in (made, again, other)]
    assert digests[0] == digests[1] != digests[2]
    assert again.record_id != made.record_id
    assert again.reveal is not None
    assert made.reveal is not None
    assert again.reveal.key != made.reveal.key


def test_several_pictures_have_seeds_that_follow(application: Application) -> None:
    flow = application.pictures.generation
    steps: list[tuple[int, int | None]] = []
    images = flow.generate(
        flow.request(PROMPT, seed=2**64 - 1, steps=2, count=2),
        progress=lambda stage, done, total: steps.append((done, total)),
    )
    assert [generation_record(application, image).seed for image in images] == [f"{2**64 - 1}", "0"]
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/webp"])
def test_other_formats(application: Application, media_type: str) -> None:
    flow = application.pictures.generation
    (image,) = flow.generate(flow.request(PROMPT, seed=9, steps=2), media_type=media_type)
    assert image.image is not None
    assert application.pictures.images.decode(image.image).media_type == media_type
    found = read_credentials(
        application.pictures.images, image.image, media_type, application.pictures.credential_keys.roots
    )
    assert found is not None
    assert found.state == "valid"


def test_a_copy_is_blocked_and_kept_nowhere_but_the_decision_is_a_record(application: Application) -> None:
    flow = showing(application, drawn(DRAWINGS[3]))
    (image,) = flow.generate(application.pictures.generation.request(PROMPT, seed=1))
    assert (image.guard, image.image, image.confirmation) == ("block", None, None)
    assert image.to_json()["image"] is None
    record = generation_record(application, image)
    assert (record.guard, record.verdict) == ("block", "copy")
    assert image.report is not None
    title = image.report.matches[0].title
    assert title in image.reasons[0]
    url = application.settings.database_url
    assert url is not None
    seen = query(url.get_secret_value(), "SELECT count(*) FROM seen_picture WHERE record_id = %s", record.record_id)
    assert seen == [(0,)]
    assert not application.records.page(kind="asset", sha256=record.image.pixel_sha256).records


def test_a_rejected_attempt_is_made_again_and_referred_to(application: Application) -> None:
    policy = again_policy(retries=2)
    copy, free = drawn(DRAWINGS[3]), stranger(5)
    flow = showing(application, copy, copy, free, policy=policy)
    (image,) = flow.generate(application.pictures.generation.request(PROMPT, seed=11))
    record = generation_record(application, image)
    attempts = [statement(application, each).predicate for each in image.attempts]
    assert [each.guard for each in attempts if isinstance(each, GenerationRecord)] == ["regenerated", "regenerated"]
    assert image.guard in ("allow", "warn")
    assert image.image is not None
    assert set(image.attempts) <= {ref.record_id for ref in record.refs}
    asked = application.pictures.generation.request(PROMPT, seed=11)
    assert record.seed == str(asked.seed_of(0, 2))


def test_retries_are_bounded_and_the_last_word_is_block(application: Application) -> None:
    flow = showing(application, drawn(DRAWINGS[3]), policy=again_policy(retries=1))
    (image,) = flow.generate(application.pictures.generation.request(PROMPT, seed=12))
    assert (image.guard, len(image.attempts), image.image) == ("block", 1, None)


def test_a_rule_about_rank_says_rank_and_one_about_style_leaves_chance_alone(application: Application) -> None:
    """The nearest of thirty works is near by chance: neither a copy nor style."""

    def ruled(relation: Relation) -> GeneratedImage:
        rule = Rule(action="warn", p_at_most="1", relations=(relation,))
        policy = default_policy().model_copy(update={"rules": (rule,)})
        flow = showing(application, np.asarray(chance_neighbour()), policy=policy)
        (made,) = flow.generate(flow.request(PROMPT))
        return made

    by_rank = ruled(Relation.NEAREST)
    assert by_rank.guard == "warn"
    for reason in by_rank.reasons:
        assert "nearest by rank is “" in reason
        assert "no claim" in reason
        assert not {"copy", "style"} & set(re.findall("[a-z]+", reason))
    assert ruled(Relation.SIMILAR_STYLE).guard == "allow"


def chance_neighbour() -> Image.Image:
    return Image.effect_mandelbrot((220, 200), (-2.2, -1.3, 0.7, 1.3), 60).convert("RGB")


def again_policy(retries: int) -> Policy:
    rules = [rule.model_dump() | {"action": "regenerate"} for rule in default_policy().rules if rule.action == "block"]
    document = default_policy().model_dump() | {"retries": retries, "rules": tuple(rules)}
    return Policy.model_validate(document)


def test_a_prompt_that_names_an_unwilling_artist_is_refused_before_anything_is_made(application: Application) -> None:
    before = application.store.entries.head()
    for asked in (
        application.pictures.generation.request(f"a red car by {UNWILLING}"),
        application.pictures.generation.request(f"a red car by {disguised(UNWILLING)}"),
        application.pictures.generation.request("a red car", negative_prompt=f"by {UNWILLING}"),
    ):
        with pytest.raises(InputError, match=f"{UNWILLING}.*did not allow style use") as caught:
            application.pictures.generation.generate(asked)
        assert caught.value.code == "prompt-blocked"
    assert application.store.entries.head() == before


def disguised(name: str) -> str:
    """With Cyrillic letters, and a mark that nobody sees after each."""
    return "".join(f"{each}\u200b" for each in name.translate(str.maketrans("aeopcx", "аеорсх")))


def test_an_artists_own_work_does_not_count_against_them(application: Application) -> None:
    flow = showing(application, drawn(DRAWINGS[3]))
    asked = application.pictures.generation.request(PROMPT, seed=1)
    (blocked,) = flow.generate(asked)
    assert blocked.report is not None
    first = blocked.report.matches[0]
    (own,) = flow.generate(asked, requester=application.works.requester(first.artist_id))
    assert own.guard != "block" or first.artist not in own.reasons[0]
    with pytest.raises(NotFoundError):
        application.works.requester("01900000-0000-7000-8000-000000000000")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"prompt": ""}, "bad-prompt"),
        ({"prompt": "x" * 10_000}, "bad-prompt"),
        ({"prompt": "a\x00b"}, "bad-prompt"),
        ({"seed": -1}, "bad-seed"),
        ({"seed": 2**64}, "bad-seed"),
        ({"steps": -1}, "bad-steps"),
        ({"width": 33}, "bad-size"),
        ({"count": 0}, "bad-count"),
        ({"guidance": "many"}, "bad-guidance"),
    ],
)
def test_what_no_generator_does_leaves_no_trace(application: Application, wrong: dict[str, object], code: str) -> None:
    before = application.store.entries.head()
    with pytest.raises(InputError) as caught:
        application.pictures.generation.request(**{"prompt": PROMPT} | wrong)  # type: ignore[arg-type]
    assert caught.value.code == code
    asked = application.pictures.generation.request(PROMPT)
    with pytest.raises(InputError):
        application.pictures.generation.generate(asked, media_type="image/gif")
    assert application.store.entries.head() == before
