"""Reads bundles from a file or an http(s) URL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cli.ui.files import is_file_name, read_bounded
from ledger.audit.bundle import MAX_BUNDLE_BYTES
from ledger.errors import NotFoundError
from ledger.log.fetch import HttpLog


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def read_bundle_file(path: Path) -> bytes:
    """Raises NotFoundError (`no-such-file`) and InputError."""
    if not is_file_name(str(path)):
        raise NotFoundError(f"there is no file {path}", code="no-such-file")
    return read_bounded(path, 16 * MAX_BUNDLE_BYTES, "the bundle")


def fetch_bundle(url: str) -> bytes:
    """Raises NotFoundError (`no-such-bundle`), PushbackError (`log-unreachable`), VerificationError
    (`object-too-large`), InputError (`bad-log-location`)."""
    prefix, _, name = url.rpartition("/")
    with closing(HttpLog(prefix)) as site:
        data = site.read(name, MAX_BUNDLE_BYTES)
    if data is None:
        raise NotFoundError(f"{url}: the server has no such bundle", code="no-such-bundle")
    return data
