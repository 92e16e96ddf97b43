"""Rules about paths below a folder, as web sites publish them: `tdmrep.json` and `Content-Usage` in `robots.txt`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ledger.corpus.file_terms.vocabulary import CONTENT_USAGE, TDM_RESERVATION, UNREAD
from ledger.corpus.work import FileTerm
from ledger.text import clean_text

MAX_RULES = 1000
"""Rules of one file that are read."""
_SHOWN = 120
_LABEL = re.compile(r"[a-z*][a-z0-9_.*-]*")


@dataclass(frozen=True, slots=True)
class SiteRules:
    """What one file says of the paths below its folder. `of` gets such a path, which begins with a slash."""

    of: Callable[[str], Sequence[FileTerm]]


def tdmrep(content: bytes, place: str) -> SiteRules:
    """TDMRep: an array of rules; the first whose `location` fits counts."""
    try:
        rules = json.loads(content)
    except (ValueError, RecursionError):
        return unread(place, "it is not JSON")
    if not isinstance(rules, list) or len(rules) > MAX_RULES or not all(isinstance(rule, dict) for rule in rules):
        return unread(place, f"it is not an array of at most {MAX_RULES:,} rules")

    def of(path: str) -> Sequence[FileTerm]:
        for rule in rules:
            location = rule.get("location")
            if isinstance(location, str) and fits(location, path):
                return (_reservation(rule, place),)
        return ()

    return SiteRules(of)


def _reservation(rule: dict[str, object], place: str) -> FileTerm:
    stated = rule.get("tdm-reservation")
    value = str(stated) if isinstance(stated, int | str) and not isinstance(stated, bool) else ""
    policy = rule.get("tdm-policy")
    said = f"tdm-reservation {value}, tdm-policy {policy}" if isinstance(policy, str) else f"tdm-reservation {value}"
    problem = "" if value in TDM_RESERVATION.forbids else "an unknown value, which the protocol calls unset"
    return FileTerm(
        TDM_RESERVATION.name,
        TDM_RESERVATION.version,
        place,
        clean_text(said, 2 * _SHOWN),
        TDM_RESERVATION.forbidden(value),
        problem,
    )


def content_usage(content: bytes, place: str) -> SiteRules:
    """AIPREF: lines `Content-Usage: [/path] train-ai=n`. In each group the longest path counts. A preference for one
    crawler says what the author wants, so every group counts."""
    groups = list(_groups(content.decode(errors="replace")))
    if sum(map(len, groups)) > MAX_RULES:
        return unread(place, f"it has more than {MAX_RULES:,} rules")

    def of(path: str) -> Sequence[FileTerm]:
        return tuple(statement for group in groups for statement in _preferences(group, path, place))

    return SiteRules(of)


_Rule = tuple[str, dict[str, str]]


def _groups(text: str) -> Iterator[list[_Rule]]:
    """The rules of each group of `robots.txt` (RFC 9309, 2.2), and of the lines before the first."""
    rules: list[_Rule] = []
    in_rules = False
    for line in text.splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        field = name.strip().lower()
        if not colon:
            continue
        if field == "user-agent" and in_rules:
            yield rules
            rules, in_rules = [], False
        elif field == "content-usage":
            rules.append(_rule(value.strip()))
        in_rules = in_rules or field != "user-agent"
    yield rules


def _rule(value: str) -> _Rule:
    path, _, rest = value.partition(" ") if value.startswith("/") else ("/", "", value)
    return path, preferences(rest)


def preferences(dictionary: str) -> dict[str, str]:
    """The members of an RFC 9651 dictionary whose value is a token, without parameters; the last of a name counts."""
    found: dict[str, str] = {}
    for member in dictionary.split(","):
        label, _, value = member.strip().partition("=")
        if _LABEL.fullmatch(label):
            found[label] = value.partition(";")[0].strip()
    return found


def _preferences(group: Sequence[_Rule], path: str, place: str) -> Iterator[FileTerm]:
    fitting = [(len(pattern), said) for pattern, said in group if fits(pattern, path)]
    longest = max((length for length, _ in fitting), default=0)
    for label, forbids in CONTENT_USAGE.forbids.items():
        if any(said.get(label) == "n" for length, said in fitting if length == longest):
            yield FileTerm(CONTENT_USAGE.name, CONTENT_USAGE.version, place, f"Content-Usage {label}=n", forbids)


def unread(place: str, problem: str) -> SiteRules:
    """A file that cannot be read says the same of every path."""
    statement = FileTerm(UNREAD.name, UNREAD.version, place, "", (), problem)
    return SiteRules(lambda _path: (statement,))


def fits(pattern: str, path: str) -> bool:
    """Whether a path fits a pattern of RFC 9309, 2.2.3: a beginning, with `*` for anything and `$` for the end."""
    to_end = pattern.endswith("$")
    first, *others = unquote(pattern.removesuffix("$")).split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    last = others.pop() if to_end and others else ""
    for part in others:
        position = path.find(part, position)
        if position < 0:
            return False
        position += len(part)
    if not to_end:
        return True
    if "*" not in pattern:
        return position == len(path)
    return path.endswith(last) and len(path) - len(last) >= position
