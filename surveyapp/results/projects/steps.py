"""What is done to a project's answers before models are fitted, one recorded step after the other."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.scale.careless import careless
from surveyapp.errors import Conflict
from surveyapp.results.projects.step_kinds import StepKind, step_in_words
from surveyapp.results.projects.variables import Variables

_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


DAY = "day of the answer"  # a column beside items and attributes, which no model can name
RUN = "journey run of the answer"  # another; None of a response that belongs to no run
RESPONSE = "number of the response"  # another; None of a row that several responses make
_FEWEST = 6  # items of a questionnaire that careless answers can be seen by
_MOST_POINTS = 11  # of a scale on which runs of the same answer mean something


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
    for number, (kind, arguments) in enumerate(steps):
        before = len(data)
        name = arguments.get("name")
        if name is not None and name not in data.columns:
            raise Conflict(
                f"{name} is no item or attribute of these answers any more; undo the step"
                f" “{step_in_words(kind, arguments)}”"
            )
        ends = scales_after(variables, steps[:number])
        if kind == StepKind.REVERSE and name not in ends:
            raise Conflict(
                f"{name} was recoded, so the ends of its scale are not known; undo the step"
                f" “{step_in_words(kind, arguments)}”, and set its scale first or recode it the other"
                " way round"
            )
        data = _STEPS[StepKind(kind)](data, scaled(variables, ends), arguments)
        log.append(Taken(step_in_words(kind, arguments), before, len(data)))
    return data, log


def scales_after(
    variables: Variables, steps: Sequence[tuple[str, Mapping[str, Any]]]
) -> dict[str, tuple[float, float]]:
    """The ends of each item's scale after these steps; none of an item that was recoded since they were
    set."""
    found = {name: item.scale for name, item in variables.items.items()}
    for kind, arguments in steps:
        if kind == StepKind.RECODE:
            found.pop(arguments["name"], None)
        elif kind == StepKind.SCALE:
            lowest, highest = arguments["scale"]
            found |= dict.fromkeys(arguments["names"], (lowest, highest))
    return found


def careless_rows(data: pd.DataFrame, variables: Variables) -> dict[str, pd.Series]:
    """For each questionnaire of enough items on scales of points: which of the rows that answered any
    of it look careless. A file's items are taken as one questionnaire, under an empty name."""
    found = {}
    names = [name for name, item in variables.items.items()
             if name in data.columns and item.scale[1] - item.scale[0] < _MOST_POINTS]  # fmt: skip
    for instrument in dict.fromkeys(variables.items[name].instrument for name in names):
        own = [name for name in names if variables.items[name].instrument == instrument]
        rows = data[own].dropna(how="all")
        if len(own) >= _FEWEST and not rows.empty:
            found[instrument] = pd.Series(careless(rows, own).flagged, index=rows.index)
    return found


def scaled(variables: Variables, ends: Mapping[str, tuple[float, float]]) -> Variables:
    """The variables with these ends of scales; an item that has none keeps its own."""
    items = {
        name: replace(item, scale=ends.get(name, item.scale))
        for name, item in variables.items.items()
    }
    return replace(variables, items=items)


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


def _of_group(data: pd.DataFrame, _known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    hits = [
        pd.notna(each) and _attribute_hit(operator.eq, each, asked["value"])
        for each in data[asked["name"]]
    ]
    return _rows(data, np.array(hits, dtype=bool))


def _of_period(data: pd.DataFrame, _known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    days = data[DAY]
    since, until = asked["since"] or min(days, default=""), asked["until"] or max(days, default="")
    return _rows(data, days.between(since, until))


def _not_careless(data: pd.DataFrame, known: Variables, _asked: Mapping[str, Any]) -> pd.DataFrame:
    found = careless_rows(data, known)
    if not found:
        raise Conflict(
            f"Careless answers can be seen by {_FEWEST} items of a questionnaire or more, and no"
            " questionnaire here has as many; undo the step"
        )
    flagged = {row for each in found.values() for row in each.index[each]}
    return _rows(data, np.array([row not in flagged for row in data.index], dtype=bool))


def _scaled(data: pd.DataFrame, _known: Variables, asked: Mapping[str, Any]) -> pd.DataFrame:
    lowest, highest = asked["scale"]
    for name in asked["names"]:
        if name not in data.columns:
            raise Conflict(f"{name} is no item of these answers any more; undo the step")
        outside = int(((data[name] < lowest) | (data[name] > highest)).sum())
        if outside:
            raise Conflict(
                f"{outside:,} {'answer' if outside == 1 else 'answers'} to {name} "
                f"{'lies' if outside == 1 else 'lie'} outside {lowest:g} to {highest:g}; undo the"
                " step, recode them to missing, and set the scale again"
            )
    return data


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
    StepKind.GROUP: _of_group,
    StepKind.PERIOD: _of_period,
    StepKind.CARELESS: _not_careless,
    StepKind.SCALE: _scaled,
}
