"""XMP in pictures: every value takes away what the table says, from every place; nothing hostile costs or hides it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.corpus.file_terms.vocabulary import DATA_MINING, RIGHTS, TDM_RESERVATION, kind_of_licence
from ledger.corpus.file_terms.xmp import terms_in
from ledger.corpus.file_terms.xmp_packets import MAX_PACKET, MAX_PACKETS, Packet, xmp_packets
from ledger.corpus.work import ALL_USES, FileTerm
from tests.image.samples import save, textured
from tests.xmp_samples import (
    KEYWORD,
    VOCABULARY,
    compressed_png,
    extended_jpeg,
    imagemagick_png,
    mining,
    packet,
    png_with,
    with_xmp,
)

TRAINING = ("train", "style")
PROHIBITED = mining("DMI-PROHIBITED")


def read(data: bytes) -> list[FileTerm]:
    return [term for each in xmp_packets(data) for term in terms_in(each, "in the file")]


def forbidden(data: bytes) -> set[str]:
    return {use for term in read(data) for use in term.forbids}


def of_packet(xmp: bytes) -> list[FileTerm]:
    return list(terms_in(Packet(xmp), "here"))


MINING = {
    "DMI-UNSPECIFIED": (),
    "DMI-ALLOWED": (),
    "DMI-PROHIBITED": ALL_USES,
    "DMI-PROHIBITED-AIMLTRAINING": TRAINING,
    "DMI-PROHIBITED-GENAIMLTRAINING": TRAINING,
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": TRAINING,
    "DMI-PROHIBITED-SEECONSTRAINT": ALL_USES,
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": ALL_USES,
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": ALL_USES,
}


def test_the_test_knows_every_value() -> None:
    assert set(MINING) == set(DATA_MINING.forbids)


@pytest.mark.parametrize(("value", "forbids"), MINING.items())
def test_every_value_of_data_mining_in_every_spelling(value: str, forbids: tuple[str, ...]) -> None:
    address = VOCABULARY + value
    for xmp in (
        mining(value),
        packet(attributes=f'plus:DataMining="{address}"'),
        packet(f'<plus:DataMining rdf:resource="{address}"/>'),
        packet(f"<plus:DataMining><rdf:Bag><rdf:li>\n {address} </rdf:li></rdf:Bag></plus:DataMining>"),
        packet(f"<plus:DataMining>{value.lower()}</plus:DataMining>"),
        packet(f"<plus:DataMining>{address.replace('http:', 'https:')}/</plus:DataMining>"),
    ):
        [term] = of_packet(xmp)
        assert (term.forbids, term.value, term.problem) == (forbids, value, ""), xmp
        assert (term.vocabulary, term.version) == ("IPTC/PLUS Data Mining", "IPTC Photo Metadata 2023.1")


@pytest.mark.parametrize("value", ["DMI-PROHIBITED-NEW", "DMI-MAYBE", "no AI please"])
def test_an_unknown_value_is_a_prohibition_and_is_told(value: str) -> None:
    [term] = of_packet(mining(value))
    assert (term.forbids, term.problem) == (ALL_USES, "an unknown value, read as DMI-PROHIBITED")


def test_a_constraint_is_quoted() -> None:
    [term] = of_packet(
        packet(
            f"<plus:DataMining>{VOCABULARY}DMI-PROHIBITED-SEECONSTRAINT</plus:DataMining>"
            "<plus:OtherConstraints><rdf:Alt><rdf:li xml:lang='en'>Only for &lt;maps&gt;\u202e</rdf:li></rdf:Alt>"
            "</plus:OtherConstraints>"
        )
    )
    assert term.value == "DMI-PROHIBITED-SEECONSTRAINT: Only for <maps>"


@pytest.mark.parametrize(
    ("value", "forbids", "problem"), [("0", (), False), ("1", ALL_USES, False), ("yes", (), True), ("2", (), True)]
)
def test_tdm_reservation(value: str, forbids: tuple[str, ...], problem: bool) -> None:
    [term] = of_packet(packet(f"<tdm:reservation>{value}</tdm:reservation>"))
    assert (term.vocabulary, term.forbids, bool(term.problem)) == (TDM_RESERVATION.name, forbids, problem)


@pytest.mark.parametrize(
    ("inside", "value", "forbids"),
    [
        ('<cc:license rdf:resource="http://creativecommons.org/licenses/by-nc-nd/4.0/"/>', "CC-BY-NC-ND-4.0", TRAINING),
        ('<cc:license rdf:resource="https://creativecommons.org/licenses/by/4.0/"/>', "CC-BY-4.0", ()),
        ("<xmpRights:WebStatement>https://creativecommons.org/licenses/by-nc/3.0/de/</xmpRights:WebStatement>",
         "CC-BY-NC-3.0-DE", TRAINING),
        ("<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang='x-default'>This work is licensed under a &lt;a rel='license'"
         " href='http://creativecommons.org/licenses/by-nd/3.0/'&gt;CC licence&lt;/a&gt;.</rdf:li></rdf:Alt>"
         "</xmpRights:UsageTerms>", "CC-BY-ND-3.0", TRAINING),
        ("<dc:rights><rdf:Alt><rdf:li xml:lang='x-default'>CC BY-NC-SA 4.0</rdf:li></rdf:Alt></dc:rights>",
         "CC-BY-NC-SA-4.0", TRAINING),
        ("<xmpRights:WebStatement>http://rightsstatements.org/vocab/InC/1.0/</xmpRights:WebStatement>",
         "LicenseRef-rightsstatements-InC-1.0", TRAINING),
        ("<dc:rights><rdf:Alt><rdf:li xml:lang='de'>© Ada. Alle Rechte vorbehalten</rdf:li></rdf:Alt></dc:rights>",
         "© Ada. Alle Rechte vorbehalten", TRAINING),
    ],
)  # fmt: skip
def test_rights_that_name_a_licence(inside: str, value: str, forbids: tuple[str, ...]) -> None:
    [term] = of_packet(packet(inside))
    assert (term.value, term.forbids, term.vocabulary) == (value, forbids, RIGHTS.name)


@pytest.mark.parametrize("text", ["© 2021 Ada", "Ask me first", "https://ada.example/terms", "by Ada", ""])
def test_rights_that_name_no_licence_take_nothing_away(text: str) -> None:
    assert of_packet(packet(f"<dc:rights>{text}</dc:rights>")) == []


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("CC-BY-4.0", "other"), ("CC0-1.0", "other"), ("MIT", "other"), ("CC-BY-ND-4.0", "no-derivatives"),
        ("CC-BY-NC-SA-3.0", "non-commercial"), ("MIT OR CC-BY-NC-4.0", "non-commercial"),
        ("LicenseRef-CC-BY-NC-ND-3.0-FR", "no-derivatives"), ("LicenseRef-rightsstatements-NoC-US-1.0", "other"),
        ("LicenseRef-rightsstatements-NoC-NC-1.0", "reserved"), ("LicenseRef-rightsstatements-UND-1.0", "reserved"),
    ],
)  # fmt: skip
def test_kinds_of_licences(licence: str, kind: str) -> None:
    assert kind_of_licence(licence) == kind
    assert kind in RIGHTS.forbids


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_every_format_has_its_place(kind: str) -> None:
    data = with_xmp(PROHIBITED, kind)
    assert forbidden(data) == set(ALL_USES)
    assert len(read(data)) == 1
    assert read(save(textured(90, 60), kind)) == []


def test_packets_of_other_formats_are_found_as_plain_text() -> None:
    gif = save(textured(90, 60), "GIF")
    trailer = bytes([1, *range(255, -1, -1), 0])
    assert forbidden(gif[:-1] + b"!\xff\x0bXMP DataXMP" + PROHIBITED + trailer + gif[-1:]) == set(ALL_USES)
    assert forbidden(b"8BPS" + bytes(50) + PROHIBITED + bytes(50)) == set(ALL_USES)


def test_the_metadata_of_a_drawing() -> None:
    """As Inkscape writes it: the prefixes are declared at the root."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:cc="http://creativecommons.org/ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><metadata>'
        "<rdf:RDF><cc:Work rdf:about=''><dc:rights><cc:Agent><dc:title>Ada</dc:title></cc:Agent></dc:rights>"
        '<cc:license rdf:resource="http://creativecommons.org/licenses/by-nc-nd/4.0/"/></cc:Work></rdf:RDF>'
        "</metadata></svg>"
    )
    [term] = read(drawing.encode())
    assert (term.value, term.forbids, term.problem) == ("CC-BY-NC-ND-4.0", TRAINING, "")


CARRIERS = [compressed_png(PROHIBITED), imagemagick_png(PROHIBITED), extended_jpeg(packet(), PROHIBITED * 3),
            with_xmp(PROHIBITED, "WEBP"), with_xmp(PROHIBITED, "TIFF"), PROHIBITED]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(data=st.data(), carrier=st.sampled_from(CARRIERS))
def test_no_changed_bytes_make_it_raise(data: st.DataObject, carrier: bytes) -> None:
    changed = bytearray(carrier)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(carrier) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
    read(bytes(changed))


def test_packed_hexadecimal_and_extended_packets() -> None:
    assert forbidden(compressed_png(PROHIBITED)) == set(ALL_USES)
    assert forbidden(imagemagick_png(PROHIBITED)) == set(ALL_USES)
    long = packet(f"<plus:DataMining>DMI-PROHIBITED</plus:DataMining><dc:rights>{'x' * 90_000}</dc:rights>")
    data = extended_jpeg(packet(), long)
    assert forbidden(data) == set(ALL_USES)
    assert not any(term.problem for term in read(data))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_other_encodings(encoding: str) -> None:
    xmp = PROHIBITED.decode().replace("\ufeff", "").encode(encoding)
    assert forbidden(with_xmp(xmp, "TIFF")) == set(ALL_USES)


def test_of_packets_that_contradict_each_other_the_narrower_counts() -> None:
    data = with_xmp(mining("DMI-ALLOWED")) + mining("DMI-PROHIBITED-AIMLTRAINING")
    assert forbidden(data) == set(TRAINING)
    both = packet("".join(f"<plus:DataMining>{each}</plus:DataMining>" for each in ("DMI-ALLOWED", "DMI-PROHIBITED")))
    assert forbidden(with_xmp(both)) == set(ALL_USES)


HOSTILE = {
    "entities": packet(
        "<plus:DataMining>&c;</plus:DataMining>",
        before='<!DOCTYPE x [<!ENTITY a "DMI-PROHIBITED"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    ),
    "external": packet("&x;DMI-PROHIBITED", before='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    "not closed": PROHIBITED.replace(b"</rdf:RDF>", b""),
    "cut": PROHIBITED[:-80],
    "control characters": PROHIBITED.replace(b"<plus", b"\x01\x02<plus"),
    "unbound prefix": PROHIBITED.replace(b'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"', b""),
    "deep": packet("<dc:x>" * 5000 + "DMI-PROHIBITED" + "</dc:x>" * 5000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_told_and_searched(name: str) -> None:
    found = read(with_xmp(HOSTILE[name]))
    assert any(term.problem.startswith("XMP that cannot be read: ") for term in found)
    assert {use for term in found for use in term.forbids} == set(ALL_USES)


def test_broken_utf8_hides_nothing() -> None:
    xmp = packet("<dc:rights>Caf\ufffd</dc:rights><plus:DataMining>DMI-PROHIBITED</plus:DataMining>")
    assert forbidden(with_xmp(xmp.replace("\ufffd".encode(), b"\xe9"))) == set(ALL_USES)


def test_hostile_packets_cost_nothing() -> None:
    started = time.process_time()
    bomb = packet("<dc:x/>" * 500_000)
    too_large = packet("x" * (9 * MAX_PACKET))
    many = b"".join(packet(f"<dc:x>{number}</dc:x>") for number in range(2_000))
    for data in (with_xmp(bomb), compressed_png(too_large), with_xmp(packet()) + many, b"<x:xmpmeta>" * 1_000_000):
        assert any(term.problem for term in read(data))
    assert len(xmp_packets(with_xmp(packet()) + many)) == MAX_PACKETS
    assert forbidden(with_xmp(packet()) + many + PROHIBITED) == set(ALL_USES), "it stands after what is read"
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "body", [b"", b"\0", b"\0\1", b"\0\1\0x\0y\0", b"\0\1\0\0\0\xff\xff", b"\0\0\0\0\0\xff\xfe", b"\0\0\0\0\0<"]
)
def test_chunks_that_are_no_packet(body: bytes) -> None:
    for kind in (b"iTXt", b"zTXt", b"tEXt"):
        for keyword in (KEYWORD, b"Raw profile type xmp"):
            assert not any(term.forbids for term in read(png_with(kind, keyword + body)))


def test_directories_of_a_tiff_that_lead_nowhere() -> None:
    data = with_xmp(PROHIBITED, "TIFF")
    place = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[place : place + 2], "little")
    loop = bytearray(data)
    loop[place + 2 + 12 * entries : place + 6 + 12 * entries] = place.to_bytes(4, "little")
    assert forbidden(bytes(loop)) == set(ALL_USES)
    for cut in range(8, place + 30, 7):
        read(data[:cut])
