"""The verifier that runs in the browser, on bundles made by the ledger's own code: same verdicts, every byte counts."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ledger.audit.bundle import make_bundle, parse_bundle
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import inclusion_path, leaf_hash, root_of
from ledger.log.vkey import KeyType, VerifierKey
from ledger.record.statement import parse_payload
from tests.api.browser import module_page
from tests.audit.material import (
    BUNDLE,
    ENTRIES,
    LOG,
    LOG_OF_SEVEN,
    LOG_VKEY,
    NOTE_SIGNER,
    VERIFIED_INDEX,
    Log,
    leaf_of,
)
from tests.conformance.encodings import ACCEPTED, REFUSED
from tests.conformance.test_bundle import CASES
from tests.record.samples import ORIGIN, OTHER, SIGNER, verification

VERIFY = """async (input) => {
  const { verifyBundle } = await import("/static/bundle.js");
  const bytes = Uint8Array.from(atob(input.bundle), (char) => char.charCodeAt(0));
  const checks = [];
  const { expected, logKey, recordKeys } = input;
  const verdict = await verifyBundle(bytes, expected, logKey, recordKeys, (check) => checks.push(check));
  return { verdict, checks };
}"""
EVERY_BYTE = """async (input) => {
  const { verifyBundle } = await import("/static/bundle.js");
  const bytes = Uint8Array.from(atob(input.bundle), (char) => char.charCodeAt(0));
  const accepted = [];
  for (let position = input.first; position < bytes.length; position += input.step) {
    const altered = bytes.slice();
    altered[position] ^= 1 << (position % 8);
    const verdict = await verifyBundle(altered, input.expected, input.logKey, input.recordKeys, () => {});
    if (verdict !== "failed") accepted.push(position);
  }
  return { accepted };
}"""
SOUND = """async (keys) => {
  const { requireSoundKey } = await import("/static/ed25519.js");
  return keys.map((key) => {
    try {
      requireSoundKey(Uint8Array.from(key.match(/../g), (pair) => parseInt(pair, 16)));
      return true;
    } catch {
      return false;
    }
  });
}"""


READ = """async (texts) => {
  const { parseCanonical } = await import("/static/encoding.js");
  return texts.map((text) => {
    try {
      parseCanonical(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)), "it");
      return true;
    } catch {
      return false;
    }
  });
}"""
NOT_IN_BROWSERS = {
    *(
        "wrong-relation_fail",
        "wrong-shares_fail",
        "one-place-counted-twice_fail",
        "wrong-verdict_fail",
        "reported-policy_fail",
        "no-quorum_fail",
    ),
}
"""Conformance cases that only the command line refuses: what follows from a record's matches, and witnesses."""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return module_page(browser)


def question(bundle: bytes = BUNDLE, **changes: Any) -> dict[str, Any]:
    parsed = parse_bundle(BUNDLE)
    statement = parse_payload(parsed.envelope.payload)
    expected = {
        "recordId": statement.record_id,
        "subject": statement.subject_sha256,
        "verdict": json.loads(parsed.envelope.payload)["predicate"]["verdict"],
        "leafIndex": str(VERIFIED_INDEX),
    }
    return {
        "bundle": base64.b64encode(bundle).decode(),
        "expected": expected | changes.pop("expected", {}),
        "logKey": LOG_VKEY,
        "recordKeys": [SIGNER.public_raw.hex()],
    } | changes


def verify(page: Page, asked: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The verdict, and what each failed check says."""
    answer = page.evaluate(VERIFY, asked)
    return answer["verdict"], {each["name"]: each["detail"] for each in answer["checks"] if each["state"] == "failed"}


def test_a_good_bundle_passes_and_says_what_was_not_checked(page: Page) -> None:
    answer = page.evaluate(VERIFY, question())
    assert answer["verdict"] == "passed"
    assert [each["state"] for each in answer["checks"]] == ["passed"] * 5 + ["not-checked"] * 2


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6, 7, 8, 9])
def test_inclusion_at_every_place_of_small_trees(page: Page, size: int) -> None:
    leaf = leaf_of(verification())
    for index in range(size):
        entries = [b"x%d" % other for other in range(size)]
        entries[index] = leaf
        log = Log(entries)
        assert verify(page, question(log.bundle(index).to_bytes(), expected={"leafIndex": str(index)}))[0] == "passed"


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_no_byte_can_change_unnoticed(page: Page, step: int) -> None:
    first = random.randrange(step)
    assert page.evaluate(EVERY_BYTE, question(first=first, step=step)) == {"accepted": []}


@pytest.mark.parametrize("field", ["recordId", "subject", "verdict", "leafIndex"])
def test_a_good_bundle_of_something_else_than_the_page_shows_is_refused(page: Page, field: str) -> None:
    assert verify(page, question(expected={field: "none"}))[0] == "failed"


def test_browsers_and_python_read_the_same_json(page: Page) -> None:
    texts = [(data, True) for data, _ in ACCEPTED] + [(data, False) for data, _ in REFUSED]
    read = page.evaluate(READ, [base64.b64encode(data).decode() for data, _ in texts])
    assert [data[:60] for (data, wanted), was in zip(texts, read, strict=True) if was != wanted] == []


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_conformance_cases_in_browsers(page: Page, case: Path) -> None:
    """As the page would ask: about the record that the bundle is said to prove, with the keys that the case names."""
    data = (case / "bundle.json").read_bytes()
    keys = (case / "record_keys").read_text().split() if (case / "record_keys").exists() else None
    asked = question(data, expected=claimed(data), recordKeys=keys or signers(data))
    wanted = "passed" if not case.name.endswith("_fail") or case.name in NOT_IN_BROWSERS else "failed"
    assert verify(page, asked)[0] == wanted


def claimed(data: bytes) -> dict[str, str]:
    """What a page that believes the bundle would show, read as leniently as can be."""
    bundle = json.loads(data.decode("utf-8-sig"))
    text = bundle["envelope"]["payload"].translate(str.maketrans("-_", "+/", "\n"))
    payload = base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8-sig", "surrogatepass")
    statement = json.loads(payload)
    predicate = statement.get("predicate", {})
    index = next(line for line in bundle["proof"].split("\n") if line.startswith("index "))
    return {
        "recordId": predicate.get("record_id", ""),
        "subject": statement["subject"][0]["digest"]["sha256"] if "subject" in statement else "",
        "verdict": predicate.get("verdict") or "",
        "leafIndex": str(int(index.removeprefix("index "))),
    }


def signers(data: bytes) -> list[str]:
    """The keys that the proof's extra line brings along; the service's where there is none."""
    lines = json.loads(data.decode("utf-8-sig"))["proof"].split("\n")
    extra = b"".join(base64.b64decode(line[6:]) for line in lines if line.startswith("extra "))
    return [extra[at : at + 32].hex() for at in range(0, len(extra), 32)] or [SIGNER.public_raw.hex()]


def test_other_keys_are_refused(page: Page) -> None:
    verdict, failed = verify(page, question(recordKeys=[OTHER.public_raw.hex()]))
    assert verdict == "failed"
    assert "a key that is not named here" in failed["The record is signed by a key named here"]
    other = str(VerifierKey(ORIGIN, KeyType.ED25519, OTHER.public_raw))
    verdict, failed = verify(page, question(logKey=other))
    assert verdict == "failed"
    assert "not signed" in failed["The checkpoint is signed by the log"]
    assert verify(page, question(logKey=LOG_VKEY.replace("+", " ")))[0] == "failed"


def test_a_proof_that_leads_to_another_root_is_refused(page: Page) -> None:
    root = root_of(map(leaf_hash, reversed(ENTRIES)))
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, len(ENTRIES), root), NOTE_SIGNER)
    path = inclusion_path(VERIFIED_INDEX, len(ENTRIES), LOG_OF_SEVEN.node)
    keys = {SIGNER.keyid: SIGNER.public_raw}
    forged = make_bundle(ENTRIES[VERIFIED_INDEX], VERIFIED_INDEX, path, checkpoint, keys).to_bytes()
    verdict, failed = verify(page, question(forged))
    assert verdict == "failed"
    assert failed == {"The log holds the record as this entry": "the inclusion path leads to another root hash"}


def test_a_statement_made_for_another_log_is_refused(page: Page) -> None:
    elsewhere = verification().model_copy(update={"origin": "log.example/other"})
    bundle = Log([*ENTRIES, leaf_of(elsewhere)]).bundle(len(ENTRIES)).to_bytes()
    verdict, failed = verify(page, question(bundle, expected={"leafIndex": str(len(ENTRIES))}))
    assert verdict == "failed"
    assert failed == {"The checkpoint is signed by the log": "the statement was made for another log"}


def test_unsound_keys_are_refused_as_the_ledger_refuses_them(page: Page) -> None:
    p = 2**255 - 19
    identity, order_two, order_four = 1, p - 1, 0
    order_eight = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
    beyond = p + 1
    unsound = [
        value.to_bytes(32, "little").hex()
        for value in (identity, order_two, order_four, order_eight, beyond, p, identity | 1 << 255, 2)
    ]
    assert page.evaluate(SOUND, [*unsound, "00" * 31]) == [False] * (len(unsound) + 1)
    assert page.evaluate(SOUND, [SIGNER.public_raw.hex(), LOG.public_raw.hex()]) == [True, True]


def test_without_webcrypto_nothing_is_said_to_be_verified(browser: Browser) -> None:
    page = module_page(browser, "http://ledger.example")
    answer = page.evaluate(VERIFY, question())
    assert answer["verdict"] == "not-checked"
    assert {each["state"] for each in answer["checks"]} == {"not-checked"}
    assert "https" in answer["checks"][0]["detail"]
