"""Models are loaded once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.fingerprint.copy_encoder import load_copy_encoder
from ledger.fingerprint.fingerprinter import Fingerprinter
from ledger.fingerprint.spec import copy_spec
from ledger.image.pool import DecodePool
from tests.match.copies.studio import Studio


@pytest.fixture(scope="package")
def fingerprinter() -> Fingerprinter:
    return Fingerprinter([load_copy_encoder()], copy_spec())


@pytest.fixture(scope="package")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as pool:
        yield pool


@pytest.fixture(scope="package")
def studio(pool: DecodePool, fingerprinter: Fingerprinter) -> Studio:
    return Studio(pool, fingerprinter)
