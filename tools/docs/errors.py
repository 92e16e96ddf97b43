"""Reference of the stable error codes, with the sentence, the hint, the HTTP status and the exit code of each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from api.http.problems import _CODE_OF_STATUS as OF_STATUS
from api.http.problems import problem_of
from cli.ui.errors import exit_code_of
from ledger import errors
from ledger.errors import LedgerError
from tools.docs.markdown import cell, paragraphs
from tools.docs.raised import AUDIT_CHECK, PROBLEM, REFUSAL, Raised, Source

ROOT = Path(__file__).parents[2]
PACKAGES = ("ledger", "api", "cli")
_TITLES = {
    AUDIT_CHECK: "Failed checks of an audit",
    PROBLEM: "Only over HTTP",
    REFUSAL: "Works that are not registered, or cannot be compared",
}

Codes = Mapping[str, Sequence[Raised]]


@cache
def source() -> Source:
    """The modules of everything that is installed; parsed once, which takes seconds."""
    return Source.of([path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))])


def render() -> str:
    """A section for each class of error, with a list of its codes."""
    by_kind: dict[str, dict[str, list[Raised]]] = defaultdict(lambda: defaultdict(list))
    for each in source().raised():
        by_kind[each.kind][each.code].append(each)
    known = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, LedgerError)]
    for cls in known:
        by_kind[cls.__name__].setdefault(cls.default_code, [])
    for code in OF_STATUS.values():
        by_kind[PROBLEM].setdefault(code, [])
    names = [cls.__name__ for cls in known]
    rest = sorted(set(by_kind) - set(names))
    return _anchored(
        (
            *(_section(cls, by_kind[cls.__name__]) for cls in known),
            *(paragraphs((f"## {_TITLES.get(name, name)}", _list(by_kind[name], LedgerError))) for name in rest),
        )
    )


def _anchored(parts: Iterable[str]) -> str:
    """The sections, with an anchor at the first entry of each code."""
    known: set[str] = set()

    def anchor(found: re.Match[str]) -> str:
        code = found[1]
        first = code not in known
        known.add(code)
        return f"`{code}`{{ #{code} }}\n:" if first else found[0]

    return re.sub(r"^`([a-z0-9-]+)`\n:", anchor, paragraphs(parts), flags=re.MULTILINE)


def _section(cls: type[LedgerError], codes: Codes) -> str:
    error = cls("")
    answers = (
        f"Exit code {int(exit_code_of(error))} at the command line. HTTP status {problem_of(error).status}, "
        "unless a code says otherwise."
    )
    return paragraphs((f"## {cls.__name__}", " ".join((cls.__doc__ or "").split()), answers, _list(codes, cls)))


def _list(codes: Codes, cls: type[LedgerError]) -> str:
    """A definition list, so that each code can be linked to."""
    usual = problem_of(cls("")).status
    return paragraphs(_entry(code, places, _status(cls, code, usual)) for code, places in sorted(codes.items()))


def _entry(code: str, places: Sequence[Raised], status: str) -> str:
    messages = dict.fromkeys(each.message for each in places if each.message)
    hints = dict.fromkeys(each.hint for each in places if each.hint)
    told = [
        *(cell(message) for message in messages or ["The code of an error of this kind that has none of its own."]),
        *(f"**What to do:** {cell(hint)}" for hint in hints),
        *([f"HTTP status {status}"] if status else []),
    ]
    return f"`{code}`\n:   " + "<br>".join(told)


def _status(cls: type[LedgerError], code: str, usual: int) -> str:
    status = problem_of(cls("", code=code)).status
    return "" if status == usual else str(status)
