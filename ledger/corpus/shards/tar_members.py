"""The members of a tar (POSIX.1-2017 ustar and pax, GNU long names), by position. Nothing is ever extracted.

Python's tarfile reads extended headers of any size into memory, and follows what they say of sizes and offsets. Here a
header may have 64 KiB, and a member lies where its header ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from ledger.corpus.files import relative_key
from ledger.errors import InputError

BLOCK = 512
MAX_HEADER = 64 * 1024
MAX_MEMBERS = 1_200_000
_FOLDER, _LONG_NAME, _PAX = b"5", b"L", b"x"
_SKIPPED = (b"g", b"K")
_KINDS = {b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device", b"6": "a pipe"}
_PAX_RECORD = re.compile(rb"(\d{1,6}) ([^=]{1,200})=")


@dataclass(frozen=True, slots=True)
class TarMember:
    """`name`: a relative path. `offset`: where its bytes begin in the file."""

    name: str
    offset: int
    size: int
    left_out: InputError | None = None


def tar_members(file: IO[bytes], shown: str) -> Iterator[TarMember]:
    """All members in order, folders excepted. What is no plain file inside says why it is left out.

    Raises InputError (`archive-broken`, `source-too-large`), also after some members.
    """
    end = file.seek(0, 2)
    at = count = 0
    name, size = None, None
    while at + BLOCK <= end:
        file.seek(at)
        header = file.read(BLOCK)
        if header == bytes(BLOCK):
            return
        _require_checksum(header, at, shown)
        kind, length = header[156:157], _number(header[124:136], shown)
        offset = at + BLOCK
        length = size if size is not None and kind not in (_PAX, _LONG_NAME) else length
        at = offset + (length + BLOCK - 1) // BLOCK * BLOCK
        if offset + length > end:
            raise _broken(shown, "it ends in the middle of a file")
        count += 1
        if count > MAX_MEMBERS:
            raise InputError(f"{shown} has more than {MAX_MEMBERS:,} members", code="source-too-large")
        if kind in (_PAX, _LONG_NAME):
            if length > MAX_HEADER:
                raise _broken(shown, f"a header has {length} bytes")
            data = file.read(length)
            name, size = (data.rstrip(b"\0"), size) if kind == _LONG_NAME else _pax(data, name, size, shown)
            continue
        if kind not in (*_SKIPPED, _FOLDER):
            yield _member(_name(header) if name is None else name, kind, offset, length)
        name, size = None, None
    if count == 0:
        raise _broken(shown, "it is no tar")


def _member(raw: bytes, kind: bytes, offset: int, size: int) -> TarMember:
    text = raw.decode(errors="backslashreplace")
    try:
        key = relative_key(text)
    except InputError as error:
        return TarMember(raw.decode("ascii", "backslashreplace")[:200].replace("\0", ""), offset, size, error)
    if kind not in (b"0", b"\0", b"7"):
        what = f"it is {_KINDS.get(kind, 'neither a file nor a folder')}"
        return TarMember(key, offset, size, InputError(what, code="not-a-file"))
    return TarMember(key, offset, size)


def _name(header: bytes) -> bytes:
    name, prefix = header[:100].split(b"\0")[0], header[345:500].split(b"\0")[0]
    return prefix + b"/" + name if prefix and header[257:263] == b"ustar\0" else name


def _pax(data: bytes, name: bytes | None, size: int | None, shown: str) -> tuple[bytes | None, int | None]:
    """Path and size as extended records state them (pax, Extended Header)."""
    at = 0
    while at < len(data) and (record := _PAX_RECORD.match(data, at)):
        length = int(record[1])
        value = data[record.end() : at + length - 1]
        if length <= record.end() - at or at + length > len(data):
            raise _broken(shown, "an extended header is damaged")
        if record[2] == b"path":
            name = value
        elif record[2] == b"size":
            if not re.fullmatch(rb"\d{1,15}", value):
                raise _broken(shown, "an extended header has no size")
            size = int(value)
        elif record[2].startswith(b"GNU.sparse."):
            raise _broken(shown, "sparse files are not read")
        at += length
    return name, size


def _number(field: bytes, shown: str) -> int:
    """An octal number, or a binary one of GNU tar."""
    if field[0] & 0x80:
        number = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:])
        if number < 2**50:
            return number
    elif re.fullmatch(rb"[0-7]*", digits := field.strip(b" \0")):
        return int(digits or b"0", 8)
    raise _broken(shown, "a header has no size")


def _require_checksum(header: bytes, at: int, shown: str) -> None:
    stated = header[148:156].strip(b" \0")
    plain = sum(header) - sum(header[148:156]) + 8 * 32
    if not re.fullmatch(rb"[0-7]{1,8}", stated) or int(stated, 8) != plain:
        raise _broken(shown, "it is no tar" if at == 0 else f"the header at byte {at} is damaged")


def _broken(shown: str, what: str) -> InputError:
    return InputError(f"the archive {shown} cannot be read: {what}", code="archive-broken")
