"""Tools that an assistant may call: one for each operation of the API that only reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from surveyapp.errors import Invalid

Json = Mapping[str, Any]


@dataclass(frozen=True)
class ReadingTool:
    """An operation without effects: its name, what it tells, and the arguments that it takes."""

    name: str
    title: str
    description: str
    path: str
    schema: Json

    def address(self, arguments: Mapping[str, object]) -> tuple[str, dict[str, str]]:
        """Path and query of a call with these arguments.

        Raises Invalid for an argument that is unknown or missing. Values are checked by the API,
        which answers with what is wrong about each.
        """
        known = self.schema["properties"]
        for name in arguments:
            if name not in known:
                listed = ", ".join(known) or "none"
                raise Invalid(f"{self.name} has no argument {name!r}; it takes: {listed}.")
        for name in self.schema["required"]:
            if arguments.get(name) in (None, ""):
                raise Invalid(f"{self.name} needs the argument {name!r}: {_told(known[name])}")
        given = {name: _text(value) for name, value in arguments.items() if value is not None}
        path = re.sub(r"{(\w+)}", lambda found: quote(given.pop(found[1]), safe=""), self.path)
        return path, given


def reading_tools(document: Json) -> tuple[ReadingTool, ...]:
    """Every operation of an OpenAPI document that reads and is not deprecated, in its order."""
    return tuple(
        _tool(path, operations["get"])
        for path, operations in document["paths"].items()
        if "get" in operations and not operations["get"].get("deprecated")
    )


def _tool(path: str, operation: Json) -> ReadingTool:
    parameters = [each for each in operation.get("parameters", ()) if not each.get("deprecated")]
    described = {each["name"]: _property(each) for each in parameters}
    # The document lists a parameter of the path with the path, not with the operation.
    for name in re.findall(r"{(\w+)}", path):
        described.setdefault(name, {"type": "string", "description": f"The {name} in {path}."})
    in_path = re.findall(r"{(\w+)}", path)
    return ReadingTool(
        name=operation["operationId"],
        title=operation["summary"],
        description=operation.get("description", operation["summary"]),
        path=path,
        schema={
            "type": "object",
            "properties": described,
            "required": in_path + [each["name"] for each in parameters if _is_required(each)],
            "additionalProperties": False,
        },
    )


def _property(parameter: Json) -> dict[str, Any]:
    told = parameter.get("description")
    return {**parameter["schema"], **({"description": told} if told else {})}


def _is_required(parameter: Json) -> bool:
    """A parameter with an old name beside it is optional to the document and says so in words."""
    if parameter["in"] == "path":
        return False  # listed already
    return bool(parameter.get("required")) or parameter.get("description", "").endswith("Required.")


def _told(described: Json) -> str:
    return str(described.get("description", described.get("type", "a value")))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
