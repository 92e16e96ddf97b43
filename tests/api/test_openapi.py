"""The OpenAPI document: valid by other people's validator, with examples that its own schemas accept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.app import create_app
from ledger.app import Application
from ledger.settings import Settings

Schema = dict[str, Any]
DATA = ("example", "examples", "default", "const", "enum")
"""Below these stands no schema."""


@pytest.fixture(scope="module")
def document() -> Schema:
    return create_app(Application(Settings())).openapi()


def schemas(value: Any, place: str = "") -> Iterator[tuple[str, Schema]]:
    """Every object of the document, schemas among them, with where it stands."""
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            if name not in DATA:
                yield from schemas(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from schemas(inner, f"{place}/{number}")


def errors(document: Schema, schema: Schema, value: Any) -> list[str]:
    within = {**schema, "components": document["components"]}
    return [error.message for error in jsonschema_rs.Draft202012Validator(within).iter_errors(value)]


def test_it_is_valid(document: Schema) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert list(OpenAPIV31SpecValidator({**document, "info": {}}).iter_errors())


def test_every_example_is_one(document: Schema) -> None:
    found = [
        (place, schema, example)
        for place, schema in schemas(document)
        for example in ([schema["example"]] if "example" in schema else schema.get("examples", []))
    ]
    assert len(found) >= 15
    for place, schema, example in found:
        assert errors(document, schema, example) == [], place
    answer = document["components"]["schemas"]["RecordAnswer"]
    assert answer["example"]["credentials"] is None, "what is null in an answer is in its example"
    assert errors(document, answer, answer["example"] | {"record_id": "7"}), "the check finds what is wrong"


def test_it_says_where_the_service_is(document: Schema) -> None:
    assert [server["url"] for server in document["servers"]] == ["/"]


def test_ids_and_digests_have_their_form(document: Schema) -> None:
    """In what is sent and in what comes back."""
    bare = [
        f"{place}: {name}"
        for place, schema in schemas(document)
        for name, field in schema.get("properties", {}).items()
        if name.endswith(("_id", "_ids", "sha256", "digest", "keyid", "public_key"))
        and "pattern" not in str(field)
        and "string" in str(field)
    ]
    assert bare == []
    for place, operation in schemas(document["paths"]):
        for parameter in operation.get("parameters", ()) if isinstance(operation.get("parameters"), list) else ():
            if parameter["name"].endswith(("_id", "digest", "sha256", "token")):
                assert "pattern" in str(parameter["schema"]), (place, parameter["name"])


def test_what_the_log_answers_to_caches_is_documented(document: Schema) -> None:
    for path in ("/checkpoint", "/tile/{path}", "/.well-known/artledger.json"):
        operation = document["paths"][path]["get"]
        assert {"200", "206", "304", "416"} <= set(operation["responses"]), path
        assert {"If-None-Match", "Range"} <= {each["name"] for each in operation["parameters"]}
