"""Reads title, creator, licence and keywords from an untrusted SVG's RDF metadata.

Only the part up to `</metadata>` is parsed. Expat fetches nothing by itself. Entity declarations may only be short
plain text (Illustrator declares namespaces that way), so that nothing can expand.
"""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from xml.parsers import expat

from ledger.corpus.licence_names import UNKNOWN_LICENCE
from ledger.corpus.licence_urls import licence_of_url
from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.text import clean_text

MAX_METADATA = 64 * 1024
"""Bytes of the file that are read; the metadata of every OpenClipart 0.18 work ends within 8 KiB."""
MAX_KEYWORDS = 32
_MAX_ENTITIES = 50
_MAX_ENTITY = 200
_MAX_TEXT = 4 * MAX_METADATA

_DC = "http://purl.org/dc/elements/1.1/ "
_CC = ("http://web.resource.org/cc/ ", "http://creativecommons.org/ns# ")
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_AGENT_TITLE = (_DC + "creator", "Agent", _DC + "title")
_KEYWORD = (_DC + "subject", _RDF + "Bag", _RDF + "li")

_ADDRESS = re.compile(r"[\s,-]*[\[(<]?\s*(?:mailto:)?(?:[^\s@]+@[^\s@]+|https?://\S+|www\.\S+|\S+/~\w+)\s*[\])>]?\s*$")
_PERL_REFERENCE = re.compile(r"HASH\(0x[0-9a-f]+\)")


@dataclass(frozen=True, slots=True)
class SvgMetadata:
    """The file's cleaned metadata; missing values are empty. `licence` is an SPDX expression."""

    title: str = ""
    creator: str = UNKNOWN_ARTIST
    licence: str = UNKNOWN_LICENCE
    keywords: tuple[str, ...] = ()


def read_svg_metadata(head: bytes) -> SvgMetadata:
    """Metadata from the first bytes of an SVG file. After a syntax error, returns what was read before it."""
    end = head.find(b"</metadata>")
    reader = _Reader()
    reader.parse(head[: end + len(b"</metadata>")] if end >= 0 else head)
    return SvgMetadata(
        title=clean_text(reader.title),
        creator=creator_name(reader.creator),
        licence=licence_of_url(reader.licence) or UNKNOWN_LICENCE,
        keywords=tuple(word for part in reader.keywords[:MAX_KEYWORDS] if (word := clean_text(part, 60))),
    )


def creator_name(raw: str) -> str:
    """One spelling per creator (creators.toml), without addresses; UNKNOWN_ARTIST if nobody is named."""
    name = clean_text(_repair(raw))
    without_address = _ADDRESS.sub("", name).strip()
    name = without_address or name.removeprefix("mailto:")
    if not name or _PERL_REFERENCE.fullmatch(name):
        return UNKNOWN_ARTIST
    return _spellings().get(name.casefold(), name)


def _repair(raw: str) -> str:
    """Decodes HTML entities in XML text, and UTF-8 that was written as Latin-1 entities (`&Atilde;&curren;`)."""
    text = html.unescape(raw)
    if text == raw:
        return raw
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


@cache
def _spellings() -> Mapping[str, str]:
    table = tomllib.loads(resources.files(__package__).joinpath("creators.toml").read_text(encoding="utf-8"))
    spellings = {name.casefold(): UNKNOWN_ARTIST for name in table["unknown"]["names"]}
    for name, variants in table["creators"].items():
        spellings |= {variant.casefold(): name for variant in (name, *variants)}
    return spellings


class _HostileXmlError(Exception):
    """The file has declarations that no drawing needs."""


class _Reader:
    """Collects the needed texts while expat parses the elements."""

    def __init__(self) -> None:
        self.title = self.creator = self.licence = ""
        self.keywords: list[str] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._entities = 0
        self._characters = 0

    def parse(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters_of
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(data, False)
        except (expat.ExpatError, _HostileXmlError):
            return

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append("Agent" if name.endswith(" Agent") and name.startswith(_CC) else name)
        self._text.clear()
        if name.startswith(_CC) and name.endswith(" license") and not self.licence:
            self.licence = attributes.get(_RDF + "resource", "").strip()

    def _end(self, name: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        path = tuple(self._path[-3:])
        self._path.pop()
        if path == _AGENT_TITLE:
            self.creator = self.creator or text
        elif path == _KEYWORD:
            self.keywords.append(text)
        elif name == _DC + "title" and len(path) == 3 and path[1].endswith(" Work"):
            self.title = self.title or text

    def _characters_of(self, data: str) -> None:
        self._characters += len(data)
        if self._characters > _MAX_TEXT:
            raise _HostileXmlError
        self._text.append(data)

    def _entity(self, _name: str, is_parameter: bool, value: str | None, *_: object) -> None:
        self._entities += 1
        plain = value is not None and not is_parameter and "&" not in value and len(value) <= _MAX_ENTITY
        if not plain or self._entities > _MAX_ENTITIES:
            raise _HostileXmlError
