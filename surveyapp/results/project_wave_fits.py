"""A project's measurement model over waves of the same customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.covariance.attrition import attrition
from analysis.covariance.longitudinal import LEAST, longitudinal
from analysis.covariance.waves import from_long
from surveyapp.errors import Conflict
from surveyapp.results.model_texts import observed_names
from surveyapp.results.project_steps import DAY, RUN
from surveyapp.store.models import JourneyRun, ProjectModel

MOST = 4  # waves: each makes the model larger by all of its items
_CUSTOMER, _WAVE = "customer", "wave"
_PERIODS: Mapping[str, Callable[[date], str]] = {
    "month": lambda day: f"{day:%Y-%m}",
    "quarter": lambda day: f"{day.year}-Q{(day.month + 2) // 3}",
    "half": lambda day: f"{day.year}-H{(day.month + 5) // 6}",
    "year": lambda day: f"{day.year}",
}


def run_customers(session: Session, journey_id: int) -> dict[int, str]:
    """The customer's pseudonym of every run of a journey."""
    query = select(JourneyRun.id, JourneyRun.customer_ref).where(
        JourneyRun.journey_id == journey_id
    )
    return {row.id: row.customer_ref for row in session.execute(query)}


def fit_waves(
    data: pd.DataFrame, model: ProjectModel, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The ladder over waves with the changes of latent means, and how those who missed a wave began.

    A wave is the period of the day of the answer; of a customer's answers in one period the last counts. Raises
    Conflict where the answers belong to no customers, too few answered twice, or items are ordinal; else
    as ``longitudinal``.
    """
    if model.options["estimator"] == "WLSMV":
        raise Conflict(
            "Ordinal items are compared over waves by the command `surveyapp longitudinal --estimator WLSMV`"
            " alone; fit this model by MLR first."
        )
    items = list(observed_names(model.kind, model.text))
    rows, said = _rows(data, items, options)
    waves = from_long(rows, items, person=_CUSTOMER, wave=_WAVE)
    found = longitudinal(
        waves,
        model.text,
        estimator=model.options["estimator"],
        missing=model.options["missing"],
    )
    minimum = options["minimum_cell"]
    left = [
        vars(each)
        for each in attrition(waves, model.text)
        if min(each.stayed, each.missed) >= minimum
    ]
    result = found.to_json()
    return {
        **result,
        "group": "wave",
        "groups": list(found.waves),
        "period": options["wave"],
        "estimator": model.options["estimator"],
        "attrition": left,
        "warnings": [*result["warnings"], *said],
    }


def _rows(
    data: pd.DataFrame, items: list[str], options: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    """One row a customer and wave, and what is said of the rows left out."""
    customers: Mapping[int, str] = options["customers"]
    period = _PERIODS[options["wave"]]
    known = pd.DataFrame(data[items])
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
    least = max(LEAST, options["minimum_cell"])
    counts = rows[_CUSTOMER].map(rows[_CUSTOMER].value_counts())
    sizes = rows.loc[counts > 1, _WAVE].value_counts()
    large = sorted(wave for wave in sizes.index if sizes[wave] >= least)
    if len(large) < 2:
        raise Conflict(
            f"Fewer than {least} customers answered in two waves ({options['wave']}); choose another length"
            " of a wave, or compare different customers by measurement invariance of an attribute."
        )
    taken = large[-MOST:]
    kept = rows[rows[_WAVE].isin(taken)]
    said = [
        text
        for count, text in (
            (int((~answered).sum()), "without a customer or any answer"),
            (len(of_customers) - len(rows), "followed by another of the same customer and wave"),
            (len(rows) - len(kept), f"of waves other than {', '.join(taken)}"),
        )
        if count
        for text in [f"{count:,} {'row was' if count == 1 else 'rows were'} left out: {text}"]
    ]
    return kept.reset_index(drop=True), said
