"""Licences that are named by URL: Creative Commons in every port and language, and rightsstatements.org."""

from __future__ import annotations

import re

from ledger.corpus.licence_names import PUBLIC_DOMAIN, creative_commons, licence_of_name

MAX_URL = 300

_LANGUAGE = r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8}){0,3}"
_END = rf"(?:/(?:(?:deed|legalcode)(?:[.-]{_LANGUAGE}|\.txt|\.html)?|rdf)?)?/?(?:\?[!-~]*)?(?:#[!-~]*)?"
"""The page for people or for lawyers, in any language; a query and a fragment, which name no other licence."""
_CC_HOST = r"(?:https?://)?(?:www\.)?creativecommons\.org"
_CC_LICENCE = re.compile(
    rf"{_CC_HOST}/licenses/((?:by|nc|nd|sa)(?:-(?:by|nc|nd|sa))*)/(\d\.\d)(?:/([a-z]{{2}}|igo|scotland))?{_END}",
    re.IGNORECASE,
)
_CC_PATH = re.compile(rf"{_CC_HOST}/(?:licenses|licences|publicdomain)/([^?#]*)", re.IGNORECASE)
_PUBLIC_DOMAIN = re.compile(
    rf"{_CC_HOST}/(?:publicdomain/(zero|mark)/1\.0|licenses/(publicdomain|zero/1\.0)|publicdomain/(certification/1\.0))"
    rf"(?:/us)?{_END}",
    re.IGNORECASE,
)
_RIGHTS_STATEMENT = re.compile(
    r"(?:https?://)?(?:www\.)?rightsstatements\.org/(?:vocab|page)/"
    r"(InC(?:-OW-EU|-EDU|-NC|-RUU)?|NoC-(?:CR|NC|OKLR|US)|NKC|UND|CNE)/(\d\.\d)/?(?:\?[!-~]*)?",
    re.IGNORECASE,
)
_STATEMENTS = {
    name.lower(): name
    for name in (
        *("InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU", "NoC-CR", "NoC-NC", "NoC-OKLR", "NoC-US"),
        *("NKC", "UND", "CNE"),
    )
}
_OLD = {
    "http://web.resource.org/cc/PublicDomain": PUBLIC_DOMAIN,
    "http://creativecommons.org/licenses/GPL/2.0/": "GPL-2.0-only",
}


def licence_of_url(url: str) -> str | None:
    """SPDX id of the licence with this URL; None if the URL is unknown.

    A port of a licence that the SPDX list lacks becomes `LicenseRef-CC-BY-SA-3.0-FR`: its text is another than the
    unported one. So does a statement of rightsstatements.org: `LicenseRef-rightsstatements-InC-1.0`.
    """
    if len(url) > MAX_URL:
        return None
    if known := _OLD.get(url):
        return known
    if match := _CC_LICENCE.fullmatch(url):
        return creative_commons(match[1].lower().split("-"), match[2], (match[3] or "").upper())
    if match := _PUBLIC_DOMAIN.fullmatch(url):
        if match[1] or match[2]:
            return {"zero": "CC0-1.0", "mark": "CC-PDM-1.0"}.get(
                (match[1] or match[2]).lower().split("/")[0], "CC-PDDC"
            )
        return "CC-PDDC"
    if match := _RIGHTS_STATEMENT.fullmatch(url):
        return f"LicenseRef-rightsstatements-{_STATEMENTS[match[1].lower()]}-{match[2]}"
    return None


def choices_of_url(url: str) -> tuple[str, ...]:
    """The nearest licences to an address of Creative Commons that `licence_of_url` does not know; else none."""
    match = _CC_PATH.match(url)
    if match is None:
        return ()
    name = licence_of_name(f"cc {match[1]}")
    return name.choices or ((name.found,) if name.found else ())
