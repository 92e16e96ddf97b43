"""Licences by the names that people write: "CC BY-NC-ND 4.0", "Public Domain", "Creative Commons Attribution 4.0"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

UNKNOWN_LICENCE = "LicenseRef-unknown"
"""Nobody stated the work's licence."""
PUBLIC_DOMAIN = "LicenseRef-PublicDomain"
"""The file says only "public domain", without the dedication or law that makes it so."""

MAX_NAME = 200
_KINDS = ("BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND")
_VERSIONS = ("4.0", "3.0", "2.5", "2.0", "1.0")
_PORTED = ("3.0", "2.5", "2.1", "2.0", "1.0")
"""Versions that have ports to the law of one country."""
_COUNTRIES = frozenset(
    re.findall(
        r"\w+",
        "AR AT AU AZ BE BG BR CA CH CL CN CO CR CZ DE DK EC EE EG ES FI FR GB GE GR GT HK HR HU IE IGO IL"
        " IN IT JP KR LU MK MT MX MY NG NL NO NZ PE PH PL PR PT RO RS SCOTLAND SE SG SI TH TW UA UG UK US VE VN ZA",
    )
)
_PLAIN = {
    "public domain": PUBLIC_DOMAIN,
    "in the public domain": PUBLIC_DOMAIN,
    "publicdomain": PUBLIC_DOMAIN,
    "pd": PUBLIC_DOMAIN,
    "pdm": "CC-PDM-1.0",
    "pdm 1.0": "CC-PDM-1.0",
    "cc pdm": "CC-PDM-1.0",
    "cc pdm 1.0": "CC-PDM-1.0",
    "public domain mark": "CC-PDM-1.0",
    "public domain mark 1.0": "CC-PDM-1.0",
    "cc public domain mark": "CC-PDM-1.0",
    "cc public domain mark 1.0": "CC-PDM-1.0",
    "unknown": UNKNOWN_LICENCE,
    "noassertion": UNKNOWN_LICENCE,
}
_AMBIGUOUS = {
    "public domain dedication": ("CC0-1.0", "CC-PDDC", PUBLIC_DOMAIN),
    "cc public domain": ("CC0-1.0", "CC-PDM-1.0", "CC-PDDC"),
    "cc pd": ("CC0-1.0", "CC-PDM-1.0", "CC-PDDC"),
}
_COMMON = (
    *(f"CC-{kind}-4.0" for kind in _KINDS),
    *("CC0-1.0", "CC-PDM-1.0", PUBLIC_DOMAIN, "LAL-1.3", "MIT", "Apache-2.0", "OFL-1.1", "Unlicense", "PDDL-1.0"),
    *("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-3.0-only", "AGPL-3.0-only"),
    *("GFDL-1.2-only", "GFDL-1.3-or-later", "BSD-2-Clause", "BSD-3-Clause", "MPL-2.0", "ODbL-1.0", "OGL-UK-3.0"),
)
_WORDS = (
    (re.compile(r"creative\s*commons|\(cc\)"), " cc "),
    (re.compile(r"non\W?commercial"), " nc "),
    (re.compile(r"no\W?deriv(?:ative)?s?(?:\W?works)?"), " nd "),
    (re.compile(r"share\W?alike"), " sa "),
    (re.compile(r"\battribution\b"), " by "),
    (re.compile(r"\bzero\b"), " 0 "),
    (re.compile(r"\b(?:licen[cs]ed?|international|unported|generic|universal|deed|the|under|version|ver)\b"), " "),
    (re.compile(r"\bv(?:er)?\.?\s*(?=\d)"), " "),
)
_SEPARATORS = re.compile(r"[\s_/,:\u2010-\u2015-]+")
_TOKEN = re.compile(r"cc(?=0|by)|(?:by|nc|nd|sa)(?=(?:by|nc|nd|sa|\d)+(?:\W|$))|[a-z]+|\d(?:\.\d)?")
_GLUED = re.compile(r"(?:cc)?(?:by|nc|nd|sa)*(?:\d(?:\.\d)?)?|[a-z]+|\d(?:\.\d)?")
_NOTICE = re.compile(r"(?:©|\(c\)|copyright\b|copr\b).*", re.IGNORECASE | re.DOTALL)
_RESERVED = re.compile(
    r"\b(?:all rights? reserved|alle rechte vorbehalten|tous droits réservés"
    r"|todos los derechos reservados|todos os direitos reservados|tutti i diritti riservati|alle rechten voorbehouden"
    r"|все права защищены)\b|無断転載禁止|版权所有|版權所有",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NamedLicence:
    """What a name means: a licence, or several that it could mean, or (neither) nothing that is known."""

    found: str | None = None
    choices: tuple[str, ...] = ()
    problem: str = ""


def states_no_licence(text: str) -> bool:
    """Whether the text only keeps the rights ("All rights reserved", "© 2021 Ada"): these are terms, not a licence."""
    return _NOTICE.fullmatch(text) is not None or reserves_all_rights(text)


def reserves_all_rights(text: str) -> bool:
    """Whether the text says "All rights reserved", in one of several languages."""
    return _RESERVED.search(text) is not None


def licence_of_name(text: str) -> NamedLicence:
    """The licence that a name means; not for SPDX expressions and URLs."""
    words = _words(text)
    plain = " ".join(words)
    if known := _PLAIN.get(plain):
        return NamedLicence(known)
    if several := _AMBIGUOUS.get(plain):
        return NamedLicence(choices=several, problem="could mean several things")
    if words[:1] == ["cc"] and words[1:2] == ["0"]:
        is_known = set(words[2:]) <= {"1", "1.0", "public", "domain", "dedication"}
        return NamedLicence("CC0-1.0") if is_known else _CC0
    kinds = {word for word in words if word in ("by", "nc", "nd", "sa")}
    if words[:1] == ["cc"] or "by" in kinds:
        return _named_creative_commons(words, kinds)
    listed = _listed("-".join(words))
    return NamedLicence(listed) if listed else NamedLicence()


_CC0 = NamedLicence(choices=("CC0-1.0",), problem="is not a known version of CC0")


def creative_commons(kinds: Iterable[str], version: str, port: str = "") -> str | None:
    """The id of a Creative Commons licence; None where there is no such licence.

    `kinds`: of `by`, `nc`, `nd`, `sa` in any order. A port, or a licence of version 1.0, that the SPDX list lacks
    becomes `LicenseRef-CC-...`.
    """
    given = set(kinds)
    ordered = "-".join(kind.upper() for kind in ("by", "nc", "nd", "sa") if kind in given)
    if not given or {"nd", "sa"} <= given or version not in (_PORTED if port else _VERSIONS):
        return None
    if ordered not in _KINDS and version not in ("1.0", "2.0"):
        return None
    if port and port not in _COUNTRIES:
        return None
    name = f"CC-{ordered}-{version}{f'-{port}' if port else ''}"
    return _listed(name) or f"LicenseRef-{name}"


def nearest_ids(text: str) -> tuple[str, ...]:
    """Common licences with ids like the text, best first."""
    wanted = text.casefold()
    versions = tuple(name for name in _COMMON if name.casefold().startswith(f"{wanted}-"))
    by_case = {name.casefold(): name for name in _COMMON}
    return versions or tuple(by_case[name] for name in get_close_matches(wanted, list(by_case), 3, 0.75))


def _words(text: str) -> list[str]:
    """Lower-case words and numbers; an unknown sign makes a word that nothing knows."""
    plain = text[:MAX_NAME].casefold()
    for pattern, word in _WORDS:
        plain = pattern.sub(word, plain)
    words: list[str] = []
    for part in _SEPARATORS.split(plain):
        if _GLUED.fullmatch(part):
            words.extend(_TOKEN.findall(part))
        elif part:
            words.append(part.rstrip(".;") or part)
    return words


def _named_creative_commons(words: list[str], kinds: set[str]) -> NamedLicence:
    numbers = [word for word in words if word[0].isdigit()]
    ports = [word.upper() for word in words if word.upper() in _COUNTRIES]
    others = [word for word in words if word not in ("cc", *kinds, *numbers) and word.upper() not in _COUNTRIES]
    choices = _choices(kinds, numbers[0] if len(numbers) == 1 else "")
    if words[0] != "cc":
        is_clear = not others and len(numbers) < 2
        return NamedLicence(choices=choices, problem="does not say Creative Commons") if is_clear else NamedLicence()
    if others or len(numbers) > 1 or len(ports) > 1:
        return NamedLicence(choices=choices, problem="is not understood")
    if not kinds:
        return NamedLicence(choices=choices, problem="does not say which Creative Commons licence")
    version = _version(numbers[0]) if numbers else None
    found = version and creative_commons(kinds, version, "".join(ports))
    if found:
        return NamedLicence(found)
    problem = "names no Creative Commons licence that exists" if version else "does not say which version"
    return NamedLicence(choices=choices, problem=problem)


def _version(number: str) -> str | None:
    """`4` means 4.0; `2` could mean 2.0, 2.1 or 2.5."""
    if number in ("1", "3", "4"):
        return f"{number}.0"
    return number if "." in number else None


def _choices(kinds: set[str], number: str) -> tuple[str, ...]:
    wanted = {kind for kind in kinds if kind != "by"}
    fitting = [kind for kind in _KINDS if set(kind.lower().split("-")) - {"by"} == wanted]
    if not kinds or not fitting:
        near = [kind for kind in _KINDS if not kinds or set(kind.lower().split("-")) <= kinds | {"by"}]
        return tuple(f"CC-{kind}-4.0" for kind in near[-3:] if kinds) or (*_COMMON[:6], "CC0-1.0")
    versions = [each for each in _VERSIONS if number and each.startswith(number)] or list(_VERSIONS)
    return tuple(f"CC-{kind}-{version}" for kind in fitting for version in versions)


def _listed(spdx: str) -> str | None:
    """The id as the SPDX list spells it; None where it has none. GNU licences need `-only` or `-or-later`."""
    try:
        found = str(canonicalize_license_expression(spdx))
    except InvalidLicenseExpression:
        return None
    return None if " " in found or re.fullmatch(r"(?:A|L)?GPL-[\d.]+\+?|GFDL-[\d.]+", found) else found
