"""What became of customers by what they had answered: computed in the worker, and stored.

All customers, all time, one closed set of figures: no filter, so that no two results can be subtracted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.cox import CoxFit, cox
from analysis.errors import AnalysisError
from analysis.outcome_bands import OutcomeByBand, mean_by_band, rate_by_band
from analysis.outcome_prediction import predict_outcome
from analysis.provenance import versions
from analysis.survival import SurvivalCurve, kaplan_meier, log_rank
from instruments.schema import Metric
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import JourneyPayload
from surveyapp.jobs.running import Progress
from surveyapp.results.definitions import Scored
from surveyapp.results.journey import ground
from surveyapp.results.outcomes.cells import DISTINCT, TOO_FEW, ToldGroups, admitted
from surveyapp.results.outcomes.flow import told_flow
from surveyapp.results.outcomes.proposed_segments import proposed_segments
from surveyapp.results.outcomes.rows import Customer, counts, customers
from surveyapp.results.outcomes.score_bands import Bands, bands_of
from surveyapp.results.outcomes.score_credits import score_credits
from surveyapp.results.outcomes.staleness import FORMAT, newest
from surveyapp.results.outcomes.touchpoint_credits import told_credits, ways_to_outcome
from surveyapp.sampling.outcomes import OutcomeKind
from surveyapp.store.models import OutcomeAnalysis

_DAY = 86400.0
_MONTH = 30.4
_MONTHS = 24  # of a curve
_RESAMPLES = 500
_TIMES = (OutcomeKind.RESOLUTION_TIME, OutcomeKind.WAITING_TIME)


@dataclass(frozen=True)
class _Followed:
    """A customer of whom it is known whether the event came: days since the answer, and their band."""

    customer: Customer
    days: float
    had: bool


def run_outcome_analysis(
    installation: Installation, asked: JourneyPayload, *, progress: Progress
) -> dict[str, Any]:
    """Analyse a journey's outcomes and store the result in the place of the one before. Raises NotFound.

    No transaction is open while it computes.
    """
    progress(0, "Reading customers")
    begun = installation.now()
    with installation.store.reading() as session:
        seen = newest(session)  # before the rows: what comes meanwhile counts as not read
        base = ground(session, asked.journey_id, library=installation.library)
        everybody = list(customers(session, base).values())
        stored = sum(counts(session, asked.journey_id).values())
    scored = [each for each in base.scored.get(None, {}).values() if not each.definition.parent]
    found = analysed(
        everybody, scored, minimum=installation.settings.minimum_cell, progress=progress
    )
    progress(95, "Storing the result")
    with installation.store.writing() as session:
        session.merge(
            OutcomeAnalysis(
                journey_id=asked.journey_id,
                result={**found, "seen": seen},
                customers=found["answered"],
                outcomes=stored,
                versions=versions(),
                made_at=begun,
            )
        )
    return {"journey_id": asked.journey_id, "customers": found["answered"], "outcomes": stored}


def analysed(
    everybody: Sequence[Customer], scored: Sequence[Scored], *, minimum: int, progress: Progress
) -> dict[str, Any]:
    """The result as a document: what the page, its JSON and the command show."""
    answered = [each for each in everybody if each.answered_at is not None]
    scored = sorted(
        scored,
        key=lambda each: (each.definition.metric is not Metric.INDEX, each.scale.id != "sjq"),
    )
    bands = [made for each in scored if (made := bands_of(each, answered)) is not None]
    told = _told_of_answers(answered, bands, minimum)
    kinds = [kind for kind in OutcomeKind if any(each.outcomes.get(kind) for each in everybody)]
    outcomes = []
    for at, kind in enumerate(kinds):
        progress(5 + 75 * at // len(kinds), kind.label)
        outcomes.append(_outcome(kind, everybody, bands, told))
    progress(85, "Touchpoints before scores")
    credits = score_credits(answered, bands, minimum=minimum)
    progress(88, "Groups of customers")
    proposed = proposed_segments(answered, bands, minimum=minimum)
    progress(93, "Channels")
    paths = Counter(
        tuple(visit.channel for visit in each.visits if visit.channel)
        for each in everybody
        if each.visits
    )
    flow = told_flow({path: n for path, n in paths.items() if path}, minimum=minimum)
    return {
        "format": FORMAT,
        "minimum": minimum,
        "answered": len(answered),
        "scales": [
            {"scale": each.scale, "label": each.label, "bands": list(each.names)} for each in bands
        ],
        "outcomes": outcomes,
        "scores": credits,
        "segments": proposed,
        "flow": flow,
    }


@dataclass(frozen=True)
class _Told:
    """``groups`` of ``people``, those who answered, of which figures are shown so far."""

    people: Sequence[Customer]
    groups: ToldGroups
    minimum: int


def _told_of_answers(answered: Sequence[Customer], bands: Sequence[Bands], minimum: int) -> _Told:
    """What other pages tell of everybody who answered: how many were in each band."""
    groups = ToldGroups(len(answered), minimum=minimum)
    for each in bands:
        groups.admits([each.of(one) for one in answered])
    return _Told(answered, groups, minimum)


def _published(
    bands: Sequence[Bands], own: Sequence[Customer], told: _Told
) -> list[tuple[Bands, list[Hashable], bool]]:
    """Each scale's bands, as fine as may be shown beside those before it, with each customer's band."""
    known: list[list[Hashable]] = []
    there = {id(one) for one in own}
    found = []
    for each in bands:
        for tried in each.coarser():
            part: list[Hashable] = [tried.of(one) for one in own]
            fits = admitted([*known, part], minimum=told.minimum)[-1] and told.groups.admits(
                [tried.of(one) if id(one) in there else None for one in told.people]
            )
            if fits:
                known.append(part)
                break
        found.append((tried if fits else each, part, fits))
    return found


def _outcome(
    kind: OutcomeKind, everybody: Sequence[Customer], bands: Sequence[Bands], told: _Told
) -> dict[str, Any]:
    """Everything about one kind of outcome; what may not be shown is null with its reason."""
    minimum = told.minimum
    if not kind.is_event:
        return _amount(kind, everybody, bands, told)
    followed = [found for each in everybody if (found := _follow(kind, each)) is not None]
    pathed = ways_to_outcome(kind, everybody, minimum)
    divided = _published(bands, [one.customer for one in followed], told)
    result: dict[str, Any] = {
        "kind": kind.value,
        "label": kind.label,
        "is_event": True,
        "n": len(followed) if len(followed) >= minimum else None,
        "scales": [],
        "survival": None,
        "prediction": None,
    }
    first = True
    for each, part, fits in divided:
        known = [
            (one, int(band))
            for one, band in zip(followed, part, strict=True)
            if isinstance(band, int)
        ]
        if not fits:
            result["scales"].append(_hidden(each, len(followed), minimum))
            continue
        events = [
            sum(one.had for one, band in known if band == at) for at in range(len(each.names))
        ]
        totals = [sum(band == at for _, band in known) for at in range(len(each.names))]
        result["scales"].append(_by_band(each, rate_by_band(events, totals)))
        if first:
            result["survival"] = _survival(each, known, minimum)
            result["prediction"] = _prediction(bands, followed, minimum)
            first = False
    result["attribution"] = told_credits(pathed, minimum)
    return result


def _follow(kind: OutcomeKind, customer: Customer) -> _Followed | None:
    """The first event after the answer, or the last time without one; None where neither is known."""
    start = customer.answered_at
    if start is None:
        return None
    later = [each for each in customer.outcomes.get(kind, ()) if each.at > start]
    had = [each.at for each in later if each.value == 1]
    if had:
        return _Followed(customer, (min(had) - start).total_seconds() / _DAY, True)
    without = [each.at for each in later]
    if not without:
        return None
    return _Followed(customer, (max(without) - start).total_seconds() / _DAY, False)


def _amount(
    kind: OutcomeKind, everybody: Sequence[Customer], bands: Sequence[Bands], told: _Told
) -> dict[str, Any]:
    """Revenue: the sum since the answer. Times: their mean, whenever they were."""
    values, own = [], []
    minimum = told.minimum
    for each in everybody:
        amounts = each.outcomes.get(kind, ())
        if each.answered_at is None:
            continue
        if kind not in _TIMES:
            amounts = [one for one in amounts if one.at > each.answered_at]
        if amounts:
            total = sum(one.value for one in amounts)
            values.append(total / len(amounts) if kind in _TIMES else total)
            own.append(each)
    scales = []
    for band, part, fits in _published(bands, own, told):
        if not fits:
            scales.append(_hidden(band, len(own), minimum))
            continue
        known = [(value, at) for value, at in zip(values, part, strict=True) if isinstance(at, int)]
        found = mean_by_band([v for v, _ in known], [at for _, at in known], len(band.names))
        scales.append(_by_band(band, found))
    return {
        "kind": kind.value,
        "label": kind.label,
        "is_event": False,
        "n": len(own) if len(own) >= minimum else None,
        "scales": scales,
        "survival": None,
        "prediction": None,
        "attribution": None,
    }


def _hidden(bands: Bands, n: int, minimum: int) -> dict[str, Any]:
    reason = TOO_FEW if n < minimum * len(bands.names) else DISTINCT
    return {
        "scale": bands.scale,
        "label": bands.label,
        "bands": None,
        "trend": None,
        "hidden": reason,
    }


def _by_band(bands: Bands, found: OutcomeByBand) -> dict[str, Any]:
    trend = found.trend
    return {
        "scale": bands.scale,
        "label": bands.label,
        "bands": [
            {
                "band": name,
                "n": each.n,
                "estimate": each.estimate,
                "low": each.low,
                "high": each.high,
            }
            for name, each in zip(bands.names, found.bands, strict=True)
        ],
        "trend": trend and {"z": trend.statistic, "p": trend.p, "method": trend.method},
        "hidden": None,
    }


def _survival(bands: Bands, known: Sequence[tuple[_Followed, int]], minimum: int) -> dict[str, Any]:
    days = [one.days for one, _ in known]
    had = [one.had for one, _ in known]
    groups = [band for _, band in known]
    curves = []
    there = [at for at in range(len(bands.names)) if at in groups]
    for at in there:
        name, own = bands.names[at], [one for one, band in known if band == at]
        curve = kaplan_meier([one.days for one in own], [one.had for one in own])
        curves.append(_curve(name, curve, [one.days for one in own], minimum))
    found: dict[str, Any] = {"scale": bands.scale, "label": bands.label, "curves": curves}
    try:
        test = log_rank(days, had, groups, len(bands.names))
        found["log_rank"] = {"chi2": test.chi2, "df": test.df, "p": test.p}
    except AnalysisError as error:
        found["log_rank"] = {"reason": str(error)}
    try:
        reference = bands.names[there[0]]
        dummies = {
            f"{bands.names[at]}, against {reference}": [float(band == at) for band in groups]
            for at in there[1:]
        }
        found["cox"] = _told_cox(cox(days, had, dummies))
    except AnalysisError as error:
        found["cox"] = {"reason": str(error)}
    try:
        scores = {bands.label: [one.customer.scores[bands.scale] for one, _ in known]}
        found["cox_by_point"] = _told_cox(cox(days, had, scores))
    except AnalysisError as error:
        found["cox_by_point"] = {"reason": str(error)}
    return found


def _curve(name: str, curve: SurvivalCurve, days: Sequence[float], minimum: int) -> dict[str, Any]:
    """A curve by whole months, as far as enough customers are still followed."""
    months = []
    for month in range(_MONTHS + 1):
        at = month * _MONTH
        risk = sum(each >= at for each in days)
        if risk < minimum:
            break
        before = [step for step in curve.steps if step.time <= at]
        step = before[-1] if before else None
        months.append(
            {
                "month": month,
                "at_risk": risk,
                "survival": step.survival if step else 1.0,
                "low": step.low if step else None,
                "high": step.high if step else None,
            }
        )
    last = (len(months) - 1) * _MONTH
    median = curve.median if curve.median is not None and curve.median <= last else None
    return {"band": name, "n": curve.n, "median_days": median, "months": months}


def _told_cox(found: CoxFit) -> dict[str, Any]:
    return {
        "terms": [
            {
                "name": each.name,
                "ratio": each.ratio,
                "low": each.low,
                "high": each.high,
                "p": each.p,
            }
            for each in found.terms
        ],
        "n": found.n,
        "events": found.events,
        "concordance": found.concordance,
        "proportional_p": found.proportional_p,
        "method": found.method,
    }


def _prediction(
    bands: Sequence[Bands], followed: Sequence[_Followed], minimum: int
) -> dict[str, Any]:
    """How well all scores together tell the event; of customers with all of them."""
    names = [each.scale for each in bands]
    whole = [one for one in followed if all(name in one.customer.scores for name in names)]
    if 0 < len(followed) - len(whole) < minimum:  # their events follow from those of all
        return {"reason": DISTINCT}
    try:
        found = predict_outcome(
            {each.label: [one.customer.scores[each.scale] for one in whole] for each in bands},
            [one.had for one in whole],
            resamples=_RESAMPLES,
        )
    except AnalysisError as error:
        return {"reason": str(error)}
    return {
        "predictors": list(found.predictors),
        "n": found.n,
        "events": found.events,
        "base_rate": found.base_rate,
        **{name: vars(getattr(found, name)) for name in ("auc", "average_precision", "slope")},
        "brier": found.brier,
        "brier_base": found.brier_base,
        "folds": found.folds,
        "repeats": found.repeats,
        "seed": found.seed,
        "method": found.method,
    }
