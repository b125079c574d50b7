"""A parameter of a project's model over estimators, missing answers, and its steps that exclude rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from analysis.composite.estimator_families import families, headline, may_be_chosen, treatments
from analysis.covariance.headline import ESTIMATOR, MISSING, read_parameter
from analysis.errors import AnalysisError
from analysis.multiverse import Choices, Headline, Multiverse, Universe, multiverse
from surveyapp.errors import Conflict
from surveyapp.results.projects.options import SEED, ordinal_items, rotation_of
from surveyapp.results.projects.step_kinds import StepKind, step_in_words
from surveyapp.results.projects.steps import taken
from surveyapp.results.projects.variables import Variables
from surveyapp.store.models import ProjectModel

EXCLUSIONS = (StepKind.LEAVE_OUT_ROWS, StepKind.ANSWERED, StepKind.CARELESS)
MOST_EXCLUSIONS = 6
TAKEN, NOT_TAKEN = "taken", "not taken"
Step = tuple[str, Mapping[str, Any]]


def project_multiverse(
    data: pd.DataFrame,
    known: Variables,
    steps: Sequence[Step],
    model: ProjectModel,
    parameter: str,
    *,
    minimum_cell: int,
    progress: Callable[[int, str], None],
) -> dict[str, Any]:
    """Fit the model in every universe and say what each gave. data: the answers before all ``steps``.

    Steps that do not exclude rows are always taken. Raises Conflict for more than ``MOST_EXCLUSIONS``
    that do, and as ``taken``.
    """
    at_will = [at for at, (kind, _) in enumerate(steps) if kind in EXCLUSIONS]
    if len(at_will) > MOST_EXCLUSIONS:
        raise Conflict(
            f"{len(at_will)} steps leave out rows, and each doubles the fits; a multiverse takes"
            f" {MOST_EXCLUSIONS}. Fit the model with fewer of them."
        )
    names = {at: f"{at + 1}. {step_in_words(*steps[at])}" for at in at_will}
    wanted = read_parameter(parameter)
    estimators = families(model.text, wanted)
    kept: dict[frozenset[int], pd.DataFrame] = {}

    def rows(choices: Choices) -> pd.DataFrame:
        out = frozenset(at for at, name in names.items() if choices[name] == NOT_TAKEN)
        if out not in kept:
            chosen = [step for at, step in enumerate(steps) if at not in out]
            kept[out] = taken(data, known, chosen)[0]
        return kept[out]

    def fit(choices: Choices) -> Headline:
        after = rows(choices)
        if len(after) < minimum_cell:
            raise AnalysisError(f"fewer than {minimum_cell} respondents are left")
        ordered = ordinal_items(model.options) or None
        found = headline(
            after,
            model.text,
            wanted,
            choices,
            seed=SEED,
            ordered=ordered if choices[ESTIMATOR] == "WLSMV" else None,
            std_lv=model.options.get("std_lv", False),
            rotation=rotation_of(model.options),
        )
        if found.n < minimum_cell:
            raise AnalysisError(f"fewer than {minimum_cell} respondents answered")
        return found

    made = multiverse(
        {
            ESTIMATOR: estimators,
            MISSING: treatments(estimators),
            **dict.fromkeys(names.values(), (TAKEN, NOT_TAKEN)),
        },
        fit,
        possible=may_be_chosen,
        progress=lambda done, count: progress(
            30 + 60 * done // count, f"Fit {done + 1} of {count}"
        ),
    )
    return {
        "parameter": parameter,
        "dimensions": {name: list(each) for name, each in made.dimensions.items()},
        "impossible": made.impossible,
        "universes": [asdict(each) for each in made.universes],
    }


def stored_multiverse(result: Mapping[str, Any]) -> Multiverse:
    """The multiverse of a stored result."""
    universes = []
    for each in result["universes"]:
        values = each["headline"]
        ends = None if values is None else [_number(values[end]) for end in ("low", "high")]
        headline = (
            None
            if values is None or ends is None
            else Headline(values["estimate"], ends[0], ends[1], values["n"])
        )
        universes.append(Universe(each["choices"], headline, each["why"]))
    return Multiverse(_dimensions(result), universes, result["impossible"])


def _dimensions(result: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """In the order in which they were asked for, which a database does not keep of a document's keys."""
    stored = result["dimensions"]
    first = [name for name in (ESTIMATOR, MISSING) if name in stored]
    further = sorted(
        (name for name in stored if name not in first),
        key=lambda name: int(name.partition(".")[0]),
    )
    return {name: stored[name] for name in (*first, *further)}


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
