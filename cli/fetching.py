"""Bundles from where an auditor has them: a file, or an http(s) URL."""

from __future__ import annotations

from pathlib import Path

from cli.files import read_bounded
from ledger.audit.bundle import MAX_BUNDLE_BYTES
from ledger.errors import InputError, NotFoundError, PushbackError

TIMEOUT = 30.0
"""Seconds without an answer."""
_READ = MAX_BUNDLE_BYTES + 1
"""One byte more than a bundle may have goes on to the audit, which refuses it by its size."""


def is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def read_bundle_file(path: Path) -> bytes:
    """Raises NotFoundError (`no-such-file`) and InputError."""
    if not path.exists():
        raise NotFoundError(f"there is no bundle {path}", code="no-such-file")
    return read_bounded(path, 16 * _READ, "the bundle")


def fetch_bundle(url: str) -> bytes:
    """Raises NotFoundError (`no-such-bundle`), PushbackError (`unreachable`) and InputError (`bad-url`)."""
    import http.client
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:  # noqa: S310  (is_url: http or https)
            data: bytes = response.read(_READ)
            return data
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            raise NotFoundError(f"{url}: there is no such bundle", code="no-such-bundle") from error
        raise PushbackError(f"{url} answered {error.code}", code="unreachable") from error
    except (OSError, http.client.HTTPException) as error:
        raise PushbackError(f"cannot fetch {url}: {getattr(error, 'reason', error)}", code="unreachable") from error
    except ValueError as error:
        raise InputError(f"{url} is not a URL: {error}", code="bad-url") from error
