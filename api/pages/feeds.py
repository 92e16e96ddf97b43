"""Records as Atom feeds (RFC 4287), for feed readers: what concerns an artist, and claims."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from fastapi import Response

from ledger.answers.notices import NoticeAnswer
from ledger.answers.records import RecordAnswer
from ledger.answers.words import KIND_WORDS

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_BEFORE_ALL = "1970-01-01T00:00:00Z"
"""When a feed without entries was updated."""


def feed(title: str, address: str, records: Sequence[RecordAnswer | NoticeAnswer], base: str) -> Response:
    """`address`: the feed's path, which is also its identity together with `base`, the service's own address without a
    slash at the end. Records come newest first."""
    whole = Xml.Element("feed", xmlns=_ATOM)
    _text(whole, "title", title)
    _text(whole, "id", f"{base}{address}")
    _text(whole, "updated", records[0].appended_at if records else _BEFORE_ALL)
    Xml.SubElement(whole, "link", rel="self", href=f"{base}{address}", type=MEDIA_TYPE)
    author = Xml.SubElement(whole, "author")
    _text(author, "name", "Artledger")
    for record in records:
        entry = Xml.SubElement(whole, "entry")
        _text(entry, "title", record.reference)
        _text(entry, "id", f"urn:uuid:{record.record_id}")
        _text(entry, "updated", record.appended_at)
        Xml.SubElement(entry, "link", rel="alternate", href=f"{base}{record.links['page']}", type="text/html")
        _text(entry, "summary", f"{KIND_WORDS.get(record.kind, record.kind)}, log entry {record.leaf_index}")
    data = Xml.tostring(whole, encoding="utf-8", xml_declaration=True)
    return Response(data, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})


def _text(parent: Xml.Element, name: str, text: str) -> None:
    """Names and titles are kept clean of what XML cannot hold (ledger.text)."""
    Xml.SubElement(parent, name).text = text
