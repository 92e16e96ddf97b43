"""Pieces of the OpenAPI document that several routers share."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from api.http.problems import MEDIA_TYPE, ProblemDocument
from api.http.uploads import FIELD, FORM_TYPE
from ledger.flows.people.accounts import TOKEN_ID_PATTERN
from ledger.record.ids import ID_PATTERN

DIGEST_PATTERN = "^[0-9a-f]{64}$"
_NEVER_SENT = ("HTTPValidationError", "ValidationError")
"""What FastAPI documents of itself; the service answers with problem documents instead."""
_DIGESTS = frozenset({"sha256", "digest", "root", "leaf_hash", "keyid", "public_key", "text_key", "metadata_key"})

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


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with the schema that `problems` refers to, the forms of ids and digests, and whole examples."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas[ProblemDocument.__name__] = ProblemDocument.model_json_schema()
    for name in _NEVER_SENT:
        schemas.pop(name, None)
    for operation in (each for methods in document["paths"].values() for each in methods.values()):
        if any(_NEVER_SENT[0] in str(each) for each in operation["responses"].get("422", {}).values()):
            operation["responses"] |= {str(status): each for status, each in problems(422).items()}
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            _state_form(field, _form(name))
        if "example" in schema:
            _restore_nulls(schema["example"], schema, schemas)
    return document


def _form(name: str) -> str | None:
    """The pattern of a field of an answer, by its name; None where it has none."""
    if name == "token_id":
        return TOKEN_ID_PATTERN
    if name.endswith(("_id", "_ids")) or name == "group":
        return ID_PATTERN
    return DIGEST_PATTERN if name in _DIGESTS or name.endswith("_sha256") else None


def _state_form(field: dict[str, Any], pattern: str | None) -> None:
    for text in (field, field.get("items", {}), *field.get("anyOf", ())):
        if pattern is not None and text.get("type") == "string":
            text.setdefault("pattern", pattern)


def _restore_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """FastAPI drops what is null from examples; the answers have it."""
    if isinstance(example, list):
        for each in example:
            _restore_nulls(each, schema.get("items", {}), schemas)
    if not isinstance(example, dict):
        return
    for variant in (schema, *schema.get("anyOf", ())):
        found = schemas[variant["$ref"].rpartition("/")[2]] if "$ref" in variant else variant
        for name in found.get("required", ()):
            example.setdefault(name, None)
        for name, field in found.get("properties", {}).items():
            for each in (field, *field.get("anyOf", ())):
                _restore_nulls(example.get(name), each, schemas)
