"""The forms of FORMAT.md, from its tables for programs, and values in their encoding. Nothing of the project."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

TABLES = (Path(__file__).parents[2] / "FORMAT.md").read_text().partition("\n## For programs\n")[2]
SHAPES = dict(re.findall(r"^ {4}(\w+) = (.+(?:\n {6}.+)*)", TABLES, re.MULTILINE))
FORMS = dict(re.findall(r"^ {4}([\w ]+) ~ (.+)", TABLES, re.MULTILINE))
T = TypeVar("T")


def need(holds: T | None, why: str) -> T:
    """What holds; refuses for the reason `why` what does not."""
    if not holds:
        raise ValueError(why)
    return holds


@cache
def pattern(form: str) -> str:
    """What matches a form's canonical JSON: see FORMAT.md about `a?`, `a*m,n`, `a>b*m,n` and `#a`."""
    if form.endswith("?"):
        return f"(?:{pattern(form[:-1])}|null)"
    if "*" in form:
        each, times = form.split("*")
        opening, closing = "{}" if ">" in each else "[]"
        return rf"\{opening}(?:{':'.join(map(pattern, each.split('>')))},?){{{times}}}(?<!,)\{closing}"
    if form in SHAPES:
        members = [member.partition(":") for member in SHAPES[form].split()]
        return r"\{" + ",".join(f'"{name}":{pattern(inner or name)}' for name, _, inner in members) + r"\}"
    return f"(?:{FORMS[form[1:]]})" if form[0] == "#" else f'"(?:{FORMS[form]})"'


def encode(value: object) -> bytes:
    """RFC 8785, for ASCII keys and integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(data: bytes, form: str) -> Any:
    """The value of a form that `data` encodes. Repeated names and large integers get lost: encoding again shows it."""
    need(re.fullmatch(pattern(form).encode(), data), f"the {form} has not the members and values of its form")
    value = json.loads(data, parse_int=lambda digits: min(int(digits), 2**53 - 1))
    need(encode(value) == data, f"the {form} is not in its RFC 8785 encoding")
    return value
