"""All errors that users can see. `code` is stable and public: scripts rely on it and users search for it."""

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """An error for users: what was wrong and where, and in `hint` what to do about it."""

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint


class InputError(LedgerError):
    """The input cannot be used: a broken picture, a malformed label file, an unknown field."""

    default_code = "input"


class NotFoundError(LedgerError):
    """What the request names does not exist here."""

    default_code = "not-found"


class ConflictError(LedgerError):
    """The request conflicts with the present state: a database that needs an upgrade, another spec, a name in use."""

    default_code = "conflict"


class MissingPackageError(ConflictError):
    """A Python package that the request needs is not installed (`ledger.extras`)."""

    default_code = "missing-part"


class PushbackError(LedgerError):
    """Temporary: the service is overloaded or cannot reach something. Nothing was accepted; try again later."""

    default_code = "pushback"

    def __init__(
        self, message: str, *, code: str | None = None, hint: str | None = None, retry_after: float = 1.0
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after = retry_after
        """Seconds to wait before the next attempt."""


class AccessError(LedgerError):
    """The caller is unknown or may not do this."""

    default_code = "access"


class VerificationError(LedgerError):
    """A signature, a proof or an encoding was checked and is wrong."""

    default_code = "verification"


class IntegrityError(LedgerError):
    """Stored data contradicts itself: a fork, a gap, a digest that does not match. Never continue after it."""

    default_code = "integrity"
