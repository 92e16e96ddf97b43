"""The picture and the table of the rooms follow from the code."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tests.docs.conftest import ROOT
from tools.docs.rooms import PACKAGE, PICTURE, levels, parts, picture, purpose, render


def test_the_picture_is_the_one_that_the_import_contracts_give() -> None:
    assert PICTURE.read_text() == picture(), "the rooms have changed: run `python -m tools.docs.rooms`"


def test_every_room_stands_in_the_picture_and_the_table() -> None:
    drawn = {text.text for text in ET.fromstring(picture()).iter("{http://www.w3.org/2000/svg}text")}  # noqa: S314
    rooms = {path.parent.name for path in (ROOT / PACKAGE).glob("*/__init__.py")}
    assert len(rooms) > 10
    for room in rooms:
        assert room in drawn
        assert f"| `{PACKAGE}/{room}` |" in render()


def test_every_room_says_what_it_does() -> None:
    for level in levels():
        for module in level:
            for name in (module, *(f"{module}.{part}" for part in parts(module))):
                assert len(purpose(name).split()) > 1, f"{name} needs a docstring that says what it does"
