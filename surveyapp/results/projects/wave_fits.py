"""A project's measurement model over waves of the same customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.covariance.measurement_invariance.attrition import attrition
from analysis.covariance.measurement_invariance.longitudinal import LEAST, longitudinal
from analysis.covariance.measurement_invariance.mixed_longitudinal import mixed_longitudinal
from analysis.covariance.measurement_invariance.wave_script import ordinal_wave_script, wave_script
from analysis.covariance.measurement_invariance.waves import (
    Waves,
    from_columns,
    from_long,
    ordered_labels,
    wave_label,
)
from surveyapp.errors import Conflict
from surveyapp.results.projects.analysis_options import WIDE
from surveyapp.results.projects.model_texts import observed_names
from surveyapp.results.projects.options import drawn_by, drawn_columns, ordinal_items
from surveyapp.results.projects.steps import DAY, RUN
from surveyapp.results.projects.wave_columns import WaveColumns, wave_columns
from surveyapp.store.models import JourneyRun, ProjectModel

_AT_ONCE = 500  # runs of a query
MOST = 4  # waves: each makes the model larger by all of its items
# Beside columns that models can name.
_CUSTOMER, _WAVE = "customer of the row", "wave of the row"
_PERIODS: Mapping[str, Callable[[date], str]] = {
    "month": lambda day: f"{day:%Y-%m}",
    "quarter": lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    "half": lambda day: f"{day.year}-H{(day.month + 5) // 6}",
    "year": lambda day: f"{day.year}",
}


def run_customers(session: Session, runs: Iterable[int | None]) -> dict[int, str]:
    """The customer's pseudonym of each of these journey runs; None stands for a row without one."""
    numbers = sorted({int(run) for run in runs if run is not None})
    found: dict[int, str] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        some = JourneyRun.id.in_(numbers[start : start + _AT_ONCE])
        query = select(JourneyRun.id, JourneyRun.customer_ref).where(some)
        found |= {row.id: row.customer_ref for row in session.execute(query)}
    return found


@dataclass(frozen=True)
class _Panel:
    """The waves, the model of one of them, its ordinal items, what is said of rows left out, and by which
    columns a file tells customers and waves apart.
    """

    waves: Waves
    text: str
    ordered: tuple[str, ...]
    said: list[str]
    columns: Mapping[str, str]


def fit_waves(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The ladder over waves with the changes of latent means, and how those who missed a wave began.

    A wave is the period of the day of the answer; of a customer's answers in one period the last counts. Of
    a file it is the value of a column, or what columns end in (``WIDE``). Ordinal items have steps of their
    own. Raises Conflict where the answers belong to no customers, too few answered twice, or a customer has
    two rows, weights or clusters; else as ``longitudinal`` and ``mixed_longitudinal``.
    """
    chosen = model.options
    items = list(observed_names(model.kind, model.text))
    if options["wave"] == WIDE:
        panel = _of_columns(data, items, model, options)
    else:
        panel = _of_rows(data, items, model, options)
    waves, drawn = panel.waves, drawn_by(chosen)
    if chosen["estimator"] == "WLSMV":
        ordinal: dict[str, Any] = {
            "ordered": panel.ordered or waves.items,
            "missing": chosen["missing"],
            **drawn,
        }
        by_steps = mixed_longitudinal(waves, panel.text, **ordinal)
        result = by_steps.to_json()
        script = ordinal_wave_script(by_steps, waves, panel.text, **ordinal, **panel.columns)
    else:
        found = longitudinal(
            waves,
            panel.text,
            estimator=chosen["estimator"],
            missing=chosen["missing"],
            **drawn,
        )
        result = found.to_json()
        script = wave_script(found, waves.items, **panel.columns)
    minimum = options["minimum_cell"]
    left = [
        vars(each)
        for each in attrition(waves, panel.text)
        if min(each.stayed, each.missed) >= minimum
    ]
    return {
        **result,
        "group": "wave",
        "groups": list(waves.labels),
        "period": options["wave"],
        "estimator": chosen["estimator"],
        "attrition": left,
        "r_script": script,
        "warnings": [*result["warnings"], *panel.said],
    }


def _of_rows(
    data: pd.DataFrame, items: list[str], model: ProjectModel, options: Mapping[str, Any]
) -> _Panel:
    """The waves of answers, or of a file with a row for each customer and wave."""
    drawn = drawn_columns(model.options)
    from_file = options["customers"] is None
    labelled = _labelled_file if from_file else _labelled_answers
    rows, columns, said = labelled(data, list(dict.fromkeys([*items, *drawn])), items, options)
    least = max(LEAST, options["minimum_cell"])
    counts = rows[_CUSTOMER].map(rows[_CUSTOMER].value_counts())
    sizes = rows.loc[counts > 1, _WAVE].value_counts()
    large = [wave for wave in ordered_labels(sizes.index) if sizes[wave] >= least]
    if len(large) < 2:
        other = "another column" if from_file else "another length of a wave"
        raise Conflict(
            f"Fewer than {least} customers answered in two waves ({options['wave']}); choose {other}, or"
            " compare different customers by measurement invariance of an attribute."
        )
    taken = large[-MOST:]
    kept = rows[rows[_WAVE].isin(taken)].reset_index(drop=True)
    said += _left_out(len(rows) - len(kept), f"of waves other than {', '.join(taken)}")
    for name in drawn:
        several = kept.groupby(_CUSTOMER)[name].nunique() > 1
        if several.any():
            raise Conflict(
                f"{int(several.sum()):,} customers have different values of {name} in different waves; over"
                " waves a weight or a cluster is that of the customer: fit the model without it."
            )
    waves = from_long(kept, items, person=_CUSTOMER, wave=_WAVE, waves=taken, keep=drawn)
    return _Panel(waves, model.text, ordinal_items(model.options), said, columns)


_Labelled = tuple[pd.DataFrame, Mapping[str, str], list[str]]


def _labelled_answers(
    data: pd.DataFrame, names: list[str], items: list[str], options: Mapping[str, Any]
) -> _Labelled:
    """One row a customer and period of the day of the answer, by which columns, and what is said of others."""
    customers: Mapping[int, str] = options["customers"]
    period = _PERIODS[options["wave"]]
    known = pd.DataFrame(data[names])
    known[_CUSTOMER] = [None if run is None else customers.get(run) for run in data[RUN]]
    known[_WAVE] = [period(date.fromisoformat(day)) for day in data[DAY]]
    known[DAY] = data[DAY]
    answered = known[items].notna().any(axis=1) & known[_CUSTOMER].notna()
    if not answered.any():
        raise Conflict(
            "These answers belong to no customers, so that nobody can have answered twice: the survey is"
            " anonymous, or its links are open. Personal links tell who answered."
        )
    of_customers = known[answered].sort_values(DAY, kind="stable")
    rows = of_customers.drop_duplicates([_CUSTOMER, _WAVE], keep="last")
    said = [
        *_left_out(int((~answered).sum()), "without a customer or any answer"),
        *_left_out(
            len(of_customers) - len(rows), "followed by another of the same customer and wave"
        ),
    ]
    return rows, {"person": "customer", "wave": "wave"}, said


def _labelled_file(
    data: pd.DataFrame, names: list[str], items: list[str], options: Mapping[str, Any]
) -> _Labelled:
    """As ``_labelled_answers``, of a file whose columns tell customers and waves."""
    person, wave = options["person"], options["wave"]
    for name in (person, wave):
        if name not in data.columns:
            raise Conflict(
                f"{name} is no column of these answers any more; undo the step that left it out."
            )
    known = pd.DataFrame(data[names])
    known[_CUSTOMER] = data[person]
    known[_WAVE] = [None if pd.isna(value) else wave_label(value) for value in data[wave]]
    answered = known[items].notna().any(axis=1) & known[[_CUSTOMER, _WAVE]].notna().all(axis=1)
    rows = known[answered]
    twice = rows[rows.duplicated([_CUSTOMER, _WAVE], keep=False)]
    if len(twice):
        count = len(twice[[_CUSTOMER, _WAVE]].drop_duplicates())
        raise Conflict(
            f"{count:,} times a respondent ({person}) has several rows in one wave ({wave}); keep one of them by a"
            " step or in the file, or choose another column of waves."
        )
    said = _left_out(int((~answered).sum()), f"without {person}, {wave} or any answer")
    return rows, {"person": person, "wave": wave}, said


def _of_columns(
    data: pd.DataFrame, items: list[str], model: ProjectModel, options: Mapping[str, Any]
) -> _Panel:
    """The waves of a file with a row for each customer, whose columns end in the wave."""
    found = wave_columns(items, [str(name) for name in data.columns])
    if found is None:
        raise Conflict(
            "The columns of the other waves are not there any more; undo the step that left one out."
        )
    drawn = drawn_columns(model.options)
    waves = from_columns(data, found.items, _large_waves(data, found, options), keep=drawn)
    ordered = tuple(found.base(name) for name in ordinal_items(model.options) if name in items)
    said = _left_out(len(data) - len(waves.frame), "without any answer")
    # Its own warning says the same of rows.
    waves = replace(waves, warnings=())
    return _Panel(waves, found.in_text(model.text), ordered, said, {})


def _large_waves(
    data: pd.DataFrame, found: WaveColumns, options: Mapping[str, Any]
) -> tuple[str, ...]:
    """The last waves in which enough customers answered who did so twice. Raises Conflict for fewer than two."""
    least = max(LEAST, options["minimum_cell"])
    answered = pd.DataFrame(
        {
            wave: data[[f"{item}_{wave}" for item in found.items]].notna().any(axis=1)
            for wave in found.waves
        }
    )
    sizes = answered[answered.sum(axis=1) > 1].sum()
    large = [wave for wave in found.waves if sizes[wave] >= least]
    if len(large) < 2:
        raise Conflict(
            f"Fewer than {least} customers answered in two waves ({', '.join(found.waves)})."
        )
    return tuple(large[-MOST:])


def _left_out(count: int, why: str) -> list[str]:
    if not count:
        return []
    return [f"{count:,} {'row was' if count == 1 else 'rows were'} left out: {why}"]
