"""Licences as people write them: what becomes which SPDX expression, what is refused, and that normalising settles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.credit import read_terms
from ledger.corpus.licences import MAX_EXPRESSION, parse_licence
from ledger.errors import InputError

LEAF = st.sampled_from(
    [
        "MIT",
        "CC-BY-4.0",
        "GPL-2.0+",
        "LicenseRef-my.terms",
        "DocumentRef-x:LicenseRef-y",
        "GPL-2.0-only WITH Classpath-exception-2.0",
    ]
)
EXPRESSION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        inner.map(lambda text: f"({text})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(" ".join),
    ),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CC0-1.0", "CC0-1.0"),
        ("  MIT  or (Apache-2.0 and  BSD-3-Clause) ", "MIT OR (Apache-2.0 AND BSD-3-Clause)"),
        ("https://creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0"),
        ("http://creativecommons.org/licenses/by/2.5/deed.en", "CC-BY-2.5"),
        ("http://creativecommons.org/licenses/publicdomain/", "CC-PDDC"),
        ("http://web.resource.org/cc/PublicDomain", "LicenseRef-PublicDomain"),
    ],
)
def test_expressions_and_old_addresses(text: str, expected: str) -> None:
    assert parse_licence(text) == expected


WRITTEN = {
    "CC BY-NC-ND 4.0": "CC-BY-NC-ND-4.0",
    "CC BY 4.0": "CC-BY-4.0",
    "cc-by-4.0": "CC-BY-4.0",
    "CC_BY_4": "CC-BY-4.0",
    "ccby4.0": "CC-BY-4.0",
    "(CC) BY\u2013NC 4.0": "CC-BY-NC-4.0",
    "CC BY-ND-NC 3.0": "CC-BY-NC-ND-3.0",
    "Licence: CC BY-SA 4.0.": "CC-BY-SA-4.0",
    "CC BY-SA 3.0 DE": "CC-BY-SA-3.0-DE",
    "CC BY-SA 3.0 FR": "LicenseRef-CC-BY-SA-3.0-FR",
    "Creative Commons Attribution 4.0 International": "CC-BY-4.0",
    "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 International License": "CC-BY-NC-ND-4.0",
    "Creative Commons Attribution-Share Alike 3.0 Unported": "CC-BY-SA-3.0",
    "CC0": "CC0-1.0",
    "CC0 1.0": "CC0-1.0",
    "Creative Commons Zero v1.0 Universal": "CC0-1.0",
    "CC0 1.0 Universal Public Domain Dedication": "CC0-1.0",
    "Public Domain": "LicenseRef-PublicDomain",
    "public-domain": "LicenseRef-PublicDomain",
    "PDM": "CC-PDM-1.0",
    "Public Domain Mark 1.0": "CC-PDM-1.0",
    "Apache 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "unknown": "LicenseRef-unknown",
}
ADDRESSES = {
    "by-sa/3.0/de/": "CC-BY-SA-3.0-DE",
    "by-sa/3.0/fr/deed.fr": "LicenseRef-CC-BY-SA-3.0-FR",
    "by-sa/2.1/jp/": "CC-BY-SA-2.1-JP",
    "by-sa/2.5/scotland/": "LicenseRef-CC-BY-SA-2.5-SCOTLAND",
    "by/3.0/igo/legalcode": "CC-BY-3.0-IGO",
    "by/4.0": "CC-BY-4.0",
    "by/4.0/?ref=chooser-v1": "CC-BY-4.0",
    "by/4.0/deed.zh-hans": "CC-BY-4.0",
    "by/4.0/deed.zh_TW#ref": "CC-BY-4.0",
    "by/4.0/legalcode.txt": "CC-BY-4.0",
    "by-nc-sa/4.0/legalcode.de": "CC-BY-NC-SA-4.0",
    "by-nd-nc/1.0/": "CC-BY-NC-ND-1.0",
    "nc/1.0/": "LicenseRef-CC-NC-1.0",
    "publicdomain": "CC-PDDC",
}
"""After `https://creativecommons.org/licenses/`."""
AMBIGUOUS = {
    "CC-BY-SA": ("version", "CC-BY-SA-4.0, CC-BY-SA-3.0, CC-BY-SA-2.5, CC-BY-SA-2.0 or CC-BY-SA-1.0?"),
    "CC BY 2": ("version", "CC-BY-2.5 or CC-BY-2.0?"),
    "by-nc-4.0": ("Creative Commons", "Did you mean CC-BY-NC-4.0?"),
    "Attribution 4.0 International": ("Creative Commons", "Did you mean CC-BY-4.0?"),
    "CC-NC-4.0": ("exists", "CC-BY-NC-4.0"),
    "CC-BY-ND-SA 4.0": ("exists", "CC-BY-ND-4.0"),
    "CC-BY-5.0": ("exists", "CC-BY-4.0"),
    "CC-BY-4.0 or later": ("understood", "CC-BY-4.0"),
    "CC": ("which", "CC-BY-NC-ND-4.0 or CC0-1.0"),
    "CC0 2.0": ("CC0", "CC0-1.0"),
    "public domain dedication": ("several", "CC0-1.0, CC-PDDC or LicenseRef-PublicDomain"),
    "GPL 3.0": ("SPDX list", "GPL-3.0-only or GPL-3.0-or-later"),
    "MTI": ("SPDX list", "SPDX id"),
    "proprietary": ("SPDX list", "All rights reserved"),
    "https://creativecommons.org/licenses/by/5.0/": ("not known", "CC-BY-4.0"),
    "https://creativecommons.org/licenses/by/4.0/de/": ("not known", "CC-BY-4.0"),
}


@pytest.mark.parametrize(("text", "expected"), WRITTEN.items())
def test_names_that_people_write(text: str, expected: str) -> None:
    for written in (text, text.upper(), f"  {text}\n"):
        assert parse_licence(written) == expected
    assert parse_licence(expected) == expected


@pytest.mark.parametrize(("path", "expected"), ADDRESSES.items())
def test_addresses_of_every_port_and_language(path: str, expected: str) -> None:
    for start in ("https://", "http://www.", "HTTP://", ""):
        assert parse_licence(f"{start}creativecommons.org/licenses/{path}") == expected


def test_addresses_of_the_public_domain_and_of_rights_statements() -> None:
    where = "http://creativecommons.org/publicdomain"
    assert parse_licence(f"{where}/zero/1.0/deed.en") == "CC0-1.0"
    assert parse_licence(f"{where}/mark/1.0/") == "CC-PDM-1.0"
    assert parse_licence("https://rightsstatements.org/vocab/InC-EDU/1.0/") == "LicenseRef-rightsstatements-InC-EDU-1.0"


@pytest.mark.parametrize(("text", "problem", "choice"), [(text, *said) for text, said in AMBIGUOUS.items()])
def test_what_is_ambiguous_is_refused_with_the_nearest_choices(text: str, problem: str, choice: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        parse_licence(text)
    assert caught.value.code == "licence"
    assert choice in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text", ["All rights reserved", "\u00a9 2021 Jo", "(c) Jo", "Alle Rechte vorbehalten", "Copyright Jo"]
)
def test_what_licenses_nothing_is_terms(text: str) -> None:
    licence, credit = read_terms(text)
    assert licence.startswith("LicenseRef-terms-")
    assert credit.terms == text
    assert read_terms(text, terms="Ask me")[1].terms == f"{text}. Ask me"
    with pytest.raises(InputError) as caught:
        parse_licence(text)
    assert "terms" in (caught.value.hint or "")


@given(st.text("cC0BYbyNCncSAsaNDnd -_./:1234https", max_size=60))
def test_whatever_looks_like_creative_commons_settles_or_is_refused(text: str) -> None:
    try:
        parsed = parse_licence(text)
    except InputError as error:
        assert error.code == "licence"  # noqa: PT017 - either outcome is right
    else:
        assert parse_licence(parsed) == parsed


@pytest.mark.parametrize(
    "unit", ["by-", "cc ", "https://creativecommons.org/licenses/by/4.0/", "deed.a-", "(", "c", "\u00e9"]
)
def test_long_texts_are_refused_at_once(unit: str) -> None:
    with pytest.raises(InputError):
        parse_licence(unit * 10_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MIT AND",
        "AND MIT",
        "MIT OR OR BSD",
        "(MIT",
        "MIT)",
        "()",
        "MIT WITH",
        "MIT WITH AND",
        "(MIT) WITH x",
        "MIT/BSD",
        "MIT, BSD",
        "MIT\u202e",
        "x:y",
        "LicenseRef-",
        "M+IT",
        "(" * 299 + "M",
        "A" * (MAX_EXPRESSION + 1),
        "https://creativecommons.org/licenses/by/4.0/../../x",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_licence(text)
    assert caught.value.code == "licence"
    assert caught.value.hint


@given(EXPRESSION)
def test_well_formed_expressions_are_taken_and_settle(text: str) -> None:
    assert parse_licence(text) == text
    assert parse_licence(text.replace(" AND ", "  and ").replace(" OR ", "\tor ").replace("(", "( ")) == text


@given(st.text("()ANDORWITHLicenseRef-+: .x1", max_size=40))
def test_anything_else_is_refused_in_one_way(text: str) -> None:
    try:
        parsed = parse_licence(text)
    except InputError as error:
        assert error.code == "licence"  # noqa: PT017 - either outcome is right
    else:
        assert parse_licence(parsed) == parsed
