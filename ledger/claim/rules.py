"""The published rules: which findings make which verdict. A versioned file, whose digest stands in every verdict.

The file names every finding with what it means, and per type of claim an ordered list of rules; the first rule of which
any finding was made applies, and the last one applies always. So whoever has the file can apply it by hand.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ledger import canonical
from ledger.errors import InputError
from ledger.record.predicates import ClaimType, ClaimVerdict
from ledger.record.values import Name, UnitText

MAX_RULES_BYTES = 256 * 1024
_Text = Annotated[str, Field(min_length=1, max_length=1000)]
_Bits = Annotated[int, Field(ge=0, le=256)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Measures(_Closed):
    """Limits that findings are made by."""

    cover: UnitText
    """Share of a region that another must cover to count as the same place."""
    pdq_bits: _Bits
    """Two pictures are alike within so many differing bits of PDQ, at `pdq_quality` or more on both sides, ..."""
    pdq_quality: Annotated[int, Field(ge=0, le=100)]
    phash_bits: _Bits
    """... and so many of the pHash."""

    @property
    def least_cover(self) -> Decimal:
        return Decimal(self.cover)


class Meaning(_Closed):
    """What a finding means in plain words. `measured`: only a comparison of the pictures themselves can tell."""

    measured: bool
    text: _Text


class Rule(_Closed):
    """Applies when any of these findings was made; without any named, always."""

    any: tuple[Name, ...]
    because: _Text
    id: Name
    verdict: ClaimVerdict

    def applies(self, codes: Collection[str]) -> bool:
        return not self.any or any(code in codes for code in self.any)


class ClaimRules(_Closed):
    """A version of the rules."""

    findings: dict[Name, Meaning]
    limits: dict[ClaimType, tuple[_Text, ...]]
    measures: Measures
    name: Literal["artledger-claim-rules"]
    rules: dict[ClaimType, Annotated[tuple[Rule, ...], Field(min_length=1, max_length=100)]]
    version: Literal[1]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for claim_type in _TYPES:
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

    def rule_for(self, claim_type: ClaimType, codes: Collection[str]) -> Rule:
        """The first that applies."""
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


_TYPES: tuple[ClaimType, ...] = ("authored-image", "copies-work", "generated-by", "trained-on")
_RULES = TypeAdapter(ClaimRules)


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
    """The version that verdicts are made by here."""
    return parse_rules(files("ledger.claim").joinpath("data", "claim-rules-v1.json").read_bytes())


def published_rules(digest: str) -> ClaimRules | None:
    """The version with this digest, as this program ships it; None where it ships no such version."""
    return current_rules() if current_rules().digest == digest else None


def _bad(message: str) -> InputError:
    return InputError(
        f"the rules for claims cannot be used: {message}",
        code="bad-claim-rules",
        hint="the published ones are served at /v1/claim-rules/{digest}, by the digest in a verdict",
    )
