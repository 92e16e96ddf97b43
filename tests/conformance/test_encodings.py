"""The published JSON texts against our own reader; tests/api/test_browser_modules.py has them read by Chromium."""

from __future__ import annotations

import pytest

from ledger import canonical
from ledger.errors import VerificationError
from tests.conformance.encodings import ACCEPTED, FILE, REFUSED, document


@pytest.mark.parametrize("data", [data for data, _ in ACCEPTED], ids=[why for _, why in ACCEPTED])
def test_accepted(data: bytes) -> None:
    assert canonical.dumps(canonical.loads(data)) == data


@pytest.mark.parametrize("data", [data for data, _ in REFUSED], ids=[why for _, why in REFUSED])
def test_refused(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        canonical.loads(data)
    assert caught.value.code == "not-canonical"


def test_the_file_is_what_is_tested() -> None:
    assert FILE.read_text() == document()
