"""Where the code makes errors: class, stable code, sentence and hint of each place, read from the source.

The source is parsed, not run. What a sentence computes shows as its name where it has a plain one, else as `…`.
A code that a function takes as its parameter `code`, assigns, or chooses by a condition is followed to its literals.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

AUDIT_CHECK = "Check"
PROBLEM = "Problem"
REFUSAL = "Refusal"
_OTHERS = (AUDIT_CHECK, PROBLEM, REFUSAL)
"""What else has a code, beside errors."""


@dataclass(frozen=True, slots=True)
class Raised:
    """One place that makes an error; `kind` is the name of its class."""

    kind: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Source:
    """The parsed modules, with what is needed to follow a code that is not a literal."""

    calls: Sequence[tuple[ast.Call, ast.FunctionDef | None]]
    unresolved: list[str] = field(default_factory=list)
    """Computed codes that could not be followed: there should be none."""

    asking: set[tuple[str, str]] = field(default_factory=set)
    """Arguments that are being followed, by their own and their functions' names."""

    @classmethod
    def of(cls, paths: Sequence[Path]) -> Source:
        return cls([found for path in paths for found in _calls(ast.parse(path.read_text()))])

    def raised(self) -> Iterator[Raised]:
        """Every error that has a code of its own."""
        for call, function in self.calls:
            kind = _name(call)
            if not (kind.endswith("Error") or kind in _OTHERS):
                continue
            named = {keyword.arg: keyword.value for keyword in call.keywords}
            message = call.args[2:3] if kind in (AUDIT_CHECK, PROBLEM) else call.args[:1]
            if kind == REFUSAL and "reason" in named:
                message = [named["reason"]]
            expression = call.args[1] if kind == PROBLEM and len(call.args) > 1 else named.get("code")
            if expression is None or isinstance(expression, ast.Attribute):
                continue  # no code of its own, or one that another error had
            codes = self.codes(expression, function)
            if not codes and kind != PROBLEM:
                self.unresolved.append(ast.unparse(expression))
            text = " ".join(map(_text, message))
            hint = named.get("hint")
            yield from (Raised(kind, each, text, _text(hint) if hint else "") for each in codes)

    def codes(self, expression: ast.expr, function: ast.FunctionDef | None) -> list[str]:
        """The literals that `expression` can be in `function`."""
        match expression:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.IfExp(body=body, orelse=orelse):
                return [*self.codes(body, function), *self.codes(orelse, function)]
            case ast.BoolOp(values=values):
                return [code for value in values for code in self.codes(value, function)]
            case ast.JoinedStr(values=values):
                choices = [
                    self.codes(each.value if isinstance(each, ast.FormattedValue) else each, function)
                    for each in values
                ]
                return ["".join(parts) for parts in product(*choices)]
            case ast.Name(id=name) if function is not None:
                return self._of_variable(name, function)
            case _:
                return []

    def _of_variable(self, name: str, function: ast.FunctionDef) -> list[str]:
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        for position, argument in enumerate(arguments):
            if argument.arg == name:
                return _literals(argument.annotation) or self._of_argument(name, position, function)
        return [text for value in _assigned(name, function) for text in self.codes(value, function)]

    def _of_argument(self, name: str, position: int, function: ast.FunctionDef) -> list[str]:
        """What calls of functions of this name give; a function that passes its own argument on adds nothing."""
        asked = (name, function.name)
        if asked in self.asking:
            return []
        self.asking.add(asked)
        try:
            return self._given(name, position, function)
        finally:
            self.asking.remove(asked)

    def _given(self, name: str, position: int, function: ast.FunctionDef) -> list[str]:
        found: list[str] = []
        for call, caller in self.calls:
            if _name(call) == function.name:
                given = {keyword.arg: keyword.value for keyword in call.keywords}.get(name)
                value = given or (call.args[position] if position < len(call.args) else None)
                found += self.codes(value, caller) if value is not None else []
        return list(dict.fromkeys(found))


def _calls(module: ast.AST) -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
    """Every call with the innermost function around it."""
    waiting: list[tuple[ast.AST, ast.FunctionDef | None]] = [(module, None)]
    while waiting:
        node, function = waiting.pop()
        if isinstance(node, ast.Call):
            yield node, function
        inner = node if isinstance(node, ast.FunctionDef) else function
        waiting += [(child, inner) for child in reversed(list(ast.iter_child_nodes(node)))]


def _name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _literals(annotation: ast.expr | None) -> list[str]:
    """The texts of a parameter's `Literal[...]`."""
    if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value) != "Literal":
        return []
    return [str(each.value) for each in ast.walk(annotation.slice) if isinstance(each, ast.Constant)]


def _assigned(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What `function` assigns to `name`, alone or in a tuple."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (value for target, value in zip(targets, values, strict=True) if ast.unparse(target) == name)
            case _:
                pass


def _text(expression: ast.expr) -> str:
    """A sentence with `…` or a name where something is computed."""
    match expression:
        case ast.Constant(value=str(text)):
            return " ".join(text.split())
        case ast.JoinedStr(values=values):
            parts = [each.value if isinstance(each, ast.Constant) else _placeholder(each) for each in values]
            return " ".join("".join(map(str, parts)).split())
        case ast.IfExp(body=body, orelse=orelse):
            return f"{_text(body)} / {_text(orelse)}"
        case ast.BinOp(left=left, right=right):
            return _text(left) + _text(right)
        case ast.Constant(value=None):
            return ""
        case _:
            return "…"


def _placeholder(value: ast.expr) -> str:
    match value:
        case ast.FormattedValue(value=ast.Name(id=name)):
            return name.upper()
        case ast.FormattedValue(value=ast.Call(func=ast.Name(id="short_keyid"))):
            return "KEYID"
        case ast.FormattedValue(value=ast.Attribute(attr=name)):
            return name.strip("_").upper()
        case _:
            return "…"
