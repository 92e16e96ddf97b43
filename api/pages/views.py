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
from ledger.answers.words import (
    CONTESTED,
    GUARD_WORDS,
    HEADLINE_BANDS,
    KIND_WORDS,
    NOT_MEANT,
    SETTING_WORDS,
    USE_WORDS,
    similar_words,
)
from ledger.claim.registry import CLAIM_TYPES
from ledger.claim.words import OUTCOME_MARKS, claim_meaning
from ledger.match.words import RELATION_WORDS, VERDICT_WORDS, one_in, percent, relation_words
from ledger.record.keyid import keyid_of, short_keyid
from ledger.record.times import day, shown_time

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
        "chance": presentation.chance,
        "day": day,
        "keyid": lambda public: short_keyid(keyid_of(bytes.fromhex(public))),
        "number": "{:,}".format,
        "percent": percent,
        "pretty": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
        "rectangle": presentation.rectangle,
        "short": presentation.short,
        "similar_words": similar_words,
        "when": shown_time,
    }
    environment.globals |= {
        "ANSWER_BAND": HEADLINE_BANDS,
        "CLAIM_TYPES": CLAIM_TYPES,
        "claim_meaning": claim_meaning,
        "CONTESTED": CONTESTED,
        "GUARD_MEANING": GUARD_WORDS,
        "KIND_NAME": KIND_WORDS,
        "NOT_MEANT": NOT_MEANT,
        "OUTCOME_MARK": OUTCOME_MARKS,
        "RELATION_MEANING": RELATION_WORDS,
        "relation_words": relation_words,
        "STANDINGS": presentation.STANDINGS,
        "SETTING_NAME": SETTING_WORDS,
        "USE_MEANING": USE_WORDS,
        "VERDICT_MEANING": VERDICT_WORDS,
        "one_in": one_in,
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
