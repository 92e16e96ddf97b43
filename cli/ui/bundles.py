"""Proof bundles. A record that is newer than the published log is published first."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.ui.files import write_file
from cli.ui.output import Output
from ledger.errors import PushbackError

if TYPE_CHECKING:
    from ledger.app import Application

PATIENCE = 10.0
"""Seconds to wait for another process that is publishing."""
_PAUSE = 0.1


def published_bundle(application: Application, record_id: str) -> bytes:
    """A record's bundle; the record is published first. Raises as `export_bundle` does."""
    return published(application, lambda: application.records.bundle(record_id))


def published(application: Application, bundle: Callable[[], bytes]) -> bytes:
    """A bundle that needs a checkpoint over everything so far. Raises PushbackError (`not-yet-published`)."""
    deadline = time.monotonic() + PATIENCE
    while True:
        application.log.publisher.publish()
        try:
            return bundle()
        except PushbackError as error:
            if error.code != "not-yet-published" or time.monotonic() > deadline:
                raise
            # Another process holds the publisher's lock and is about to finish.
            time.sleep(_PAUSE)


def export_bundle(application: Application, record_id: str, path: Path, out: Output) -> None:
    """Writes a record's bundle. Raises PushbackError (`not-yet-published`) when no checkpoint comes to cover it."""
    write_file(path, published_bundle(application, record_id))
    out.note(f"Wrote the proof to {path}. Anyone can check it offline:")
    out.note(f"  artledger audit bundle {path} --key '{application.log.vkey}'")
