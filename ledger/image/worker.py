"""Runs one job in a decoding worker, with limits on memory, CPU and open files."""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import resvg_py  # noqa: F401 - loaded before the limits are set: rasterising may open no file
from PIL import Image, ImageCms

from ledger.errors import InputError, LedgerError
from ledger.image import decode as decoding
from ledger.image.closed import no_new_files
from ledger.image.credentials import native
from ledger.image.failures import out_of_memory
from ledger.image.kinds.svg import rasterise_file
from ledger.image.limits import DecodeLimits


def initialise(memory: int) -> None:
    """Limits the address space to its current size plus `memory` bytes; ignores Ctrl-C; loads the codecs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    Image.init()
    ImageCms.createProfile("sRGB")
    status = Path("/proc/self/statm")
    if status.exists():
        size = int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def decode_job(
    data: bytes, limits: DecodeLimits, *, canonical: bool = False, second: bool = False
) -> decoding.Decoded | LedgerError:
    """Runs `decode`. Returns an InputError instead of raising it, so that no traceback carries file content."""
    with _cpu_limit(limits.cpu_seconds):
        try:
            return decoding.decode(data, limits, canonical=canonical, second=second)
        except LedgerError as error:
            return error


def rasterise_job(data: bytes, limits: DecodeLimits) -> bytes | LedgerError:
    """Runs `rasterise_file`."""
    with _cpu_limit(limits.seconds):
        try:
            return rasterise_file(data)
        except LedgerError as error:
            return error
        except MemoryError:
            return out_of_memory()


def manifest_job(data: bytes, limits: DecodeLimits, *, media_type: str, trusted: str) -> str | LedgerError | None:
    """Runs `native.validate` without the right to open a file or a socket; None for a file without a manifest."""
    native.load()
    with _cpu_limit(limits.cpu_seconds):
        try:
            with no_new_files():
                return native.validate(data, media_type, trusted)
        except native.NoManifestError:
            return None
        except native.RemoteManifestError as error:
            return InputError(str(error), code="credentials-remote")
        except native.UnsupportedError as error:
            return InputError(str(error), code="credentials-unsupported")
        except native.UnreadableError as error:
            return InputError(str(error), code="credentials-unreadable")
        except native.TooLargeError as error:
            return InputError(str(error), code="credentials-too-large")
        except MemoryError:
            return out_of_memory()


@contextlib.contextmanager
def _cpu_limit(seconds: float) -> Iterator[None]:
    """Raises the soft RLIMIT_CPU for one job, since it counts from the process's start. Above it, the process dies."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
