"""The one tree of errors. `code` is stable and public: the CLI and the API map it, users search for it."""

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """Something the user can understand: what was wrong, where, and (in `hint`) what to do about it."""

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint


class InputError(LedgerError):
    """What was sent in cannot be used: a broken picture, a malformed label file, an unknown field."""

    default_code = "input"


class NotFoundError(LedgerError):
    """The thing named does not exist here."""

    default_code = "not-found"


class ConflictError(LedgerError):
    """The request contradicts the present state (an unmigrated database, another spec, a taken name)."""

    default_code = "conflict"


class MissingPackageError(ConflictError):
    """A Python package that this needs is not installed (`ledger.extras`)."""

    default_code = "missing-part"


class PushbackError(LedgerError):
    """Not now: overloaded or a dependency is unreachable; nothing was acknowledged, try again later."""

    default_code = "pushback"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, retry_after: float = 1.0
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after = retry_after
        """Seconds after which a retry is worth while."""


class AccessError(LedgerError):
    """Who asks is not known here, or may not do this."""

    default_code = "access"


class VerificationError(LedgerError):
    """A signature, proof or encoding was checked and is wrong."""

    default_code = "verification"


class IntegrityError(LedgerError):
    """Our own data contradicts itself: a fork, a gap, a digest that does not match. Never continue past it."""

    default_code = "integrity"
