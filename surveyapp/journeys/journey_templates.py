"""Templates of journeys: stages and touchpoints to begin with, and what could be asked at each."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from surveyapp.errors import Invalid

_FILES = files("surveyapp.journeys").joinpath("template_files")


@dataclass(frozen=True)
class TemplateTouchpoint:
    """A touchpoint as a template draws it; ``ask`` are the codes of suggested questionnaires."""

    name: str
    channel: str = ""
    ownership: str = "provider"
    moment_of_truth: bool = False
    backstage: str = ""
    ask: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateStage:
    """A stage with its touchpoints, in the order in which a customer meets them."""

    name: str
    goal: str
    touchpoints: tuple[TemplateTouchpoint, ...]


@dataclass(frozen=True)
class JourneyTemplate:
    """A journey to begin with; ``end`` are the questionnaires suggested for its end.

    ``sector`` is the code of the sector whose questionnaires fit, empty for none.
    """

    code: str
    name: str
    summary: str
    goal: str
    sector: str
    end: tuple[str, ...]
    stages: tuple[TemplateStage, ...]

    @property
    def touchpoints(self) -> Iterator[TemplateTouchpoint]:
        """Every touchpoint, stage by stage."""
        return (point for stage in self.stages for point in stage.touchpoints)


@cache
def journey_templates() -> Mapping[str, JourneyTemplate]:
    """Every template by its code, in the order of their names."""
    found = [
        _read(file.name.removesuffix(".toml"), tomllib.loads(file.read_text(encoding="utf-8")))
        for file in _FILES.iterdir()
        if file.name.endswith(".toml")
    ]
    return {each.code: each for each in sorted(found, key=lambda each: each.name)}


def journey_template(code: str) -> JourneyTemplate | None:
    """The template of this code; None for an empty one. Raises Invalid for one that is unknown."""
    known = journey_templates()
    if code and code not in known:
        raise Invalid(
            f"{code[:30]!r} is no template of a journey; use {', '.join(known)}.", field="template"
        )
    return known.get(code)


def _read(code: str, table: Mapping[str, Any]) -> JourneyTemplate:
    return JourneyTemplate(
        code=code,
        name=table["name"],
        summary=table["summary"],
        goal=table["goal"],
        sector=table.get("sector", ""),
        end=tuple(table["end"]),
        stages=tuple(
            TemplateStage(
                stage["name"],
                stage["goal"],
                tuple(
                    TemplateTouchpoint(**{**point, "ask": tuple(point.get("ask", ()))})
                    for point in stage["touchpoints"]
                ),
            )
            for stage in table["stages"]
        ),
    )
