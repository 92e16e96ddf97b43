"""Works of unknown artists are never works of one artist, whatever the language."""

from __future__ import annotations

import pytest

from ledger.corpus.unknown_artists import artist_name
from ledger.corpus.work import UNKNOWN_ARTIST

NOBODY = """
Unknown Artist|unknown|UNKNOWN|Anonymous|anonymous artist|Anon.|n/a|N/A|NA|-|?|None|unbekannt|Unbekannter Künstler
Anonyme|Artiste inconnu|Anónimo|Autor desconocido|Anonimo|Ignoto|Artista sconosciuto|Onbekend|okänd konstnär|Ukjent
Neznámý umělec|неизвестный художник|Неизвестен|άγνωστος|作者不詳|佚名|不明|미상|مجهول|Anonymous (Dutch)|[Unknown]
Unknown, Italian, 16th century|Unknown photographer|unknown painter or maker||Author unknown|"Anonymous"|n.n.
"""
SOMEBODY = """
Ada Example|Anonymous Bosch|Unknown Mortal Orchestra|Hand|Master Bertram|Meister Eckhart|Maler Müller|Nadar|Nan Goldin
Anon Y. Mouse|The Artist|Schilder|Artistide Maillol|Ignatius|Inconnu Dupont|Null Island Studio
"""


@pytest.mark.parametrize("name", NOBODY.strip("\n").replace("\n", "|").split("|"))
def test_nobody(name: str) -> None:
    assert artist_name(name) == UNKNOWN_ARTIST


@pytest.mark.parametrize("name", SOMEBODY.strip("\n").replace("\n", "|").split("|"))
def test_somebody(name: str) -> None:
    assert artist_name(name) == name


def test_a_name_of_tags_alone_is_a_name() -> None:
    assert artist_name("<img src=x onerror=alert(1)>") == "<img src=x onerror=alert(1)>"
