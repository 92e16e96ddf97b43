"""The JSON of `/v1/generations`, closed as in schemas.py."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.schemas import Closed, RecordBody


class GenerationRequestBody(Closed):
    """Pictures that are asked for. What is left out is the model's own; no `seed`: one is drawn."""

    model_config = ConfigDict(
        strict=True,
        json_schema_extra={"example": {"prompt": "a red car", "seed": 7, "media_type": "image/png", "confirm": False}},
    )

    prompt: str
    negative_prompt: str = ""
    seed: Annotated[int, Field(strict=False)] | None = None
    """Unsigned, 64 bits; as text where numbers are not that long."""
    steps: int | None = None
    guidance: float | str | None = None
    width: int | None = None
    height: int | None = None
    count: int = 1
    media_type: Literal["image/png", "image/jpeg", "image/webp"] = "image/png"
    confirm: bool = False
    """First the report; the picture only for the `confirmation` that comes with it."""


class ConfirmationBody(Closed):
    """What a picture is had for after its report: POST to `path`, once, within `expires_in` seconds."""

    token: str
    expires_in: float
    path: str


class RevealBody(Closed):
    """What opens the record's commitment to the prompt (`artledger audit reveal`). The service has no copy."""

    field: str
    key: str
    record_id: str
    value: dict[str, Any]


class GeneratedImageBody(RecordBody):
    """A `generation` record with its picture. `guard` and `reasons`: what was decided, and why."""

    model_config = ConfigDict(json_schema_extra={})

    guard: Literal["allow", "warn", "block"]
    reasons: list[str]
    attempts: list[str]
    """Records of attempts that were rejected before this one."""
    media_type: str
    asset_record_id: str | None
    """Record of the file's digest; null until the file is handed out."""
    confirmation: ConfirmationBody | None
    reveal: RevealBody | None
    image: str | None
    """The file in base64; null where it was blocked, waits to be confirmed, or was sent in."""


class GenerationsBody(Closed):
    images: list[GeneratedImageBody]


class HandedOutBody(Closed):
    """A file, in base64, and the record of its digest."""

    record_id: str
    asset_record_id: str
    media_type: str
    image: str
