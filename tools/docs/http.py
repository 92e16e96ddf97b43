"""Reference of the HTTP interface, from the OpenAPI document that the service publishes, and from the pages' routes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute

from api.app import OPENAPI_PATH, ROUTERS, create_app
from api.http.problems import MEDIA_TYPE as _PROBLEM
from ledger.app import Application
from ledger.settings import Settings
from tools.docs.markdown import code, paragraphs, table

_REFERENCE = "#/components/schemas/"
_ACCESS = "x-artledger-access"
_FIELD_COLUMNS = ("Field", "Kind", "Meaning")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path of the OpenAPI document."""

    method: str
    path: str
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def openapi() -> dict[str, Any]:
    """The OpenAPI document of a service with default settings; opens nothing."""
    return create_app(Application(Settings())).openapi()


def operations(document: Mapping[str, Any]) -> list[Operation]:
    return [
        Operation(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def pages(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Routes that the OpenAPI document leaves out, with the first sentence of their docstrings: pages for people."""
    found = []
    for module in ROUTERS:
        for route in module.router.routes:
            if isinstance(route, APIRoute) and route.path.replace("{path:path}", "{path}") not in document["paths"]:
                summary = (route.endpoint.__doc__ or "").partition("\n\n")[0]
                found += [(f"{method} {route.path}", summary) for method in sorted(route.methods or ())]
    return found


def render() -> str:
    """All routes, the pages, a section for each operation, and the schemas."""
    document = openapi()
    everything = operations(document)
    overview = [(f"[`{each.name}`](#{each.anchor})", each.document["summary"]) for each in everything]
    overview.append((f"`GET {OPENAPI_PATH}`", "This interface, machine-readable"))
    schemas = document["components"]["schemas"]
    return paragraphs(
        (
            "## All routes",
            table(("Route", "What it does"), overview),
            "## Pages",
            table(("Route", "What it shows"), ((f"`{name}`", summary) for name, summary in pages(document))),
            *(_operation(each) for each in everything),
            "## Schemas",
            *(_schema(name, schema) for name, schema in sorted(schemas.items())),
        )
    )


def _operation(operation: Operation) -> str:
    document = operation.document
    return paragraphs(
        (
            f"## `{operation.name}` {{#{operation.anchor}}}",
            f"**{document['summary']}.**",
            document.get("description", ""),
            _access(document.get(_ACCESS)),
            table(
                ("Parameter", "In", "Kind", "Meaning"),
                (
                    (f"`{each['name']}`", each["in"], _kind(each["schema"]), each.get("description", ""))
                    for each in document.get("parameters", ())
                ),
            ),
            *_bodies(document.get("requestBody", {}).get("content", {})),
            *_answers(document["responses"]),
        )
    )


def _access(access: Mapping[str, Any] | None) -> str:
    if access is None:
        return ""
    roles = [role for role in access["roles"] if role != "public"]
    scope = f", with the scope `{access['scope']}`" if access["scope"] else ""
    who = "Anybody." if "public" in access["roles"] else f"Token of: {', '.join(roles)}{scope}."
    return f"Who may call it: {who}{' Limited.' if access['limited'] else ''}"


def _bodies(content: Mapping[str, Any]) -> Iterator[str]:
    for media_type, body in content.items():
        schema = body["schema"]
        yield f"Body: `{media_type}`{_named(schema)}"
        for variant in schema.get("anyOf", schema.get("oneOf", [schema])):
            yield from _object(variant)


def _named(schema: Schema) -> str:
    kind = _kind(schema)
    return "" if kind == "object" else f", {kind}"


def _object(schema: Schema) -> Iterator[str]:
    """What the object says of itself, its fields, and the same of the objects within."""
    yield schema.get("description", "")
    yield table(_FIELD_COLUMNS, _fields(schema))
    for name, field in schema.get("properties", {}).items():
        for inner in (field, *field.get("anyOf", ())):
            if "properties" in inner:
                yield f"Fields of `{name}`:"
                yield from _object({**inner, "description": ""} if inner is field else inner)


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    """A table of what is not an error, and the errors in one line."""
    failures = [status for status, answer in responses.items() if _PROBLEM in answer.get("content", {})]
    yield table(
        ("Answer", "Meaning", "Body"),
        (
            (status, answer["description"], " or ".join(_answer_kind(*each) for each in answer["content"].items()))
            for status, answer in sorted(responses.items())
            if status not in failures and "content" in answer
        ),
    )
    if failures:
        yield f"Errors: {', '.join(sorted(failures))}, each a {_kind({'$ref': _REFERENCE + 'ProblemDocument'})}."


def _answer_kind(media_type: str, body: Mapping[str, Any]) -> str:
    return _kind(body["schema"]) if body.get("schema") else f"`{media_type}`"


def _schema(name: str, schema: Schema) -> str:
    example = schema.get("example")
    return paragraphs(
        (
            f"### {name} {{#{_schema_anchor(name)}}}",
            schema.get("description", ""),
            _kind(schema) if "enum" in schema else "",
            table(_FIELD_COLUMNS, _fields(schema)),
            code(json.dumps(example, indent=2, ensure_ascii=False), "json") if example else "",
        )
    )


def _fields(schema: Schema) -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        kind = _kind(field) + ("" if name in required else ", optional")
        yield f"`{name}`", kind, field.get("description", "")


def _kind(schema: Schema) -> str:
    """What kind of value a schema wants, in words; what it refers to as a link."""
    match schema:
        case {"$ref": str(reference)}:
            name = reference.removeprefix(_REFERENCE)
            return f"[{name}](#{_schema_anchor(name)})"
        case {"anyOf": members} | {"oneOf": members}:
            return " or ".join(dict.fromkeys(map(_kind, members)))
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"const": value}:
            return f"`{value}`"
        case {"type": "array", "items": items}:
            return f"list of {_kind(items)}"
        case {"type": "string", "format": "binary"}:
            return "file"
        case {"type": "object", "properties": _, "title": title}:
            return f"object ({title})"
        case _:
            return f"{schema.get('type', 'any value')}{_limits(schema)}"


def _limits(schema: Schema) -> str:
    words = {"minimum": "at least {}", "maximum": "at most {}", "maxLength": "at most {} characters"}
    found = [text.format(schema[key]) for key, text in words.items() if key in schema]
    if schema.get("default") not in (None, ""):
        found.append(f"default {json.dumps(schema['default'])}")
    return f" ({', '.join(found)})" if found else ""


def _schema_anchor(name: str) -> str:
    return f"schema-{name.lower()}"
