"""The published rules: which findings make which verdict. A versioned file, whose digest stands in every verdict.

The file names every finding with what it means, and for each type of claim an ordered list of rules. The first rule
that names a finding which was made applies; the last one always applies. So anybody can apply the file by hand.

Version N is `data/claim-rules-vN.json`. The service judges by the newest. Older ones stay, for the verdicts that name
them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from ledger import canonical
from ledger.claim.measures import Measures, RulesPart
from ledger.claim.registry import CLAIM_TYPES
from ledger.errors import InputError, VerificationError
from ledger.record.claim_values import ClaimType, ClaimVerdict
from ledger.record.values import Name

MAX_RULES_BYTES = 256 * 1024
_Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Meaning(RulesPart):
    """What a finding means in plain words. `measured`: only a comparison of the pictures themselves can tell."""

    measured: bool
    text: _Text


class ClaimRule(RulesPart):
    """Applies when any of these findings was made; without any named, always."""

    any: tuple[Name, ...]
    because: _Text
    id: Name
    verdict: ClaimVerdict

    def applies(self, codes: Collection[str]) -> bool:
        return not self.any or any(code in codes for code in self.any)


class ClaimRules(RulesPart):
    """A version of the rules."""

    findings: dict[Name, Meaning]
    limits: dict[ClaimType, tuple[_Text, ...]]
    measures: Measures
    name: Literal["artledger-claim-rules"]
    rules: dict[ClaimType, Annotated[tuple[ClaimRule, ...], Field(min_length=1, max_length=100)]]
    version: int

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.version not in _versions():
            raise ValueError(f"version {self.version} is unknown here")
        judged = {name for name, definition in CLAIM_TYPES.items() if definition.since_rules <= self.version}
        for claim_type in sorted(judged | self.rules.keys() | self.limits.keys()):
            if claim_type not in judged:
                raise ValueError(f"version {self.version} does not judge {claim_type}")
            if claim_type not in self.rules or claim_type not in self.limits:
                raise ValueError(f"nothing is said about {claim_type}")
        for claim_type, rules in self.rules.items():
            unknown = [code for rule in rules for code in rule.any if code not in self.findings]
            if unknown:
                raise ValueError(f"{claim_type} names the finding {unknown[0]}, which is not defined")
            if rules[-1].any or not all(rule.any for rule in rules[:-1]):
                raise ValueError(f"the last rule of {claim_type}, and no other, applies always")
            if len({rule.id for rule in rules}) != len(rules):
                raise ValueError(f"two rules of {claim_type} have one id")
        return self

    def rule_for(self, claim_type: ClaimType, codes: Collection[str]) -> ClaimRule:
        """The first that applies. Raises VerificationError (`other-rules`): this version does not judge such claims."""
        if claim_type not in self.rules:
            raise VerificationError(
                f"version {self.version} of the rules does not judge {claim_type}", code="other-rules"
            )
        return next(rule for rule in self.rules[claim_type] if rule.applies(codes))

    @property
    def measured(self) -> frozenset[str]:
        """Codes of the findings that records alone do not give."""
        return frozenset(code for code, meaning in self.findings.items() if meaning.measured)

    def to_bytes(self) -> bytes:
        """RFC 8785 bytes: what is published."""
        return canonical.dumps(self.model_dump(mode="json"))

    @property
    def digest(self) -> str:
        """Lowercase hex SHA-256 of `to_bytes`: `rules` in a `verdict`."""
        return canonical.digest(self.model_dump(mode="json"))


_RULES = TypeAdapter(ClaimRules)
_DATA = files("ledger.claim").joinpath("data")


def parse_rules(data: bytes) -> ClaimRules:
    """The rules in a JSON file's bytes. Raises InputError (`bad-claim-rules`): what is wrong, and where."""
    if len(data) > MAX_RULES_BYTES:
        raise _bad(f"they have {len(data):,} bytes; at most {MAX_RULES_BYTES:,} are allowed")
    try:
        return _RULES.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:100] or "the whole"
        raise _bad(f"{place}: {first['msg']}"[:300]) from error


@lru_cache(maxsize=1)
def current_rules() -> ClaimRules:
    """The newest version: verdicts are made by it."""
    return _shipped()[-1]


def published_rules(digest: str) -> ClaimRules | None:
    """The version with this digest, as this program ships it; None where it ships no such version."""
    return next((rules for rules in _shipped() if rules.digest == digest), None)


@lru_cache(maxsize=1)
def _shipped() -> tuple[ClaimRules, ...]:
    """By version."""
    return tuple(parse_rules(_DATA.joinpath(f"claim-rules-v{version}.json").read_bytes()) for version in _versions())


@lru_cache(maxsize=1)
def _versions() -> tuple[int, ...]:
    found = (re.fullmatch(r"claim-rules-v(\d+)\.json", file.name) for file in _DATA.iterdir())
    return tuple(sorted(int(each[1]) for each in found if each))


def _bad(message: str) -> InputError:
    return InputError(
        f"the rules for claims cannot be used: {message}",
        code="bad-claim-rules",
        hint="GET /v1/claim-rules/{digest} serves the published rules. The digest is in the verdict.",
    )
