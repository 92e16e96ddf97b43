"""Names that say that nobody knows the artist, in several languages (unknown_artists.toml).

Works of unknown artists are not works of one artist.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from html import unescape
from pathlib import Path

from ledger.corpus.work import UNKNOWN_ARTIST
from ledger.text import clean_text

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_WHOLE = frozenset(_TABLE["whole"])
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,2000}>")
"""Lists of Wikimedia Commons have links around names."""
_EDGES = "()[]<>\"' "


def artist_name(written: str) -> str:
    """The artist's name, cleaned, without HTML; UNKNOWN_ARTIST for a name that says that nobody knows it."""
    inside = clean_text(unescape(_TAG.sub("", written))) if _TAG.search(written) else ""
    name = inside or clean_text(written)  # a name of tags alone is a name
    return UNKNOWN_ARTIST if is_nobody(name) else name


def is_nobody(name: str) -> bool:
    """Whether the name says that the artist is unknown: `Unknown Artist`, `Anonymous (Dutch)`, `n/a`, `unbekannt`."""
    plain = name.casefold().strip(_EDGES)
    if plain in _WHOLE:
        return True
    words = re.findall(r"\w+", _without_accents(re.split(r"[(,;]", plain)[0]))
    return any(word in _NOBODY for word in words) and all(word in _NOBODY or word in _BESIDE for word in words)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in decomposed if not "\u0300" <= char <= "\u036f"))


_NOBODY = frozenset(_without_accents(_TABLE["nobody"].casefold()).split())
_BESIDE = frozenset(_without_accents(_TABLE["beside"].casefold()).split())
