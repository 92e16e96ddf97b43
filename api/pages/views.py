"""Pages: templates, escaped everywhere, with what all of them need."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages import presentation
from ledger.claim.words import OUTCOME_MARKS, claim_meaning

_HERE = Path(__file__).parent


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": presentation.number,
        "one_in": presentation.one_in,
        "percent": presentation.percent,
        "pretty": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
        "rectangle": presentation.rectangle,
        "short": presentation.short,
        "when": presentation.when,
    }
    environment.globals |= {
        "ANSWER_BAND": presentation.ANSWER_BAND,
        "claim_meaning": claim_meaning,
        "GUARD_MEANING": presentation.GUARD_MEANING,
        "KIND_NAME": presentation.KIND_NAME,
        "OUTCOME_MARK": OUTCOME_MARKS,
        "RELATION_MEANING": presentation.RELATION_MEANING,
        "SETTING_NAME": presentation.SETTING_NAME,
        "USE_MEANING": presentation.USE_MEANING,
        "VERDICT_MEANING": presentation.VERDICT_MEANING,
        "STYLESHEET": f"/static/style.css?{_version('style.css')}",
    }
    return environment


def _version(name: str) -> str:
    """So that browsers fetch a changed file at once."""
    return hashlib.sha256((_HERE / "static" / name).read_bytes()).hexdigest()[:12]


_ENVIRONMENT = _environment()


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Renders a template; pages follow the log, so nothing keeps them."""
    html = _ENVIRONMENT.get_template(template).render(**values)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-cache"})


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks for a page, rather than a program for data."""
    path = request.url.path
    data = path.startswith(("/v1/", "/tile/", "/static/", "/.well-known/")) or path == "/checkpoint"
    return not data and "text/html" in request.headers.get("accept", "")
