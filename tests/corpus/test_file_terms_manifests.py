"""Training and data mining assertions in C2PA manifests: every entry and value, real manifests, hostile reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.file_terms.narrowing import MAX_TERMS, file_terms_of, narrowed
from ledger.corpus.file_terms.site_rules import content_usage, tdmrep
from ledger.corpus.file_terms.training_mining import MAX_ENTRIES, terms_of_report
from ledger.corpus.file_terms.vocabulary import TRAINING_MINING, TRAINING_MINING_1
from ledger.corpus.work import ALL_USES, FileTerm, SourceItem
from ledger.image.pool import DecodePool
from tests.image.credentials.samples import edited, foreign, remote
from tests.image.samples import png_chunk, save, textured
from tests.xmp_samples import mining, with_xmp

TRAINING, COMPARING = ("train", "style"), ("match", "style")
ENTRIES = {
    "data_mining": ALL_USES,
    "ai_inference": COMPARING,
    "ai_training": TRAINING,
    "ai_generative_training": TRAINING,
}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1) as running:
        yield running


def assertion(entries: object, label: str = "cawg.training-mining") -> dict[str, Any]:
    return {"label": label, "data": {"entries": entries}}


def report(*assertions: object) -> str:
    return json.dumps({"active_manifest": "m", "manifests": {"m": {"assertions": assertions}}})


def terms(*assertions: object) -> list[FileTerm]:
    return list(terms_of_report(report(*assertions), "in the file"))


def test_the_test_knows_every_entry() -> None:
    assert set(ENTRIES) == set(TRAINING_MINING.forbids) == set(TRAINING_MINING_1.forbids)


@pytest.mark.parametrize(("entry", "forbids"), ENTRIES.items())
@pytest.mark.parametrize(("prefix", "vocabulary"), [("cawg", TRAINING_MINING), ("c2pa", TRAINING_MINING_1)])
@pytest.mark.parametrize("use", ["notAllowed", "constrained", "allowed", "perhaps"])
def test_every_entry_and_value(entry: str, forbids: tuple[str, ...], prefix: str, vocabulary: Any, use: str) -> None:
    found = terms(assertion({f"{prefix}.{entry}": {"use": use}}, f"{prefix}.training-mining"))
    if use == "allowed":
        assert found == []
        return
    [term] = found
    assert (term.vocabulary, term.version, term.forbids) == (vocabulary.name, vocabulary.version, forbids)
    assert bool(term.problem) is (use == "perhaps")


def test_constraints_and_own_entries() -> None:
    [term] = terms(assertion({"cawg.ai_training": {"use": "constrained", "constraint_info": "Ask\u202e me"}}))
    assert term.value == "cawg.ai_training constrained: Ask me"
    [term] = terms(assertion({"com.example.dreaming": {"use": "notAllowed"}}))
    assert (term.forbids, bool(term.problem)) == (TRAINING, True)
    assert terms(assertion({"com.example.dreaming": {"use": "allowed"}})) == []


@pytest.mark.parametrize("label", ["cawg.training-mining__2", "c2pa.training-mining.v2", "cawg.training-mining.v1__1"])
def test_labels_with_versions_and_instances(label: str) -> None:
    assert [term.forbids for term in terms(assertion({"cawg.data_mining": {"use": "notAllowed"}}, label))] == [ALL_USES]
    assert terms(assertion({"cawg.data_mining": {"use": "notAllowed"}}, "x." + label)) == []


@pytest.mark.parametrize(
    "entries", [None, [], "x", {}, {"cawg.data_mining": None}, {"cawg.data_mining": {"use": []}},
                {f"x{number}": {} for number in range(MAX_ENTRIES + 1)}]
)  # fmt: skip
def test_entries_that_are_none(entries: object) -> None:
    assert all(term.problem for term in terms(assertion(entries)))
    assert bool(terms(assertion(entries))) is (entries != {})


@pytest.mark.parametrize("text", ["", "[" * 100_000, "{}", "[]", '{"manifests": []}', '{"manifests": {"a": 1}}'])
def test_reports_that_are_none(text: str) -> None:
    assert not any(term.forbids for term in terms_of_report(text, ""))


NAMES = ["manifests", "assertions", "label", "data", "entries", "use", "constraint_info", "cawg.data_mining"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["cawg.training-mining", "notAllowed", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, JSON)
def test_no_report_makes_it_raise(document: object, rules: object) -> None:
    list(terms_of_report(json.dumps(document), ""))
    list(terms_of_report(report(document), ""))
    list(terms_of_report(report(assertion(document)), ""))
    tdmrep(json.dumps([rules, {"location": rules, "tdm-reservation": document}]).encode(), "").of("/a")
    tdmrep(json.dumps([{"location": "/", "tdm-reservation": document, "tdm-policy": rules}]).encode(), "").of("/a")


@given(st.text(alphabet="Content-Usge:ua/*$ \n,=;n#\x00é", max_size=200))
def test_no_robots_file_makes_it_raise(text: str) -> None:
    content_usage(f"Content-Usage: {text}\nContent-Usage: /{text}".encode(), "").of("/a/b.png")


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"),
                                                  ("TIFF", "image/tiff"), ("GIF", "image/gif")])  # fmt: skip
def test_manifests_in_files(pool: DecodePool, kind: str, media_type: str) -> None:
    said = assertion({"cawg.ai_generative_training": {"use": "notAllowed"}, "cawg.ai_inference": {"use": "allowed"}})
    data = foreign(save(textured(90, 60), kind), media_type, [said])
    [term] = file_terms_of(pool, data)
    assert (term.forbids, term.value) == (TRAINING, "cawg.ai_generative_training notAllowed")
    assert file_terms_of(pool, foreign(save(textured(90, 60), kind), media_type)) == ()


def test_it_counts_in_an_ingredient_and_in_a_broken_manifest(pool: DecodePool) -> None:
    said = assertion({"c2pa.data_mining": {"use": "notAllowed"}}, "c2pa.training-mining")
    data = foreign(save(textured(90, 60), "JPEG"), "image/jpeg", [said])
    assert [term.forbids for term in file_terms_of(pool, edited(data, "image/jpeg"))] == [ALL_USES]
    broken = data[:-40] + bytes([data[-40] ^ 1]) + data[-39:]
    assert [term.forbids for term in file_terms_of(pool, broken)] == [ALL_USES]


def test_a_manifest_that_cannot_be_read_is_told(pool: DecodePool) -> None:
    plain = save(textured(90, 60), "PNG")
    [term] = file_terms_of(pool, plain[:33] + png_chunk(b"caBX", b"\0\0\0\x10jumb" + b"c2pa" * 9) + plain[33:])
    assert term.problem.startswith("Content Credentials that cannot be read: ")
    assert file_terms_of(pool, b"jumb c2pa, and no picture")[0].problem


def test_a_manifest_that_is_elsewhere_is_told_and_not_fetched(pool: DecodePool) -> None:
    [term] = file_terms_of(pool, remote("https://manifests.example/one.c2pa"))
    assert term.problem == "its Content Credentials are at https://manifests.example/one.c2pa, and were not fetched"


ITEM = SourceItem("k", "T", "Ann", "CC-BY-4.0", "", ALL_USES)


def test_uses_are_only_taken_away() -> None:
    said = [*terms(assertion({"cawg.ai_training": {"use": "notAllowed"}, "cawg.data_mining": {"use": "allowed"}}))]
    for asked in ((), ("match",), ("train",), ALL_USES):
        item = SourceItem("k", "T", "Ann", "CC-BY-4.0", "", asked)
        assert narrowed(item, said).allowed_uses == tuple(use for use in asked if use == "match")
        assert narrowed(item, ()).allowed_uses == asked
    assert narrowed(ITEM, said).file_terms == tuple(said)


def test_what_is_kept_is_bounded_and_everything_counts(pool: DecodePool) -> None:
    many = [FileTerm("v", "1", "", str(number), (), "unknown") for number in range(100)]
    last = FileTerm("v", "1", "", "x", ALL_USES)
    item = narrowed(ITEM, [*many, last, FileTerm("v", "1", "", "allowed")])
    assert (item.allowed_uses, len(item.file_terms)) == ((), MAX_TERMS)
    assert last in item.file_terms, "what takes uses away comes first"
    assert [term.forbids for term in file_terms_of(pool, with_xmp(mining("DMI-PROHIBITED")))] == [ALL_USES]
