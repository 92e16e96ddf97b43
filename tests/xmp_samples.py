"""XMP packets and files that carry them, as programs write them."""

from __future__ import annotations

import zlib
from io import BytesIO

from PIL import Image

from tests.image.samples import png_chunk, save, textured

VOCABULARY = "http://ns.useplus.org/ldf/vocab/"
PREFIXES = (
    'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" xmlns:cc="http://creativecommons.org/ns#"'
    ' xmlns:tdm="http://www.w3.org/ns/tdmrep/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
)
KEYWORD = b"XML:com.adobe.xmp"


def packet(inside: str = "", *, attributes: str = "", before: str = "") -> bytes:
    """A packet with these elements and attributes in its description."""
    return (
        f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{before}<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {PREFIXES} {attributes}>{inside}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def mining(value: str) -> bytes:
    """A packet whose `plus:DataMining` has this value."""
    return packet(f"<plus:DataMining>{VOCABULARY}{value}</plus:DataMining>")


def with_xmp(xmp: bytes, kind: str = "PNG") -> bytes:
    """A picture with the packet in the place where its format has one."""
    picture, out = textured(90, 60), BytesIO()
    if kind == "PNG":
        plain = save(picture, "PNG")
        return plain[:33] + png_chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + xmp) + plain[33:]
    if kind == "TIFF":
        tags = Image.Exif()
        tags[700] = xmp
        picture.save(out, kind, exif=tags)
    else:
        picture.save(out, kind, xmp=xmp)
    return out.getvalue()


def png_with(kind: bytes, body: bytes) -> bytes:
    plain = save(textured(90, 60), "PNG")
    return plain[:33] + png_chunk(kind, body) + plain[33:]


def compressed_png(xmp: bytes) -> bytes:
    return png_with(b"iTXt", KEYWORD + b"\0\1\0\0\0" + zlib.compress(xmp))


def imagemagick_png(xmp: bytes) -> bytes:
    digits = xmp.hex()
    lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    return png_with(b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(f"\nxmp\n{len(xmp):8}\n{lines}\n".encode()))


def extended_jpeg(main: bytes, extended: bytes) -> bytes:
    """A JPEG whose packet goes on in two further segments (XMP Part 3, 1.1.3.1)."""
    half = len(extended) // 2
    plain, guid = save(textured(90, 60), "JPEG"), b"0123456789ABCDEF" * 2
    parts = [b"http://ns.adobe.com/xap/1.0/\0" + main]
    for offset, part in ((half, extended[half:]), (0, extended[:half])):  # in the wrong order, which is allowed
        numbers = len(extended).to_bytes(4, "big") + offset.to_bytes(4, "big")
        parts.append(b"http://ns.adobe.com/xmp/extension/\0" + guid + numbers + part)
    segments = b"".join(b"\xff\xe1" + (len(part) + 2).to_bytes(2, "big") + part for part in parts)
    return plain[:2] + segments + plain[2:]
