"""Metadata out of SVGs: what OpenClipart writes, and what an attacker might."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.corpus
from ledger.corpus.openclipart_metadata import MAX_METADATA, SvgMetadata, creator_name, read_svg_metadata

SVG = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<svg xmlns="http://www.w3.org/2000/svg" xmlns:cc="http://web.resource.org/cc/" {more}
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <title>not this</title><metadata><rdf:RDF><cc:Work rdf:about=""><dc:title>{title}</dc:title>
 <dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li></rdf:li><rdf:li> boat </rdf:li></rdf:Bag></dc:subject>
 <dc:publisher><cc:Agent rdf:about="http://x.example"><dc:title>the publisher</dc:title></cc:Agent></dc:publisher>
 <dc:creator><cc:Agent><dc:title>{creator}</dc:title></cc:Agent></dc:creator>
 <dc:rights><cc:Agent><dc:title>the rights</dc:title></cc:Agent></dc:rights>
 <cc:license rdf:resource="{licence}"/></cc:Work></rdf:RDF></metadata>
 <g><broken</svg>"""
PUBLIC_DOMAIN = "http://web.resource.org/cc/PublicDomain"


def _read(
    *, title: str = "Storm", creator: str = "Ann", licence: str = PUBLIC_DOMAIN, doctype: str = "", more: str = ""
) -> SvgMetadata:
    text = SVG.format(title=title, creator=creator, licence=licence, doctype=doctype, more=more)
    return read_svg_metadata(text.encode())


def test_what_the_file_says() -> None:
    assert _read() == SvgMetadata("Storm", "Ann", "LicenseRef-PublicDomain", ("sea", "boat"))


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("http://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/GPL/2.0/", "GPL-2.0-only"),
        ("http://creativecommons.org/licenses/by-sa/3.0/", "CC-BY-SA-3.0"),
        ("", "LicenseRef-unknown"),
        ("http://example.org/mine", "LicenseRef-unknown"),
    ],
)
def test_licences(licence: str, expected: str) -> None:
    assert _read(licence=licence).licence == expected


def test_other_encodings_are_honoured() -> None:
    text = SVG.replace("UTF-8", "iso-8859-1").format(title="Été", creator="Zoë", licence="", doctype="", more="")
    found = read_svg_metadata(text.encode("latin-1"))
    assert (found.title, found.creator) == ("Été", "Zoë")


def test_names_are_cleaned() -> None:
    assert _read(title="a\u202eb\n c", creator="Ann\u200b&#9;A").title == "ab c"
    assert _read(creator="Ann\u200b&#9;A").creator == "Ann A"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Jean-VIctor Balin", "Jean-Victor Balin"),
        ("Jean-Victor Balin (balin_j@epita.fr)", "Jean-Victor Balin"),
        ("Architetto Francesco Rollandin", "Francesco Rollandin"),
        ("Martin Kozák <martin.kozak@openoffice.cz>", "Martin Kozák"),
        ("Graig Ryan Smith - graig@seretogis.org", "Graig Ryan Smith"),
        ("Spencer Joplin, http://www.calpoly.edu/~sjoplin/", "Spencer Joplin"),
        ("Mitchell Johnson <silverninja.net/~mitchell>", "Mitchell Johnson"),
        ("Mikhail A.Medvedev (www.medvedev.com.ru)", "Mikhail A.Medvedev"),
        ("mailto:ralf@ark.in-berlin.de", "Ralf Stephan"),
        ("rasmus@kaj.se", "rasmus@kaj.se"),
        ("J&ouml;rgen Scheibengruber", "Jörgen Scheibengruber"),
        ("Rodrigo Tj&Atilde;&curren;der", "Rodrigo Tjäder"),
        ("Yves Aubry (yvounet)", "Yves Aubry (yvounet)"),
        ("Nicu Buculei and Nathan Eady", "Nicu Buculei and Nathan Eady"),
        ("HASH(0x8a0ab9c)", "unknown"),
        ("Anonymous", "unknown"),
        ("none", "unknown"),
        (" \n", "unknown"),
    ],
)
def test_one_spelling_per_creator(raw: str, expected: str) -> None:
    assert creator_name(raw) == expected


def test_the_table_names_nobody_twice() -> None:
    table = tomllib.loads((Path(ledger.corpus.__file__).parent / "creators.toml").read_text(encoding="utf-8"))
    spellings = [name.casefold() for name, variants in table["creators"].items() for name in (name, *variants)]
    spellings += table["unknown"]["names"]
    assert len(spellings) == len(set(spellings))
    for name, variants in table["creators"].items():
        assert {creator_name(spelling) for spelling in (name, *variants, name.upper())} == {name}


def test_short_entities_name_namespaces_as_illustrator_writes_them() -> None:
    found = _read(
        doctype='<!DOCTYPE svg [<!ENTITY ns_x "http://ns.adobe.com/x/">]>', more='xmlns:x="&ns_x;"', title="By &ns_x;"
    )
    assert found.title == "By http://ns.adobe.com/x/"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE svg [<!ENTITY a "xx"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
        '<!DOCTYPE svg [<!ENTITY c SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE svg [<!ENTITY c PUBLIC "x" "http://127.0.0.1:9/">]>',
        '<!DOCTYPE svg [<!ENTITY % p "x"><!ENTITY c "y">]>',
        f'<!DOCTYPE svg [<!ENTITY c "{"x" * 201}">]>',
        "<!DOCTYPE svg [" + "".join(f'<!ENTITY c{i} "x">' for i in range(51)) + ' <!ENTITY c "">]>',
    ],
)
def test_entities_that_could_grow_or_fetch_end_the_reading(doctype: str) -> None:
    assert _read(doctype=doctype, title="&c;") == SvgMetadata()


def test_an_external_subset_is_not_fetched() -> None:
    assert _read(doctype='<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/svg.dtd">').title == "Storm"


def test_repeated_entities_cannot_pile_up() -> None:
    doctype = f'<!DOCTYPE svg [<!ENTITY c "{"x" * 200}">]>'
    found = _read(doctype=doctype, title="&c;" * (MAX_METADATA // 3))
    assert found == SvgMetadata()


@given(st.binary(max_size=400))
def test_arbitrary_bytes_yield_something(data: bytes) -> None:
    whole = SVG.format(title="t", creator="c", licence="", doctype="", more="").encode()
    assert isinstance(read_svg_metadata(data), SvgMetadata)
    assert isinstance(read_svg_metadata(whole[: len(data) * 2] + data), SvgMetadata)


@given(st.text("a@.<( /~www:htp-,", max_size=300))
def test_no_name_takes_long(text: str) -> None:
    creator_name(text)
