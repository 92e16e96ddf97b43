"""The guard's policy: which matches block a generated picture, and which only cause a notice.

A policy is a strict TOML or JSON file. Its digest, over its canonical JSON with all defaults, is in each record that it
decided (FORMAT.md, `policy`). Comments and spelling do not change the digest.
"""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ledger import canonical
from ledger.corpus.work import AllowedUse
from ledger.errors import InputError
from ledger.files import read_regular
from ledger.match.lists import Relation

MAX_POLICY_BYTES = 64 * 1024
MAX_RETRIES = 10

RuleAction = Literal["inform", "warn", "regenerate", "block"]


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("a value is named twice")
    return tuple(sorted(values))


def _level(text: str) -> str:
    if text != "alpha" and not 0 < Decimal(text) <= 1:
        raise ValueError("an error rate is above 0 and at most 1")
    return text


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Rule(_Closed):
    """Applies to a match whose relation is in `relations` and whose p-value is at most `p_at_most`, unless the work's
    terms allow all uses in `unless_allowed` (if empty: no exception)."""

    action: RuleAction
    p_at_most: Annotated[str, Field(pattern="^(?:alpha|[01](?:[.][0-9]{1,10})?)$"), AfterValidator(_level)]
    """`alpha` (the calibration's error rate) or a decimal number as text."""
    relations: Annotated[tuple[Relation, ...], Field(min_length=1), AfterValidator(_distinct)]
    unless_allowed: Annotated[tuple[AllowedUse, ...], AfterValidator(_distinct)] = ()

    def level(self, alpha: float) -> float:
        """The largest p-value that the rule applies to, if the calibration's error rate is `alpha`."""
        return alpha if self.p_at_most == "alpha" else float(self.p_at_most)


class Policy(_Closed):
    """A policy. Of all rules that apply, and the actions for prompt and missing detail, the strictest counts."""

    exhausted: Literal["warn", "block"]
    """Replaces `regenerate` when no retry is left."""
    named_artists: Literal["inform", "warn", "block"]
    """Action if the prompt names a registered artist who did not allow style use (prompt_names.py)."""
    not_comparable: Literal["inform", "warn", "block"]
    """Action if the picture has too little detail to be compared."""
    retries: Annotated[int, Field(ge=0, le=MAX_RETRIES)]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=100)]
    version: Literal[1]

    @model_validator(mode="after")
    def _retries_where_asked_for(self) -> Self:
        if any(rule.action == "regenerate" for rule in self.rules) and not self.retries:
            raise ValueError("a rule says regenerate, so retries must be at least 1")
        return self

    def to_bytes(self) -> bytes:
        """RFC 8785 bytes with all defaults, as served at `/v1/policies/{digest}`."""
        return canonical.dumps(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """Lowercase hex SHA-256 of `to_bytes`."""
        return canonical.digest(self.model_dump(mode="json"))


_POLICY = TypeAdapter(Policy)


def parse_policy(data: bytes, *, toml: bool = False) -> Policy:
    """The policy in a file's bytes, JSON unless `toml`. Raises InputError (`bad-policy`) that says what is wrong."""
    if len(data) > MAX_POLICY_BYTES:
        raise _bad(f"it has {len(data):,} bytes; at most {MAX_POLICY_BYTES:,} are allowed")
    try:
        text = data.decode()
        value = tomllib.loads(text) if toml else json.loads(text, object_pairs_hook=_no_duplicates)
        return _POLICY.validate_json(json.dumps(value, allow_nan=False, default=_no_json))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:100] or "the whole"
        raise _bad(f"{place}: {first['msg']}"[:300]) from error
    except (ValueError, RecursionError) as error:
        raise _bad(f"not {'TOML' if toml else 'JSON'}: {error}"[:300]) from error


def load_policy(path: Path) -> Policy:
    """The policy in a `.toml` or `.json` file. Raises InputError (`bad-policy`, `unreadable`)."""
    if path.suffix not in (".toml", ".json"):
        raise _bad(f"{path} is neither a .toml nor a .json file")
    try:
        data = read_regular(path, MAX_POLICY_BYTES + 1)
    except OSError as error:
        raise InputError(f"the policy {path} cannot be read: {error.strerror}", code="unreadable") from error
    return parse_policy(data, toml=path.suffix == ".toml")


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """The shipped policy: blocks verified copies at p <= alpha, warns about unverified ones, informs about style."""
    return parse_policy(files("ledger.generate").joinpath("data", "policy-v1.toml").read_bytes(), toml=True)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return value


def _no_json(value: object) -> None:
    raise ValueError(f"a {type(value).__name__} is not allowed in a policy")


def _bad(message: str) -> InputError:
    return InputError(
        f"the policy cannot be used: {message}",
        code="bad-policy",
        hint="The documentation (The guard) has an example. Unknown keys are refused.",
    )
