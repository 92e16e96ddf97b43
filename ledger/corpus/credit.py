"""Checks and cleans an artist's texts about a work: credit line, link, own terms."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit

from ledger.corpus.licence_names import states_no_licence
from ledger.corpus.licences import UNKNOWN_LICENCE, parse_licence
from ledger.corpus.work import NO_CREDIT, Credit
from ledger.errors import InputError
from ledger.text import clean_text

MAX_LINK = 500
MAX_TERMS = 4000
_LINK = re.compile(r"[!-~]+")
"""Visible ASCII; browsers encode all other characters of a URL as %xx, or as xn-- in a host name."""


def read_terms(licence: str, credit_line: str = "", link: str = "", terms: str = "") -> tuple[str, Credit]:
    """The licence of a work as in a record, and the credit stored outside the record.

    Terms in the artist's own words become the licence `LicenseRef-terms-` with the first 16 digits of their SHA-256.
    A `licence` that licenses nothing ("All rights reserved", "© 2021 Ada") is such terms.
    Raises InputError: `licence`, `bad-link`, `bad-terms` (too long, or in addition to another licence).
    """
    if states_no_licence(licence):
        terms, licence = (f"{licence.strip()}. {terms}" if terms.strip() else licence), ""
    words = clean_text(terms, MAX_TERMS + 1)
    credit = Credit(clean_text(credit_line), clean_link(link), words)
    if not words:
        return parse_licence(licence.strip() or UNKNOWN_LICENCE), credit if credit != NO_CREDIT else NO_CREDIT
    if len(words) > MAX_TERMS:
        raise InputError(
            f"the terms have more than {MAX_TERMS} characters",
            code="bad-terms",
            hint="Publish them on a page of yours and give its address as the link.",
        )
    own = f"LicenseRef-terms-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
    if licence.strip() not in ("", UNKNOWN_LICENCE, own):
        raise InputError(
            "a licence and terms of your own were both given",
            code="bad-terms",
            hint="Leave one of the two out.",
        )
    return own, credit


def clean_link(link: str) -> str:
    """Checks an http(s) URL and returns it unchanged; it may be empty. Raises InputError (`bad-link`)."""
    text = link.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        sound = False
    if not sound or len(text) > MAX_LINK or not _LINK.fullmatch(text):
        raise InputError(
            f"the link {clean_text(text, 60)!r} cannot be shown",
            code="bad-link",
            hint=f"Give an address that begins with https:// or http://, in ASCII, of at most {MAX_LINK} characters.",
        )
    return text
