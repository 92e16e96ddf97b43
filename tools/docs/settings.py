"""Reference of the settings: each with its environment variable, kind, default and meaning."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from ledger import settings
from ledger.settings import Settings
from tools.docs.markdown import paragraphs

_BOUNDS: dict[type, tuple[str, str]] = {
    Ge: ("ge", "at least"), Gt: ("gt", "more than"), Le: ("le", "at most"), Lt: ("lt", "less than"),
}  # fmt: skip


def render() -> str:
    """A section for each setting, in the order of the class."""
    explained = explanations()
    return paragraphs(_section(name, field, explained[name]) for name, field in Settings.model_fields.items())


def explanations() -> dict[str, str]:
    """The text below each field of Settings."""
    [cls] = [node for node in ast.parse(inspect.getsource(settings)).body if isinstance(node, ast.ClassDef)]
    found: dict[str, str] = {}
    for field, text in zip(cls.body, cls.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            found[ast.unparse(field.target)] = " ".join(ast.literal_eval(text.value).split())
    return found


def variable(name: str) -> str:
    """The environment variable of a field of Settings."""
    return f"{Settings.model_config.get('env_prefix', '')}{name.upper()}"


def _section(name: str, field: FieldInfo, meaning: str) -> str:
    facts = [_kind(field.annotation), *_bounds(field)]
    default = _default(field)
    if default:
        facts.append(f"default `{default}`")
    return f"### `{variable(name)}` {{#{name}}}\n\n{meaning}\n\n{', '.join(facts)}."


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None or field.default in (None, ""):
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def _kind(annotation: Any) -> str:
    kinds = [each for each in _members(annotation) if each is not NoneType]
    if all(get_origin(each) is Literal for each in kinds):
        return "One of " + ", ".join(f"`{value}`" for each in kinds for value in get_args(each))
    names = {"str": "Text", "int": "Whole number", "float": "Number", "bool": "`true` or `false`", "Path": "Path"}
    return " or ".join(names.get(each.__name__, "Text") for each in kinds)


def _members(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        if type(bound) in _BOUNDS:
            attribute, words = _BOUNDS[type(bound)]
            yield f"{words} {getattr(bound, attribute)}"
