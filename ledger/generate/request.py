"""A checked request to a generator, and the seed of each of its pictures."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

from ledger.errors import InputError

MAX_PROMPT = 2_000
"""Largest number of code points. Text encoders read the first 77 to 512 tokens and ignore the rest."""
MAX_SIDE = 4_096
MAX_STEPS = 200
MAX_GUIDANCE = Decimal(50)
GUIDANCE_PLACES = 3
MAX_COUNT = 16
SEEDS = 2**64

_REFUSED = {"Cc": "a control character", "Cs": "a lone surrogate", "Zl": "a line break", "Zp": "a line break"}
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Direction controls of UAX 9, which make a prompt look different from its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """The limits and defaults of one generator."""

    multiple: int
    """Width and height must be multiples of this."""
    min_side: int
    max_side: int
    width: int
    height: int
    steps: int
    max_steps: int
    guidance: Decimal
    guidance_matters: bool
    """False for models distilled to work without guidance: only the value `guidance` is accepted."""
    negative_prompt: bool
    """Whether a negative prompt is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A complete request. Raises InputError for values that no generator accepts."""

    prompt: str
    negative_prompt: str
    seed: int
    """Seed of the first picture; see `seed_of`."""
    steps: int
    guidance: Decimal
    width: int
    height: int
    count: int

    def __post_init__(self) -> None:
        _require_prompt(self.prompt, "the prompt")
        if not self.prompt.strip():
            raise InputError("the prompt is empty", code="bad-prompt", hint="Say what the picture shows.")
        _require_prompt(self.negative_prompt, "the negative prompt")
        _require_whole("the seed", self.seed, 0, SEEDS - 1, "bad-seed")
        _require_whole("the number of steps", self.steps, 1, MAX_STEPS, "bad-steps")
        _require_whole("the width", self.width, 1, MAX_SIDE, "bad-size")
        _require_whole("the height", self.height, 1, MAX_SIDE, "bad-size")
        _require_whole("the number of images", self.count, 1, MAX_COUNT, "bad-count")
        _guidance(self.guidance)

    @classmethod
    def of(
        cls,
        limits: RequestLimits,
        prompt: str,
        *,
        negative_prompt: str = "",
        seed: int | None = None,
        steps: int | None = None,
        guidance: Decimal | float | str | None = None,
        width: int | None = None,
        height: int | None = None,
        count: int = 1,
    ) -> Self:
        """A request with defaults from `limits` and, without `seed`, a random seed drawn once.

        Raises InputError: `bad-prompt`, `bad-seed`, `bad-steps`, `bad-guidance`, `bad-size`, `bad-count`.
        """
        request = cls(
            prompt=prompt,
            negative_prompt=negative_prompt,
            seed=secrets.randbits(53) if seed is None else seed,
            steps=limits.steps if steps is None else steps,
            guidance=limits.guidance if guidance is None else _guidance(guidance),
            width=limits.width if width is None else width,
            height=limits.height if height is None else height,
            count=count,
        )
        request.require_within(limits)
        return request

    def require_within(self, limits: RequestLimits) -> None:
        """Raises InputError if this generator does not accept the request.

        Codes: `bad-size`, `bad-steps`, `bad-guidance`, `bad-prompt`.
        """
        for name, side in (("width", self.width), ("height", self.height)):
            if not limits.min_side <= side <= limits.max_side or side % limits.multiple:
                raise InputError(
                    f"this model makes no picture with a {name} of {side} pixels",
                    code="bad-size",
                    hint=f"Multiples of {limits.multiple} from {limits.min_side} to {limits.max_side}; "
                    f"made for {limits.width}x{limits.height}.",
                )
        if self.steps > limits.max_steps:
            raise InputError(f"this model takes at most {limits.max_steps} steps, not {self.steps}", code="bad-steps")
        if not limits.guidance_matters and self.guidance != limits.guidance:
            raise InputError(
                f"this model works without guidance: {self.guidance_text} would change nothing",
                code="bad-guidance",
                hint="Leave guidance out.",
            )
        if self.negative_prompt and not limits.negative_prompt:
            raise InputError(
                "this model does not support a negative prompt",
                code="bad-prompt",
                hint="Leave the negative prompt out.",
            )

    @property
    def guidance_text(self) -> str:
        """The guidance as in records: `7.5`, `0`."""
        text = f"{self.guidance:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def seed_of(self, index: int, attempt: int = 0) -> int:
        """The seed (unsigned, 64 bits) of picture `index` at its `attempt`, both counted from 0.

        It is `seed + index` modulo 2^64. For a later attempt, it is the first 8 bytes, big-endian, of SHA-256 of
        `artledger/retry-seed/v1\\n` || that seed (uint64 big-endian) || attempt (uint32 big-endian). A request for one
        picture with this seed makes the same picture.
        """
        seed = (self.seed + index) % SEEDS
        if attempt == 0:
            return seed
        data = b"artledger/retry-seed/v1\n" + seed.to_bytes(8, "big") + attempt.to_bytes(4, "big")
        return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


def _require_prompt(text: str, name: str) -> None:
    if not isinstance(text, str):
        raise InputError(f"{name} is not text", code="bad-prompt")
    if len(text) > MAX_PROMPT:
        raise InputError(f"{name} has {len(text):,} characters; at most {MAX_PROMPT:,} are taken", code="bad-prompt")
    for place, char in enumerate(text, 1):
        refused = "a control character" if char in _DIRECTIONS else _REFUSED.get(unicodedata.category(char))
        if refused:
            raise InputError(
                f"{name} has {refused} (U+{ord(char):04X}) at character {place}",
                code="bad-prompt",
                hint="Write the prompt as one line of visible text.",
            )


def _require_whole(name: str, value: int, least: int, most: int, code: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{name} is not a whole number", code=code)
    if not least <= value <= most:
        shown = str(value) if abs(value) < 10**24 else "an enormous number"
        raise InputError(f"{name} is {shown}; it must be from {least} to {most}", code=code)


def _guidance(value: Decimal | float | str) -> Decimal:
    """Parses guidance. Floats count as their shortest text: 7.1 is 7.1."""
    text = str(value)[:40]
    try:
        guidance = Decimal(text)
        if not guidance.is_finite() or not 0 <= guidance <= MAX_GUIDANCE:
            raise InputError(f"guidance is {text}; it must be from 0 to {MAX_GUIDANCE}", code="bad-guidance")
        rounded = guidance.quantize(Decimal(1).scaleb(-GUIDANCE_PLACES)).copy_abs()
    except (InvalidOperation, ValueError) as error:
        raise InputError(f"guidance is {text!r}, which is not a decimal number", code="bad-guidance") from error
    if rounded != guidance:
        raise InputError(f"guidance has at most {GUIDANCE_PLACES} digits after the point", code="bad-guidance")
    return rounded
