"""Which of a project's fitted models are those that its plan names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Step = tuple[str, Mapping[str, Any]]  # kind, arguments


@dataclass(frozen=True)
class DoneAnalysis:
    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class DoneModel:
    """A model that has its result, removed ones too; ``n``: rows after its steps."""

    id: int
    name: str
    kind: str
    text: str
    options: Mapping[str, Any]
    steps: Sequence[Step]
    n: int
    fitted_on: date
    analyses: Sequence[DoneAnalysis] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    is_removed: bool = False

    @property
    def called(self) -> str:
        return f"“{self.name}”" + (" (removed)" if self.is_removed else "")


def planned_models(plan: Mapping[str, Any], done: Sequence[DoneModel]) -> list[list[DoneModel]]:
    """For each model of the plan those that were fitted of it, none where it has not been.

    A fitted model is a planned one when type, text (without comments and spaces) and options are the
    same, whatever its name; else when it bears its name, which is a departure.
    """
    same = [[each for each in done if _is_same(planned, each)] for planned in plan["models"]]
    as_planned = {each.id for models in same for each in models}
    taken: set[int] = set()
    found = []
    for planned, exact in zip(plan["models"], same, strict=True):
        models = [each for each in exact if each.id not in taken]
        if not models:
            models = [
                each
                for each in done
                if each.name.casefold() == planned["name"].casefold()
                and each.id not in taken | as_planned
            ]
        taken |= {each.id for each in models}
        found.append(models)
    return found


def _is_same(planned: Mapping[str, Any], model: DoneModel) -> bool:
    return (planned["kind"], lines_of(planned["text"]), planned["options"]) == (
        model.kind,
        lines_of(model.text),
        dict(model.options),
    )


def lines_of(text: str) -> tuple[str, ...]:
    """A model's lines without comments, spaces and empty lines."""
    lines = ("".join(line.partition("#")[0].split()) for line in text.splitlines())
    return tuple(line for line in lines if line)
