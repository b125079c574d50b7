"""What is done to a project's answers before models are fitted, one recorded step after the other."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from surveyapp.errors import Conflict
from surveyapp.results.project_step_kinds import StepKind, step_in_words
from surveyapp.results.project_variables import Variables

_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Taken:
    """A step that was taken: in words, and the rows before and after it."""

    text: str
    before: int
    after: int


def taken(
    data: pd.DataFrame, variables: Variables, steps: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[pd.DataFrame, list[Taken]]:
    """The answers after all steps, a new frame, and what each step did.

    data: one row a respondent, items as numbers (missing NaN), attributes as they are stored. steps:
    (kind, arguments) in their order. Raises Conflict for one whose item or attribute is not there
    (a survey can change after the step was written), naming it and the cure.
    """
    log: list[Taken] = []
    recoded: set[str] = set()
    for kind, arguments in steps:
        before = len(data)
        name = arguments.get("name")
        if name is not None and name not in data.columns:
            raise Conflict(
                f"{name} is no item or attribute of these answers any more; undo the step"
                f" “{step_in_words(kind, arguments)}”"
            )
        if kind == StepKind.RECODE:
            recoded.add(arguments["name"])
        elif kind == StepKind.REVERSE and name in recoded:
            raise Conflict(
                f"{name} was recoded, so the ends of its scale are not known; undo the step"
                f" “{step_in_words(kind, arguments)}” and recode it the other way round"
            )
        data = _STEPS[StepKind(kind)](data, variables, arguments)
        log.append(Taken(step_in_words(kind, arguments), before, len(data)))
    return data, log


def _without_item(data: pd.DataFrame, _known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    found: pd.DataFrame = data.drop(columns=asked["name"])
    return found


def _without_rows(data: pd.DataFrame, known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    column = data[asked["name"]]
    if asked["comparison"] == "missing":
        return _rows(data, column.notna())
    compare = _COMPARED[asked["comparison"]]
    if asked["name"] in known.items:
        hit = column.notna() & compare(column, float(asked["value"]))
        return _rows(data, ~hit)
    value = str(asked["value"])
    hits = [pd.notna(each) and _attribute_hit(compare, each, value) for each in column]
    return _rows(data, ~np.array(hits, dtype=bool))


def _attribute_hit(compare: Callable[[Any, Any], Any], stored: Any, value: str) -> bool:
    """Numbers by size, all else as texts, for which "less" and "more" are never true."""
    try:
        return bool(compare(float(stored), float(value)))
    except (TypeError, ValueError):
        return compare in (operator.eq, operator.ne) and bool(compare(str(stored), value))


def _reversed(data: pd.DataFrame, known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    lowest, highest = known.items[asked["name"]].scale
    return data.assign(**{asked["name"]: lowest + highest - data[asked["name"]]})


def _recoded(data: pd.DataFrame, _known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    new = {float(old): np.nan if to is None else float(to) for old, to in asked["values"].items()}
    column = data[asked["name"]]
    return data.assign(**{asked["name"]: column.map(new).where(column.isin(new), column)})


def _half(data: pd.DataFrame, _known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    """The same two halves for the same rows and seed; the first one is larger by one of an odd number."""
    order = np.random.default_rng(asked["seed"]).permutation(len(data))
    middle = (len(data) + 1) // 2
    chosen = order[:middle] if asked["half"] == 1 else order[middle:]
    return data.iloc[np.sort(chosen)]


def _answered(data: pd.DataFrame, known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    names = [name for name in known.items if name in data.columns]
    return _rows(data, data[names].notna().sum(axis=1) >= asked["least"])


def _rows(data: pd.DataFrame, kept: np.ndarray | pd.Series) -> pd.DataFrame:
    found: pd.DataFrame = data.loc[kept]
    return found


_STEPS: Mapping[StepKind, Callable[[pd.DataFrame, Variables, Mapping[str, Any]], pd.DataFrame]] = {
    StepKind.LEAVE_OUT_ITEM: _without_item,
    StepKind.LEAVE_OUT_ROWS: _without_rows,
    StepKind.REVERSE: _reversed,
    StepKind.RECODE: _recoded,
    StepKind.HALF: _half,
    StepKind.ANSWERED: _answered,
}
