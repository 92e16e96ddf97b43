"""Addresses that are sent an account's notices."""

from __future__ import annotations

from pydantic import Field

from ledger.answers.answer import Answer


class WebhookAnswer(Answer):
    webhook_id: str
    url: str
    created_at: str
    disabled_at: str | None
    """Since when nothing is sent to it: it answered 410, or failed too often."""
    problem: str | None
    """Why the last delivery failed; null where it did not."""
    waiting: int
    """Notices that still have to be sent."""


class NewWebhook(WebhookAnswer):
    secret: str = Field(repr=False)
    """`whsec_` and base64: it verifies what is sent, and is shown here and never again."""


class WebhookList(Answer):
    webhooks: tuple[WebhookAnswer, ...]


class WebhookTest(Answer):
    """What an address answered to a test."""

    ok: bool
    """Whether the status says success."""
    status: int | None
    """null where it could not be reached."""
    problem: str | None
