"""The site builds strictly, fetches nothing, and has everything that the code has."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path

import pytest

from api.app import OPENAPI_PATH, ROUTERS
from ledger.settings import Settings
from tests.docs.conftest import ROOT
from tools.docs.commands import commands
from tools.docs.errors import PACKAGES, source
from tools.docs.http import openapi
from tools.docs.settings import variable

_TAG = re.compile(r"<[^>]+>")
_FETCHED = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\"[^>]*>")
_CODE = re.compile(r"\bcode=\"([a-z0-9-]+)\"")


@cache
def text(page: Path) -> str:
    """A page as one reads it."""
    return html.unescape(_TAG.sub("", page.read_text()))


def test_nothing_is_fetched_from_other_hosts(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 5
    for page in pages:
        assert not _FETCHED.findall(page.read_text()), page.name


def test_the_check_for_other_hosts_finds_one() -> None:
    assert _FETCHED.search('<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Roboto">')
    assert not _FETCHED.search('<a href="https://c2sp.org/tlog-tiles"><img src="../rooms.svg"></a>')


def test_every_command_has_a_section_with_its_examples(site: Path) -> None:
    page = text(site / "reference" / "cli.html")
    assert len(commands()) > 50
    for command in commands():
        assert f"\n{command.shown}" in page, command.name
        assert all(example in page for example in command.examples), command.name


def test_every_option_is_explained(site: Path) -> None:
    page = text(site / "reference" / "cli.html")
    for command in commands():
        for option in command.options:
            assert option.help, f"{command.name} {option.opts[0]}"
            assert all(name in page for name in option.opts), f"{command.name} {option.opts}"


def test_every_setting_is_explained(site: Path) -> None:
    page = text(site / "reference" / "settings.html")
    for name in Settings.model_fields:
        section = page.partition(f"{variable(name)}¶")[2].partition("¶")[0]
        assert len(section.split()) > 3, name


def test_every_route_of_the_service_is_listed(site: Path) -> None:
    page = text(site / "reference" / "http.html")
    routes = {
        f"{method} {route.path.replace('{path:path}', '{path}')}"
        for module in ROUTERS
        for route in module.router.routes
        for method in route.methods
    }
    assert len(routes) > 45
    for route in (*routes, f"GET {OPENAPI_PATH}"):
        assert re.search(rf"^{re.escape(route)}$", page, re.MULTILINE), route


def test_every_parameter_and_field_of_the_interface_is_listed(site: Path) -> None:
    page = text(site / "reference" / "http.html")
    document = openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = page.partition(f"{method.upper()} {path}¶")[2].partition("¶")[0]
            assert operation["summary"] in section
            assert all(each["name"] in section for each in operation.get("parameters", ())), (method, path)
    for name, schema in document["components"]["schemas"].items():
        section = page.partition(f"\n{name}¶")[2].partition("¶")[0]
        assert all(field in section for field in schema.get("properties", ())), name


def test_every_stable_error_code_is_listed(site: Path) -> None:
    """Read here from the plain text of the source; the page reads the parsed source."""
    page = text(site / "reference" / "errors.html")
    listed = set(re.findall(r"^([a-z0-9]+(?:-[a-z0-9]+)*)$", page, re.MULTILINE))
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    codes = {code for path in files for code in _CODE.findall(path.read_text())}
    assert len(codes) > 250
    assert codes <= listed, sorted(codes - listed)


def test_every_computed_error_code_is_followed_to_its_literals() -> None:
    everything = source()
    codes = {each.code for each in everything.raised()}
    assert not everything.unresolved
    assert {"too-many-responses", "too-many-resolutions", "truncated", "damaged"} <= codes


@pytest.mark.parametrize("kind", ["verification", "registration", "key"])
def test_the_specification_is_in_the_site(site: Path, kind: str) -> None:
    assert re.search(rf"^{kind}$", text(site / "reference" / "format.html"), re.MULTILINE)
