"""Reads from one XMP packet what it says of the uses of a picture.

The packet is untrusted. A document type, and with it every entity, is refused; size, depth and number of elements are
bounded. What cannot be read as XML is searched for the words of the vocabularies, so that a broken byte hides none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from xml.parsers import expat

from ledger.corpus.file_terms.vocabulary import (
    DATA_MINING,
    RIGHTS,
    TDM_RESERVATION,
    UNREAD,
    Uses,
    Vocabulary,
    kind_of_licence,
)
from ledger.corpus.file_terms.xmp_packets import Packet
from ledger.corpus.licence_names import reserves_all_rights
from ledger.corpus.licence_urls import licence_of_url
from ledger.corpus.licences import parse_licence
from ledger.corpus.work import FileTerm
from ledger.errors import InputError
from ledger.text import clean_text

MAX_ELEMENTS = 200_000
MAX_DEPTH = 200
MAX_VALUES = 200
_MAX_TEXT = 4000
_SHOWN = 120

_MINING, _CONSTRAINT, _RESERVATION, _RIGHTS = "plus:DataMining", "plus:OtherConstraints", "tdm:reservation", "rights"
_PLUS = "http://ns.useplus.org/ldf/xmp/1.0/ "
_RESOURCE = "http://www.w3.org/1999/02/22-rdf-syntax-ns# resource"
_PROPERTIES = {
    f"{_PLUS}DataMining": _MINING,
    f"{_PLUS}OtherConstraints": _CONSTRAINT,
    "http://www.w3.org/ns/tdmrep/ reservation": _RESERVATION,
    "http://www.w3.org/ns/tdmrep# reservation": _RESERVATION,
    "http://www.w3.org/ns/tdmrep reservation": _RESERVATION,
    "http://ns.adobe.com/xap/1.0/rights/ UsageTerms": _RIGHTS,
    "http://ns.adobe.com/xap/1.0/rights/ WebStatement": _RIGHTS,
    "http://purl.org/dc/elements/1.1/ rights": _RIGHTS,
    "http://purl.org/dc/terms/ rights": _RIGHTS,
    "http://purl.org/dc/terms/ license": _RIGHTS,
    "http://creativecommons.org/ns# license": _RIGHTS,
    "http://web.resource.org/cc/ license": _RIGHTS,
}
_TERM = re.compile(r"(?:https?://ns\.useplus\.org/ldf/vocab/)?(DMI-[A-Z-]+)/?", re.IGNORECASE)
_TERM_IN_BYTES = re.compile(rb"\bDMI-[A-Za-z]+(?:-[A-Za-z]+)?")
_RESERVATION_IN_BYTES = re.compile(rb"\btdm:reservation(?:\s*=\s*[\"']|[^<]{0,80}>\s*)(\d)")
_ENCODINGS = ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (b"\0<", "utf-16-be"), (b"<\0", "utf-16-le"))
_ADDRESS = re.compile(r"(?:https?://|www\.)[!#-&(-;=?-~]{1,290}", re.IGNORECASE)


def terms_in(packet: Packet, place: str) -> Iterator[FileTerm]:
    """What the packet forbids, and why it cannot be read in full. `place`: where it stands, for people."""
    reader = _Reader()
    problem = packet.problem or reader.parse(_text_of(packet.data))
    values = reader.values
    if problem:
        values = [*values, *_searched(packet.data)]
        yield FileTerm(UNREAD.name, UNREAD.version, place, "", (), f"XMP that cannot be read: {problem}")
    constraint = next((text for name, text in values if name == _CONSTRAINT), "")
    for name, text in dict.fromkeys(values):
        if name == _MINING:
            yield _mining(text, constraint, place)
        elif name == _RESERVATION:
            yield _reservation(text, place)
        elif name == _RIGHTS:
            yield from _rights(text, place)


def _mining(text: str, constraint: str, place: str) -> FileTerm:
    term = _TERM.fullmatch(text)
    value = term[1].upper() if term else ""
    if value in DATA_MINING.forbids:
        said = f"{value}: {clean_text(constraint, _SHOWN)}" if constraint and value.endswith("SEECONSTRAINT") else value
        return _stated(DATA_MINING, said, place, DATA_MINING.forbidden(value))
    return _stated(DATA_MINING, text, place, DATA_MINING.otherwise, "an unknown value, read as DMI-PROHIBITED")


def _reservation(text: str, place: str) -> FileTerm:
    problem = "" if text in TDM_RESERVATION.forbids else "an unknown value, which the protocol calls unset"
    return _stated(TDM_RESERVATION, f"tdm:reservation {text}", place, TDM_RESERVATION.forbidden(text), problem)


def _rights(text: str, place: str) -> Iterator[FileTerm]:
    for licence in licences_in(text):
        yield _stated(RIGHTS, licence, place, RIGHTS.forbidden(kind_of_licence(licence)))
    if reserves_all_rights(text):
        yield _stated(RIGHTS, text, place, RIGHTS.forbidden("reserved"))


def licences_in(text: str) -> Iterable[str]:
    """The licences that a text names: by an address anywhere in it, or as a whole (ledger.corpus.licences)."""
    found = {known for address in _ADDRESS.findall(text) if (known := licence_of_url(address.rstrip(".,;")))}
    if not found:
        with suppress(InputError):  # ordinary words
            found.add(parse_licence(text))
    return sorted(found)


def _stated(vocabulary: Vocabulary, value: str, place: str, forbids: Uses, problem: str = "") -> FileTerm:
    return FileTerm(vocabulary.name, vocabulary.version, place, clean_text(value, 2 * _SHOWN), forbids, problem)


def _searched(data: bytes) -> Iterator[tuple[str, str]]:
    for term in set(_TERM_IN_BYTES.findall(data)):
        yield _MINING, term.decode()
    for digit in set(_RESERVATION_IN_BYTES.findall(data)):
        yield _RESERVATION, digit.decode()


def _text_of(data: bytes) -> str:
    """The packet's text, in whichever encoding of Unicode, without the bytes that are none."""
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff").strip("\0 \t\r\n")
    return data.decode(errors="replace").lstrip("\ufeff").strip("\0 \t\r\n")


class _RefusedError(Exception):
    """The packet has what no XMP needs, or too much of it."""


class _Reader:
    """Collects the values of the properties while expat parses."""

    def __init__(self) -> None:
        self.values: list[tuple[str, str]] = []
        self._depth = self._elements = 0
        self._property = ""
        self._property_depth = 0
        self._text: list[str] = []

    def parse(self, text: str) -> str:
        """Why the packet cannot be read to its end; empty where it can."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            return f"{expat.ErrorString(error.code)}, line {error.lineno}"
        except _RefusedError as error:
            return str(error)
        return ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise _RefusedError("it has too many elements, or too many inside each other")
        self._flush()
        if not self._property and name in _PROPERTIES:
            self._property, self._property_depth = _PROPERTIES[name], self._depth
        for attribute, value in attributes.items():
            known = self._property if attribute == _RESOURCE else _PROPERTIES.get(attribute)
            if known:
                self._add(known, value)

    def _end(self, _: str) -> None:
        self._flush()
        if self._depth == self._property_depth:
            self._property, self._property_depth = "", 0
        self._depth -= 1

    def _characters(self, data: str) -> None:
        if self._property and len(self._text) < _MAX_TEXT:
            self._text.append(data[:_MAX_TEXT])

    def _flush(self) -> None:
        """Takes the text since the last tag: each language of a text stands in an element of its own."""
        if self._property:
            self._add(self._property, "".join(self._text))
        self._text.clear()

    def _add(self, name: str, value: str) -> None:
        text = " ".join(value[:_MAX_TEXT].split())
        if not text:
            return
        if len(self.values) == MAX_VALUES:
            raise _RefusedError("it states too much")
        self.values.append((name, text))

    def _doctype(self, *_: object) -> None:
        raise _RefusedError("it declares a document type")
