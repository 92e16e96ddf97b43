"""Finds the XMP packets in a picture's file (ISO 16684-1; XMP Specification Part 3). The bytes are untrusted: every
walk is bounded, and nothing unpacks to more than the limit."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ledger.image.credentials.containers import MAX_PARTS, jpeg_application_data

MAX_PACKET = 4 * 2**20
"""Bytes of a packet that are read."""
MAX_PACKETS = 64
"""Packets of one file that are read."""

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_KEYWORDS = (b"XML:com.adobe.xmp", b"Raw profile type xmp")
_APP1, _MAIN, _EXTENSION = 0xE1, b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_GUID = 32
_TIFF_ENTRIES = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
_TIFF_XMP, _TIFF_DIRECTORIES = 700, 1000
_RDF = b"rdf:RDF"
_PLAIN = (b"x:xmpmeta", b"x:xapmeta", _RDF)
_PREFIXED = (
    b'<x xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:cc="http://creativecommons.org/ns#" xmlns:dcterms="http://purl.org/dc/terms/"'
    b' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"'
    b' xmlns:tdm="http://www.w3.org/ns/tdmrep/">',
    b"</x>",
)
"""Around RDF without an `x:xmpmeta`: a drawing (SVG) declares the usual prefixes at its root."""


@dataclass(frozen=True, slots=True)
class Packet:
    """`data`: its bytes, or as many as are read. `problem`: why they are not all."""

    data: bytes
    problem: str = ""


def xmp_packets(data: bytes) -> list[Packet]:
    """The packets of a PNG, JPEG, WebP or TIFF in their places, and those that stand as plain text in any file."""
    found: list[Packet] = []
    for number, packet in enumerate(chain(_placed(data), _plain(data))):
        if number == MAX_PACKETS:
            found.append(Packet(data, f"the file has more than {MAX_PACKETS} packets"))
            break
        if not any(packet.data in known.data and packet.problem == known.problem for known in found):
            found.append(packet)
    return found


def _placed(data: bytes) -> Iterator[Packet]:
    if data.startswith(_PNG):
        yield from _from_png(data)
    elif data.startswith(_JPEG):
        yield from _from_jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _from_webp(data)
    elif data[:4] in _TIFF_ENTRIES:
        yield from _from_tiff(data)


def _cut(data: bytes) -> Packet:
    too_large = len(data) > MAX_PACKET
    return Packet(data[:MAX_PACKET], f"it has more than {MAX_PACKET:,} bytes" if too_large else "")


def _from_png(data: bytes) -> Iterator[Packet]:
    """Text chunks (PNG, third edition, 11.3.3), also as ImageMagick writes them: a length and hexadecimal digits."""
    position = 8
    for _ in range(MAX_PARTS):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        if position + 12 + length > len(data):
            return
        keyword, _, _ = data[position + 8 : position + 8 + min(length, 80)].partition(b"\0")
        if kind in (b"iTXt", b"zTXt", b"tEXt") and keyword in _KEYWORDS:
            yield _text_chunk(kind, keyword, data[position + 9 + len(keyword) : position + 8 + length])
        position += 12 + length


def _text_chunk(kind: bytes, keyword: bytes, body: bytes) -> Packet:
    packed = kind == b"zTXt" or (kind == b"iTXt" and body[:1] == b"\1")
    if kind == b"iTXt":  # flag, method, language tag, translated keyword
        parts = body[2:].split(b"\0", 2)
        if len(parts) < 3:
            return Packet(b"", "its text chunk is incomplete")
        body = parts[2]
    elif kind == b"zTXt":
        body = body[1:]
    packet = _unpacked(body) if packed else _cut(body)
    if keyword != _KEYWORDS[1] or packet.problem:
        return packet
    digits = re.sub(rb"[^0-9a-fA-F]", b"", b"".join(packet.data.split()[2:]))
    return Packet(bytes.fromhex(digits[: len(digits) // 2 * 2].decode()))


def _unpacked(body: bytes) -> Packet:
    unpacking = zlib.decompressobj()
    try:
        return _cut(unpacking.decompress(body, MAX_PACKET + 1))
    except zlib.error:
        return Packet(b"", "its compressed text is damaged")


def _from_jpeg(data: bytes) -> Iterator[Packet]:
    """The main packet and extended ones, whose parts stand in several segments (XMP Part 3, 1.1.3.1)."""
    parts: dict[bytes, list[tuple[int, bytes]]] = {}
    for segment in jpeg_application_data(data, _APP1):
        if segment.startswith(_MAIN):
            yield Packet(segment[len(_MAIN) :])
        elif segment.startswith(_EXTENSION):
            body = segment[len(_EXTENSION) :]
            offset = int.from_bytes(body[_GUID + 4 : _GUID + 8], "big")
            parts.setdefault(body[:_GUID], []).append((offset, body[_GUID + 8 :]))
    for each in parts.values():
        yield _cut(b"".join(part for _, part in sorted(each)))


def _from_webp(data: bytes) -> Iterator[Packet]:
    """Chunks `XMP ` (RFC 9649 section 2.7.1.4)."""
    position = 12
    for _ in range(MAX_PARTS):
        kind, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if len(kind) < 4 or position + 8 + length > len(data):
            return
        if kind == b"XMP ":
            yield _cut(data[position + 8 : position + 8 + length])
        position += 8 + length + length % 2


def _from_tiff(data: bytes) -> Iterator[Packet]:
    """Tag 700 of each directory (TIFF 6.0 section 2, and BigTIFF)."""
    order, big = _TIFF_ENTRIES[data[:4]]
    number, entry, offset = (
        struct.Struct(order + each) for each in (("Q", "HHQQ", "Q") if big else ("H", "HHII", "I"))
    )
    seen: set[int] = set()
    try:
        (place,) = offset.unpack_from(data, 8 if big else 4)
        while place and place not in seen and len(seen) < _TIFF_DIRECTORIES:
            seen.add(place)
            (entries,) = number.unpack_from(data, place)
            start = place + number.size
            for position in range(start, start + min(entries, MAX_PARTS) * entry.size, entry.size):
                tag, _, size, where = entry.unpack_from(data, position)
                if tag == _TIFF_XMP:
                    whole = where + size <= len(data)
                    yield _cut(data[where : where + size]) if whole else Packet(b"", "it lies outside the file")
            (place,) = offset.unpack_from(data, start + entries * entry.size)
    except struct.error:
        return


def _plain(data: bytes) -> Iterator[Packet]:
    """Packets that are plain text, wherever they stand (XMP Part 1, 7.3: packet scanning)."""
    places = {name: data.find(b"<" + name, _after_extensions(data)) for name in _PLAIN}
    while openings := [(place, name) for name, place in places.items() if place >= 0]:
        start, first = min(openings)
        closing = b"</" + first + b">"
        end = data.find(closing, start)
        if end < 0:
            yield Packet(data[start : start + MAX_PACKET], "its end is missing")
            return
        end += len(closing)
        yield _cut(data[start:end]) if first != _RDF else _cut(_PREFIXED[0] + data[start:end] + _PREFIXED[1])
        for name, place in places.items():
            if 0 <= place < end:
                places[name] = data.find(b"<" + name, end)


def _after_extensions(data: bytes) -> int:
    """Where the last segment of an extended packet ends, between whose parts there are headers; 0 without one."""
    last = data.rfind(_EXTENSION) if data.startswith(_JPEG) else -1
    return 0 if last < 2 else last - 2 + int.from_bytes(data[last - 2 : last], "big")
