"""Lines of a label file: decodes them, splits them as every system ends them, counts them, and limits them."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from ledger.errors import InputError

MAX_ROW_BYTES = 64 * 1024
MAX_FILE_BYTES = 128 * 2**20
MAX_LINES = 1_100_000
"""A little more than a spreadsheet can have."""
_BLOCK = 64 * 1024
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the end of a block may be followed by a line feed in the next one."""


class LabelLines:
    """Decoded lines of the file; counts them and limits the length of a row."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Raises InputError (`labels-too-large`)."""
        self._file = file
        self.name = name
        self.number = 0
        self._row_bytes = 0
        if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
            raise self._too_large(f"the file is larger than {MAX_FILE_BYTES // 2**20} MB")

    def begin_row(self) -> None:
        self._row_bytes = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines():
            self.number += 1
            if self.number > MAX_LINES:
                raise self._too_large(f"the file has more than {MAX_LINES:,} lines")
            self._row_bytes += len(line)
            self._require_end(self._row_bytes)
            yield self._decode(line)

    def _require_end(self, length: int) -> None:
        if length > MAX_ROW_BYTES:
            raise InputError(
                f"{self.name}, line {max(self.number, 1)}: a row is longer than {MAX_ROW_BYTES} bytes",
                code="labels-row-too-large",
                hint="Look for a quotation mark that is never closed.",
            )

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for block in self._blocks():
            rest += block
            end = 0
            for match in _LINE_END.finditer(rest):
                yield rest[end : match.end()]
                end = match.end()
            rest = rest[end:]
            self._require_end(len(rest))
        if rest:
            yield rest

    def _blocks(self) -> Iterator[bytes]:
        """The file as UTF-8 without a byte-order mark."""
        first = self._file.read(_BLOCK)
        encoding = _utf16(first)
        if encoding is None:
            yield first.removeprefix(codecs.BOM_UTF8)
            while block := self._file.read(_BLOCK):
                yield block
            return
        decoder = codecs.getincrementaldecoder(encoding)()
        block = first.removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE)
        try:
            while block:
                yield decoder.decode(block).encode()
                block = self._file.read(_BLOCK)
            yield decoder.decode(b"", final=True).encode()
        except UnicodeError as error:
            raise self._not_utf8("the file begins as UTF-16 and goes on otherwise") from error

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            at = error.start
            raise self._not_utf8(f"line {self.number}, byte {at + 1}: 0x{line[at]:02x} is not UTF-8") from error

    def _not_utf8(self, what: str) -> InputError:
        return InputError(f"{self.name}: {what}", code="labels-encoding", hint="Save the label file as UTF-8.")

    def _too_large(self, what: str) -> InputError:
        return InputError(
            f"{self.name}: {what}", code="labels-too-large", hint="Divide it, one label file for each folder."
        )

    def syntax(self, what: str) -> InputError:
        return InputError(f"{self.name}, line {self.number}: {what}", code="labels-syntax")


def _utf16(first: bytes) -> str | None:
    """The byte order of UTF-16, with a mark or without one: the first two characters of a header are ASCII."""
    if first.startswith(codecs.BOM_UTF16_LE) or (first[1:2] == first[3:4] == b"\0" and first[0] and first[2]):
        return "utf-16-le"
    if first.startswith(codecs.BOM_UTF16_BE) or (first[0:1] == first[2:3] == b"\0" and first[1:2].strip(b"\0")):
        return "utf-16-be"
    return None
