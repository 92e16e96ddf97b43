"""Credentials that are not intact are told apart, each state with its own words; nothing is asked of the network."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from ledger.errors import ConflictError
from ledger.flows.pictures.credentials import STATES
from ledger.image.credentials import native
from ledger.image.credentials import signer as signing
from ledger.image.credentials.content import INTACT, FoundCredentials, State
from ledger.image.credentials.read import UNREADABLE, found_in, read_credentials
from ledger.image.limits import DEFAULT_LIMITS
from ledger.image.pool import DecodePool
from tests.image.credentials.samples import DRAWN, our_roots, remote, signed
from tests.image.samples import save, textured
from tests.xmp_samples import packet, with_xmp

UNTRUSTED = "signingCredential.untrusted"
MISMATCH, MATCH = "assertion.dataHash.mismatch", "assertion.dataHash.match"
EXCLUSION = "data hash exclusion does not match the manifest location in the asset"
HERE = "self#jumbf=/c2pa/m/c2pa.assertions/c2pa.hash.data"


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1) as running:
        yield running


def read(pool: DecodePool, data: bytes, media_type: str) -> FoundCredentials | None:
    return read_credentials(pool, data, media_type, our_roots)


def state_of(*codes: str, **more: Any) -> State:
    statuses = [{"code": code, "url": HERE} for code in codes]
    return found_in(json.dumps({"validation_state": "Invalid", "validation_status": statuses, **more}), None).state


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        ((UNTRUSTED, MISMATCH), "tampered"),
        (("assertion.hashedURI.mismatch",), "tampered"),
        ((UNTRUSTED, "claimSignature.mismatch"), "tampered"),
        (("ingredient.manifest.mismatch",), "tampered"),
        (("assertion.boxesHash.unknownBox",), "tampered"),
        (("signingCredential.expired", MISMATCH, "algorithm.unsupported"), "tampered"),
        ((UNTRUSTED, "signingCredential.expired"), "expired"),
        (("claimSignature.outsideValidity",), "expired"),
        (("signingCredential.ocsp.revoked",), "expired"),
        (("signingCredential.expired", "claim.malformed"), "invalid"),
        (("algorithm.unsupported", UNTRUSTED), "unsupported"),
        (("algorithm.unsupported", "signingCredential.expired"), "expired"),
        (("claim.missing",), "invalid"),
        (("signingCredential.invalid",), "invalid"),
        (("something.new",), "invalid"),
        ((), "invalid"),
        ((UNTRUSTED,), "invalid"),
    ],
)
def test_failures_are_told_apart(codes: tuple[str, ...], state: str) -> None:
    assert state_of(*codes) == state


def results(failure: list[dict[str, str]], success: list[dict[str, str]]) -> dict[str, Any]:
    return {"validation_results": {"activeManifest": {"failure": failure, "success": success}}}


FAILED = {"code": MISMATCH, "url": HERE, "explanation": EXCLUSION}
MATCHED = {"code": MATCH, "url": HERE, "explanation": "data hash valid"}


def test_unusual_exclusions_whose_hash_matches_are_not_called_invalid() -> None:
    """As c2pa 0.38 reports three pictures of Truepic's: the same data hash matches and mismatches."""
    assert state_of(UNTRUSTED, MISMATCH, **results([FAILED], [MATCHED])) == "partial"
    assert "partial" not in INTACT


@pytest.mark.parametrize(
    ("codes", "failure", "success"),
    [
        ([MISMATCH], [FAILED], []),
        ([MISMATCH], [FAILED], [MATCHED | {"url": "self#jumbf=other"}]),
        ([MISMATCH], [FAILED | {"explanation": "Hashes do not match"}], [MATCHED]),
        ([MISMATCH, MISMATCH], [FAILED], [MATCHED]),
        ([MISMATCH], [FAILED, FAILED], [MATCHED]),
        ([MISMATCH], [FAILED], [MATCHED, MATCHED]),
        ([MISMATCH, "assertion.hashedURI.mismatch"], [FAILED], [MATCHED]),
        ([MISMATCH], [], [MATCHED]),
    ],
)
def test_what_only_resembles_that_is_tampered(
    codes: list[str], failure: list[dict[str, str]], success: list[dict[str, str]]
) -> None:
    assert state_of(*codes, **results(failure, success)) == "tampered"
    assert state_of(MISMATCH, validation_results=[1]) == state_of(MISMATCH, **results([], [])) == "tampered"
    assert state_of(MISMATCH, validation_results={"activeManifest": {"failure": 1, "success": [1, {}]}}) == "tampered"


def test_an_expired_certificate(pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_credentials(pool, signed_by_an_expired_certificate(monkeypatch), "image/png", lambda: "")
    assert found is not None
    assert (found.state, found.issuer) == ("expired", "Short")


def signed_by_an_expired_certificate(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The library signs with no certificate that has expired, so this one expires between signing and reading. On a
    busy machine signing may take longer than the certificate lives; then one that lives longer is tried."""
    for seconds in (1.5, 6, 24):
        with monkeypatch.context() as short:
            short.setattr(signing, "YEARS", seconds / (365 * 86_400))
            who = signing.signer_of(*signing.new_certificate("Short"))
        try:
            data, _ = native.sign(save(textured(90, 60), "PNG"), "image/png", {"assertions": [DRAWN]}, who)
        except ConflictError:
            continue
        time.sleep(seconds + 1.1)  # certificates count whole seconds
        return data
    raise AssertionError("signing took longer than 24 seconds")


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png"])
def test_a_remote_manifest_is_named_and_not_fetched(pool: DecodePool, media_type: str) -> None:
    found = read(pool, remote("https://manifests.example/one.c2pa", media_type), media_type)
    assert found is not None
    assert (found.state, found.remote_url, found.problems) == ("remote", "https://manifests.example/one.c2pa", ())


@pytest.mark.parametrize("address", ["ftp://a.example", "file:///etc/passwd", "javascript:1", "a long history", ""])
def test_what_is_no_address_is_no_manifest(pool: DecodePool, address: str) -> None:
    said = f'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{address}"'
    assert read(pool, with_xmp(packet(attributes=said)), "image/png") is None


def test_kinds_of_files_that_the_library_does_not_read(pool: DecodePool) -> None:
    bitmap = save(textured(90, 60), "BMP")
    assert read(pool, bitmap, "image/bmp") is None
    found = read(pool, bitmap + b"jumb c2pa", "image/bmp")
    assert found is not None
    assert (found.state, found.problems[0].partition(":")[0]) == ("unsupported", UNREADABLE)
    assert read(pool, b"8BPS" + bytes(100), "image/vnd.adobe.photoshop") is None


def test_a_reader_that_fails_here_says_nothing_about_the_file() -> None:
    """The worker has no memory to receive the file."""
    with DecodePool(workers=1, limits=replace(DEFAULT_LIMITS, memory=1)) as poor:
        found = read(poor, signed() + bytes(8 * 2**20), "image/png")
    assert found is not None
    assert found.state == "unreadable"


def test_every_state_has_its_own_words() -> None:
    assert set(STATES) == set(get_args(State))
    words = [each.format(issuer="Ada", url="https://ada.example") for each in STATES.values()]
    assert len(set(words)) == len(words)
    said = {state: words[number].lower() for number, state in enumerate(STATES)}
    assert [state for state in said if "broken" in said[state]] == ["invalid"]
    assert [state for state in said if "https://ada.example" in said[state]] == ["remote"]
    assert all("says nothing about the picture" in said[state] for state in ("unsupported", "unreadable"))


ROOT = Path(__file__).parents[3]
IDENTITY = "tests.image.credentials.identity_without_network"


@pytest.mark.needs("proc")
def test_an_identity_is_not_resolved() -> None:
    """In a process that the kernel ends at its first socket: our reader lives, the library's default does not."""
    command = [sys.executable, "-m", IDENTITY]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout.split() == ["untrusted", "default"], ended.stderr[-2000:]
    assert ended.returncode == -signal.SIGSYS
