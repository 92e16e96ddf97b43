"""Every route is in the README, and the README names no other."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.routing import APIRoute

from api.app import OPENAPI_PATH, ROUTERS

README = Path(__file__).parents[2] / "README.md"
_ROW = re.compile(r"^\| `(GET|POST) (/[^` ?]*)[^`]*` \|", re.MULTILINE)


def test_the_table_of_routes_is_complete() -> None:
    routes = {
        (method, route.path.replace("{path:path}", "{path}"))
        for module in ROUTERS
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    assert len(routes) > 20
    section = README.read_text().partition("\n## HTTP\n")[2].partition("\n## ")[0]
    assert set(_ROW.findall(section)) == routes | {("GET", OPENAPI_PATH)}
