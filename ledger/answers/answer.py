"""What every answer has in common: it is declared once, and the command line, HTTP and pages show it alike."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer


class Answer(BaseModel):
    """Frozen and closed. Its JSON has the fields in the order of their declaration; what is documented of a field is in
    the OpenAPI document too."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
    )

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


JsonObject = dict[str, Any]
Links = dict[str, str]
"""Paths below the service's URL."""
Base64 = Annotated[bytes, PlainSerializer(lambda data: base64.b64encode(data).decode(), return_type=str)]
Hex = Annotated[bytes, PlainSerializer(bytes.hex, return_type=str)]
