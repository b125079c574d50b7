"""The API's document as a page: rendered here, from the document itself, with nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from surveyapp.api.callers import installation
from surveyapp.errors import NotFound
from surveyapp.problem_types import PREFIX, TYPES, ProblemType

docs = Blueprint("docs", __name__, url_prefix="/api", template_folder="templates")


@dataclass(frozen=True)
class Field:
    """A line of a table: a parameter, or a field of a shape. ``shape`` names the shape inside it."""

    name: str
    kind: str
    shape: str
    required: bool
    text: str


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked."""

    method: str
    path: str
    title: str
    text: str
    scope: str
    parameters: tuple[Field, ...]
    body: str  # the shape that is sent
    status: str
    answer: str  # the shape that comes back; empty for a file
    operation_id: str
    sent: str  # examples, as JSON; empty where there is none
    answered: str
    problems: tuple[str, ...]  # the other statuses that it can answer with

    @property
    def anchor(self) -> str:
        return re.sub(r"[^a-z]+", "-", f"{self.method} {self.path}".lower()).strip("-")


@docs.get("")
@docs.get("/")
def start() -> ResponseReturnValue:
    return redirect("/api/docs", 303)


@docs.get("/docs")
def show() -> ResponseReturnValue:
    """The page for people."""
    document = _document()
    shapes = {
        name: (schema.get("description", ""), fields(schema))
        for name, schema in document["components"]["schemas"].items()
    }
    return render_template(
        "api/docs.html",
        info=document["info"],
        operations=operations(document),
        shapes=shapes,
        base=installation().settings.base_url.rstrip("/"),
        written=written,
    )


@docs.get("/problems")
def problems() -> ResponseReturnValue:
    """Every type of problem."""
    return _problems(None)


@docs.get("/problems/<string:name>")
def problem(name: str) -> ResponseReturnValue:
    """The page that the ``type`` of a problem document names."""
    if name not in TYPES:
        raise NotFound(f"There is no type of problem {name[:60]!r}.")
    return _problems(TYPES[name])


def _problems(one: ProblemType | None) -> str:
    shown = [one] if one else list(TYPES.values())
    return render_template(
        "api/problems.html", one=one, types=shown, prefix=PREFIX, written=written
    )


@docs.get("/docs.css")
def style() -> ResponseReturnValue:
    text = resources.files("surveyapp.api").joinpath("templates/api/docs.css").read_text()
    return Response(text, mimetype="text/css")


def written(text: str) -> Markup:
    """A description's paragraphs and `words in backticks`; everything else is plain text."""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]
    marked = [re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(part))) for part in paragraphs]
    return Markup("".join(f"<p>{part}</p>" for part in marked))  # noqa: S704  escaped above


def _document() -> dict[str, Any]:
    api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    document: dict[str, Any] = api.document()
    return document


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI document, in its order."""
    found = []
    for path, methods in document["paths"].items():
        shared = methods.get("parameters", [])
        for method in ("get", "post"):
            if method in methods:
                found.append(_operation(path, method, methods[method], shared))
    return found


def _operation(
    path: str, method: str, operation: Mapping[str, Any], shared: list[Mapping[str, Any]]
) -> Operation:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answers = operation["responses"]
    status = next(each for each in answers if each.startswith("2"))
    answer = next(iter(answers[status]["content"].values()))
    return Operation(
        method=method.upper(),
        path=path,
        title=operation.get("summary", ""),
        text=operation.get("description", ""),
        scope=operation.get("x-scope", ""),
        parameters=tuple(
            Field(
                each["name"],
                *_kind(each["schema"]),
                bool(each.get("required")),
                each.get("description", ""),
            )
            for each in [*shared, *operation.get("parameters", [])]
        ),
        body=_kind(body.get("schema", {}))[1],
        status=status,
        answer=_kind(answer["schema"])[1],
        operation_id=operation.get("operationId", ""),
        sent=_example(body),
        answered=_example(answer),
        problems=tuple(sorted(each for each in answers if each.isdigit() and each > "299")),
    )


def _example(media: Mapping[str, Any]) -> str:
    return json.dumps(media["example"], indent=2) if "example" in media else ""


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a shape in an OpenAPI document."""
    required = set(schema.get("required", ()))
    return tuple(
        Field(name, *_kind(field), name in required, field.get("description", ""))
        for name, field in schema.get("properties", {}).items()
    )


def _kind(schema: Mapping[str, Any]) -> tuple[str, str]:
    """What a value is in words, and the name of the shape that it is or holds."""
    if "$ref" in schema:
        return "", str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "")
    kinds = [kind] if isinstance(kind, str) else list(kind)
    if "array" in kinds:
        inner, shape = _kind(schema["items"])
        return f"list of {inner}".rstrip() if inner else "list of", shape
    words = [schema.get("format", "") or each if each == "string" else each for each in kinds]
    if "enum" in schema:
        return " or ".join(str(each) or "empty" for each in schema["enum"]), ""
    return " or ".join(words), ""
