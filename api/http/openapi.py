"""Pieces of the OpenAPI document that several routers share."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from api.http.problems import MEDIA_TYPE, ProblemDocument
from api.http.uploads import FIELD, FORM_TYPE

PICTURE_BODY: dict[str, Any] = {
    FORM_TYPE: {
        "schema": {
            "type": "object",
            "required": [FIELD],
            "additionalProperties": False,
            "properties": {FIELD: {"type": "string", "format": "binary", "description": "The picture's file."}},
        }
    }
}


Responses = dict[int | str, dict[str, Any]]


def content(media_type: str, description: str) -> Responses:
    """Documents that 200 comes as bytes of this type."""
    return {200: {"content": {media_type: {}}, "description": description}}


def problems(*statuses: int) -> Responses:
    """Documents that these statuses come as problem documents."""
    reference = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": reference}}}
        for status in statuses
    }


def add_problem_schema(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with the schema that `problems` refers to."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas[ProblemDocument.__name__] = ProblemDocument.model_json_schema()
    return document
