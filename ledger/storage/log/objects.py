"""Object stores for tiles and checkpoints: a local folder, or a bucket (`s3://`, `gs://`, `az://`)."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.errors import InputError, IntegrityError, PushbackError
from ledger.log.objects import http_headers

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Bucket

    from ledger.log.objects import ObjectStore

REMOTE_SCHEMES = ("s3", "gs", "az")


def open_objects(place: str) -> ObjectStore:
    """The object store at a folder's path, a `file://` URL or a bucket's URL (credentials from the environment).

    Raises InputError (`object-store`) for any other URL, or when the bucket's settings cannot be used.
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        return FolderObjects(Path(place))
    if scheme == "file":
        return FolderObjects(Path(rest))
    if scheme not in REMOTE_SCHEMES:
        raise InputError(
            f"no object store at {scheme}://",
            code="object-store",
            hint="Name a folder, or a bucket as s3://, gs:// or az://.",
        )
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    try:
        return BucketObjects(from_url(place))
    except (BaseError, ValueError) as error:
        raise InputError(
            f"the object store {scheme}://{rest.split('?')[0]} cannot be used: {error}", code="object-store"
        ) from error


class FolderObjects:
    """Objects as files in a folder, which any web server can serve.

    link(2) makes a complete file appear under its name and never overwrites. `put_new` leaves the flush to `sync`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._unflushed: set[Path] = set()
        self._lock = threading.Lock()

    def get(self, path: str) -> bytes | None:
        try:
            return self._at(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _unusable(self._folder, error) from error

    def put_new(self, path: str, data: bytes) -> None:
        target = self._at(path)
        try:
            self._make_parents(target)
            with _staged(target, data, flush=False) as staged:
                try:
                    target.hardlink_to(staged)
                except FileExistsError:
                    if target.read_bytes() != data:
                        raise _differs(path) from None
        except OSError as error:
            raise _unusable(self._folder, error) from error
        self._remember(target, target.parent)

    def replace(self, path: str, data: bytes) -> None:
        target = self._at(path)
        try:
            self._make_parents(target)
            with _staged(target, data, flush=True) as staged:
                staged.rename(target)
            self._remember(target.parent)
        except OSError as error:
            raise _unusable(self._folder, error) from error
        self.sync()

    def sync(self) -> None:
        with self._lock:
            waiting, self._unflushed = self._unflushed, set()
        try:
            for path in sorted(waiting, key=lambda each: -len(each.parts)):  # files first, then folders upward
                _flush(path)
        except OSError as error:
            with self._lock:
                self._unflushed |= waiting
            raise _unusable(self._folder, error) from error

    def _at(self, path: str) -> Path:
        parts = path.split("/")
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
            raise InputError(f"not a path of an object: {path[:128]!r}", code="object-path")
        return self._folder.joinpath(*parts)

    def _make_parents(self, target: Path) -> None:
        missing = []
        folder = target.parent
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            with contextlib.suppress(FileExistsError):
                each.mkdir()
            self._remember(each, each.parent)

    def _remember(self, *paths: Path) -> None:
        with self._lock:
            self._unflushed.update(paths)


class BucketObjects:
    """Objects in a bucket. Every write is durable when the service answers, so `sync` does nothing."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def get(self, path: str) -> bytes | None:
        from obstore.exceptions import BaseError, NotFoundError

        try:
            return bytes(self._bucket.get(path).bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise _unreachable(error) from error

    def put_new(self, path: str, data: bytes) -> None:
        from obstore.exceptions import AlreadyExistsError, BaseError

        try:
            self._bucket.put(path, data, mode="create", attributes=dict(http_headers(path)))
        except AlreadyExistsError:
            if self.get(path) != data:
                raise _differs(path) from None
        except (BaseError, FileNotFoundError) as error:
            raise _unreachable(error) from error

    def replace(self, path: str, data: bytes) -> None:
        from obstore.exceptions import BaseError

        try:
            self._bucket.put(path, data, mode="overwrite", attributes=dict(http_headers(path)))
        except (BaseError, FileNotFoundError) as error:
            raise _unreachable(error) from error

    def sync(self) -> None:
        """Does nothing: writes are already durable."""


@contextlib.contextmanager
def _staged(target: Path, data: bytes, *, flush: bool) -> Iterator[Path]:
    """A temporary file beside the target with these bytes, readable by all like published objects."""
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    staged = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, 0o644)
            if flush:
                file.flush()
                os.fsync(descriptor)
        yield staged
    finally:
        staged.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _differs(path: str) -> IntegrityError:
    return IntegrityError(
        f"the object {path} is already published with other bytes",
        code="object-differs",
        hint="Published objects never change. This folder or bucket belongs to another log, or was damaged.",
    )


def _unusable(folder: Path, error: OSError) -> PushbackError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PushbackError(
            f"no space left for the published log in {folder}",
            code="disk-full",
            hint="Free some space. Publishing then goes on where it stopped.",
            retry_after=60,
        )
    return PushbackError(
        f"the published log in {folder} cannot be used: {error.strerror}: {error.filename}",
        code="object-store-unreachable",
        hint="Check the folder's permissions and its disk.",
    )


def _unreachable(error: Exception) -> PushbackError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
    return PushbackError(
        f"the object store cannot be used now: {reason}",
        code="object-store-unreachable",
        hint="Check the bucket's name, its region and the credentials in the environment.",
    )
