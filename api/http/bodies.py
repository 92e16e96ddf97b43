"""JSON bodies: read after the asker was let in, closed, and documented by the model that reads them."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from api.http.uploads import JSON_TYPE, MAX_JSON_BYTES, media_type, read_bytes, read_json
from ledger.errors import InputError

M = TypeVar("M", bound=BaseModel)
FIELDS_TYPE = "application/x-www-form-urlencoded"
MAX_BYTES = 131_072
"""More than an envelope of the largest leaf takes."""


async def read_body(request: Request, model: type[M], limit: int = MAX_BYTES) -> M:
    """Raises InputError (`media-type`, `too-large`, `bad-request`), RequestValidationError."""
    if media_type(request) != JSON_TYPE:
        raise InputError(f"expected {JSON_TYPE}", code="media-type")
    document = await read_json(request, limit)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error


async def read_fields(request: Request) -> dict[str, str]:
    """The fields of a page's form without files. Raises InputError (`media-type`, `too-large`, `bad-request`)."""
    if media_type(request) != FIELDS_TYPE:
        raise InputError(f"expected {FIELDS_TYPE}", code="media-type")
    try:
        return dict(parse_qsl((await read_bytes(request, MAX_JSON_BYTES)).decode(), strict_parsing=True))
    except ValueError as error:
        raise InputError("the form cannot be read", code="bad-request") from error


def json_body(*models: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` for an endpoint that reads one of these models."""
    schemas = [_inlined(model.model_json_schema()) for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"requestBody": {"required": True, "content": {JSON_TYPE: {"schema": schema}}}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Without `$defs`, which an OpenAPI document has no place for."""
    definitions = schema.pop("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolved(definitions[value["$ref"].rpartition("/")[2]])
            return {name: resolved(each) for name, each in value.items()}
        return [resolved(each) for each in value] if isinstance(value, list) else value

    inlined: dict[str, Any] = resolved(schema)
    return inlined
