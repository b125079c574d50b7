"""The reference of the API, from the OpenAPI document that it serves."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from docs.generated.markdown import definitions, plain
from surveyapp.api.application import PREFIX, create_api
from surveyapp.api.docs import Field, Operation, fields, operations
from surveyapp.installation import open_installation
from surveyapp.problem_types import TYPES, ProblemType
from surveyapp.settings import read


def document() -> Mapping[str, Any]:
    """The OpenAPI document of an installation that has no other settings than its own."""
    with tempfile.TemporaryDirectory() as home:
        installation = open_installation(read({}, home=Path(home)))
        try:
            api = create_api(installation, failed=lambda error: None)
            found: Mapping[str, Any] = json.loads(
                api.test_client().get(f"{PREFIX}/v1/openapi.json").text
            )
        finally:
            installation.close()
    return found


def api_reference() -> str:
    """Every operation, then every shape that is sent or comes back, then every type of problem."""
    described = document()
    parts = ["## Operations", *(_operation(each) for each in operations(described)), "## Shapes"]
    for name, schema in described["components"]["schemas"].items():
        parts += [f"### {name}", plain(schema.get("description", "")), _fields(fields(schema))]
    parts += ["## Problems", *(_problem(each) for each in TYPES.values())]
    return "\n\n".join(part for part in parts if part)


def _problem(problem: ProblemType) -> str:
    return "\n\n".join(
        (f"### {problem.name}", f"{problem.status} {problem.title}.", problem.meaning, problem.cure)
    )


def _operation(operation: Operation) -> str:
    sent = f"Send {_shape(operation.body)}. " if operation.body else ""
    return "\n\n".join(
        part
        for part in (
            f"### {operation.title}",
            f"`{operation.method} {operation.path}`, `{operation.operation_id}`, for a key with the scope"
            f" “{operation.scope}”.",
            plain(operation.text),
            _fields(operation.parameters),
            f"{sent}The answer is {operation.status} with {_answer(operation)}, or a"
            f" [problem](#problems): {', '.join(operation.problems)}.",
            f"```json\n{operation.sent}\n```" if operation.sent else "",
            f"```json\n{operation.answered}\n```" if operation.answered else "",
        )
        if part
    )


def _fields(found: Iterable[Field]) -> str:
    return definitions((f"`{each.name}`, {_kind(each)}", each.text) for each in found)


def _kind(field: Field) -> str:
    kind = " ".join(part for part in (field.kind, _shape(field.shape)) if part)
    return f"{kind}, required" if field.required else kind


def _answer(operation: Operation) -> str:
    return _shape(operation.answer) if operation.answer else "a file"


def _shape(name: str) -> str:
    return f"[{name}](#{name.lower()})" if name else ""
