"""A pilot analysed: items, EFA on one random half, CFA on the other, and a short form. In the worker.

What an analysis refuses stands in the result with its reason; the others are done all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from analysis.errors import AnalysisError
from analysis.json_values import to_json
from analysis.metrics import critical_z
from analysis.moments import moments
from analysis.rules import RULES
from analysis.scale.cfa import Cfa, fit_cfa
from analysis.scale.describe import describe_items
from analysis.scale.efa import adequacy, efa
from analysis.scale.factor_count import (
    count_evidence,
    minimum_average_partial,
    parallel_analysis,
)
from analysis.scale.keying import opposed_items
from analysis.scale.reliability import cronbach_alpha
from analysis.scale.reliability_intervals import factor_reliability
from analysis.scale.short_form import choose_short_form, omega_total, overlap
from analysis.threads import one_blas_thread
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import PilotPayload
from surveyapp.jobs.running import Progress
from surveyapp.results.projects.answers import project_answers
from surveyapp.scale_development.pilots import (
    PilotOptions,
    answer_range,
    answers_of,
    survey_variables,
)
from surveyapp.scale_development.queries import items_of
from surveyapp.store.models import ScaleDevelopment, ScalePilot

PILOT = "scale-pilot/1"
_DRAWS = 200  # of the parallel analysis
_FIT = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "srmr")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Answers:
    """A pilot's answers, in one direction, and the items of each dimension that has answers."""

    data: pd.DataFrame
    model: Mapping[str, tuple[str, ...]]
    absent: tuple[str, ...]
    ends: tuple[int, int]


def run_pilot_analysis(
    installation: Installation, asked: PilotPayload, *, progress: Progress
) -> dict[str, Any]:
    """Analyse a pilot and store the result. Raises NotFound, and Conflict for too few respondents."""
    progress(0, "Reading answers")
    with installation.store.reading() as session:
        pilot = session.get(ScalePilot, asked.pilot_id)
        if pilot is None:
            raise NotFound("This pilot has been removed.")
        scale = session.get_one(ScaleDevelopment, pilot.scale_id)
        answers = _answers(session, installation, scale, pilot)
        options = PilotOptions(**pilot.options)
    progress(30, "Analysing the items")
    with one_blas_thread():
        document = analysed(answers, options)
    progress(95, "Storing the result")
    with installation.store.writing() as session:
        row = session.get_one(ScalePilot, asked.pilot_id)
        row.result = dict(to_json(document))
    return {"pilot_id": asked.pilot_id, "n": document["n"]}


def analysed(answers: Answers, options: PilotOptions) -> dict[str, Any]:
    """Everything that a pilot shows; ``refused`` says by analysis what could not be done, and why."""
    refused: dict[str, str] = {}

    def tried(name: str, work: Callable[[], Found]) -> Found | None:
        try:
            return work()
        except AnalysisError as error:
            refused[name] = str(error)
            return None

    data, model = answers.data, answers.model
    first, second = halves(data, options.seed)
    names = [item for items in model.values() for item in items]
    confirmed = tried("cfa", lambda: _proper(fit_cfa(second, model)))
    explored = tried("efa", lambda: _explored(first, names, len(model), options.seed))
    scales = dict.fromkeys(names, answers.ends)
    document: dict[str, Any] = {
        "format": PILOT,
        "rules_version": RULES,
        "n": len(data),
        "complete": int(data[names].notna().all(axis=1).sum()),
        "absent": list(answers.absent),
        "seed": options.seed,
        "halves": [len(first), len(second)],
        "model": {name: list(items) for name, items in model.items()},
        "items": [
            {key: value for key, value in vars(each).items() if key != "histogram"}
            for each in describe_items(data, names, scales=scales)
        ],
        "reliability": [
            found
            for name, items in model.items()
            if (found := tried(f"alpha {name}", lambda a=items, b=name: _alpha(data, b, a)))  # type: ignore[misc]
        ],
        "opposed": _opposed(data, model),
        "efa": explored,
        "cfa": _confirmed(confirmed) if confirmed else None,
    }
    document["short_form"] = None
    if options.size:
        document["short_form"] = tried(
            "short_form", lambda: _shortened(first, second, model, options)
        )
    return {**document, "refused": refused}


def halves(data: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows in two random halves, the same for the same seed; an odd one is in the second."""
    order = np.random.default_rng(seed).permutation(len(data))
    middle = len(data) // 2
    return data.iloc[np.sort(order[:middle])], data.iloc[np.sort(order[middle:])]


def _answers(
    session: Session, installation: Installation, scale: ScaleDevelopment, pilot: ScalePilot
) -> Answers:
    low, high = answer_range(scale)
    minimum = installation.settings.minimum_cell
    if pilot.survey_id is not None:
        known = survey_variables(session, scale, pilot.survey_id, installation.library)
        asked = answers_of(scale, pilot.survey_id)
        frame = project_answers(session, asked, known, minimum_cell=minimum).data
        ends = {code: known.items[column].scale for code, column in pilot.columns.items()}
    else:
        frame = pd.DataFrame(pilot.uploaded or {}, dtype=float)
        ends = dict.fromkeys(pilot.columns, (float(low), float(high)))
    data = pd.DataFrame({code: frame[column] for code, column in pilot.columns.items()})
    data = data.dropna(how="all").reset_index(drop=True)
    if len(data) < minimum:
        raise Conflict(
            f"This pilot has fewer than {minimum} respondents, too few to show; come back when there"
            " are more."
        )
    items = items_of(session, scale.id)
    model: dict[str, tuple[str, ...]] = {}
    for item in items:
        if item.code not in data.columns:
            continue
        least, most = ends[item.code]
        column = data[item.code]
        if column.min() < least or column.max() > most:
            raise Invalid(
                f"{item.code} has answers from {column.min():g} to {column.max():g}; the answer scale"
                f" goes from {least:g} to {most:g}. Make a new pilot of corrected answers, or give the scale"
                " the answer scale that was used and analyse again."
            )
        if item.reverse:
            data[item.code] = least + most - column
        model[item.construct.code] = (*model.get(item.construct.code, ()), item.code)
    absent = [x.code for x in items if x.code not in data.columns and x.state != "dropped"]
    return Answers(data, model, tuple(absent), (low, high))


def _opposed(data: pd.DataFrame, model: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Items that run against the others of their dimension; none where that cannot be told."""
    found: list[dict[str, Any]] = []
    for name, items in model.items():
        try:
            opposed = opposed_items(moments(data, items), {name: items})
        except AnalysisError:
            continue  # the dimension's alpha is refused with the reason
        found += [
            {"dimension": name, "item": each.item, "r": each.item_rest_correlation}
            for each in opposed
        ]
    return found


def _alpha(data: pd.DataFrame, name: str, items: tuple[str, ...]) -> dict[str, Any]:
    found = cronbach_alpha(data, items)
    return {
        "dimension": name,
        "n": found.n,
        "alpha": vars(found.alpha),
        "items": [vars(each) for each in found.items],
    }


def _explored(data: pd.DataFrame, names: list[str], dimensions: int, seed: int) -> dict[str, Any]:
    """An EFA with as many factors as the scale has dimensions, and how many the data suggest."""
    parallel = parallel_analysis(data, names, draws=_DRAWS, seed=seed)
    partials = minimum_average_partial(data, names)
    suited = adequacy(data, names)
    found = efa(data, dimensions, names)
    return {
        "n": found.n,
        "dropped": found.dropped,
        "factors": dimensions,
        "suggested": count_evidence(
            parallel.components.suggested, parallel.factors.suggested, partials.suggested
        ),
        "kmo": suited.kmo,
        "bartlett": {"chisq": suited.chisq, "df": suited.df, "pvalue": suited.pvalue},
        "method": f"{found.method}, {found.rotation}",
        "items": list(found.items),
        "loadings": found.loadings,
        "communalities": found.communalities,
        "phi": found.phi,
        "variance": found.variance,
        "warnings": list(found.warnings),
    }


def _proper(fit: Cfa) -> Cfa:
    if not fit.converged:
        raise AnalysisError("the confirmatory model did not converge")
    return fit


def _confirmed(fit: Cfa) -> dict[str, Any]:
    z = critical_z(0.95)
    reliability = {}
    for name in fit.model:
        try:
            found = factor_reliability(fit.sem, name) if fit.sem else None
        except AnalysisError:
            found = None
        reliability[name] = vars(found.omega) if found else None
    return {
        "n": fit.n,
        "estimator": fit.estimator,
        "fit": {name: fit.fit.get(name) for name in _FIT},
        "loadings": [
            {
                "factor": each.factor,
                "item": each.item,
                "loading": each.std_all,
                "low": each.std_all - z * each.std_se,
                "high": each.std_all + z * each.std_se,
            }
            for each in fit.loadings
        ],
        "correlations": [vars(each) for each in fit.correlations],
        "omega": reliability,
        "warnings": list(fit.warnings),
        "inadmissible": list(fit.inadmissible),
    }


def _shortened(
    first: pd.DataFrame,
    second: pd.DataFrame,
    model: Mapping[str, tuple[str, ...]],
    options: PilotOptions,
) -> dict[str, Any]:
    """A short form chosen in the first half; what it loses is seen in the second."""
    chosen = choose_short_form(
        _proper(fit_cfa(first, model)), size=options.size, least=options.least
    )
    whole = _proper(fit_cfa(second, model))
    part = {
        name: kept
        for name, items in model.items()
        if (kept := tuple(item for item in items if item in chosen.items))
    }
    full = [item for items in model.values() for item in items]
    reliability = omega_total(whole, chosen.items)
    shared = overlap(second, chosen.items, full, reliability=reliability)
    by_dimension = {}
    for name, items in model.items():
        kept = part.get(name, ())
        omegas = [omega_total(whole, each) if len(each) > 1 else None for each in (items, kept)]
        by_dimension[name] = {
            "kept": list(kept),
            "left_out": [item for item in items if item not in kept],
            "omega_full": omegas[0],
            "omega_short": omegas[1],
        }
    said = ""
    try:
        short_fit = _proper(fit_cfa(second, part)).fit
        fit = {name: short_fit.get(name) for name in _FIT}
    except AnalysisError as error:
        fit, said = {}, str(error)
    return {
        "items": list(chosen.items),
        "method": chosen.method,
        "tried": chosen.tried,
        "size": options.size,
        "least": options.least,
        "n_chosen": len(first),
        "n_checked": shared.n,
        "omega_short": reliability,
        "omega_full": omega_total(whole, full),
        "raw": vars(shared.raw),
        "corrected": vars(shared.corrected),
        "dimensions": by_dimension,
        "fit_full": {name: whole.fit.get(name) for name in _FIT},
        "fit_short": fit,
        "fit_refused": said,
    }
