"""SPDX expressions: what is taken, what is refused, and that normalising settles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.corpus.licences import MAX_EXPRESSION, parse_licence
from ledger.errors import InputError

LEAF = st.sampled_from(
    [
        "MIT",
        "CC-BY-4.0",
        "GPL-2.0+",
        "LicenseRef-my.terms",
        "DocumentRef-x:LicenseRef-y",
        "GPL-2.0-only WITH Classpath-1.0",
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
def test_taken(text: str, expected: str) -> None:
    assert parse_licence(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "public domain",
        "CC BY 4.0",
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
