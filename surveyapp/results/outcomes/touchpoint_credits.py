"""By which touchpoints customers came to an outcome or a score, and what each rule gives these for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.attribution import MODELS, Attribution, Path, attribution
from analysis.errors import AnalysisError
from surveyapp.results.outcomes.cells import DISTINCT, TOO_FEW, admitted
from surveyapp.results.outcomes.credit_cells import shown_models
from surveyapp.results.outcomes.rows import Customer
from surveyapp.sampling.outcomes import OutcomeKind

OTHER = "Other touchpoints"
RESAMPLES = 500
_DAY = 86400.0


@dataclass(frozen=True)
class Way:
    """The touchpoints that a customer met before the event, or the end of following; days before it."""

    touchpoints: tuple[str, ...]
    ages: tuple[float, ...]
    had: bool


def ways_to_outcome(kind: OutcomeKind, everybody: Sequence[Customer], minimum: int) -> list[Way]:
    """By which touchpoints customers came to this outcome, or to the end of following."""
    ways = []
    for each in everybody:
        told = each.outcomes.get(kind, ())
        had = [one.at for one in told if one.value == 1]
        if not told or not each.visits:
            continue
        end = min(had) if had else max(one.at for one in told)
        visits = [visit for visit in each.visits if visit.at <= end]
        if visits:
            ages = tuple((end - visit.at).total_seconds() / _DAY for visit in visits)
            ways.append(Way(tuple(visit.touchpoint for visit in visits), ages, bool(had)))
    return gathered(ways, minimum)


def ways_to_answer(everybody: Sequence[Customer], had: Sequence[bool], minimum: int) -> list[Way]:
    """By which touchpoints customers came to their answer, ``had`` saying whose score was high.

    A touchpoint was met where there was an event or, without any event there, where its survey was answered.
    """
    ways = []
    for each, high in zip(everybody, had, strict=True):
        end = each.answered_at
        if end is None:
            continue
        seen = {visit.touchpoint for visit in each.visits}
        met = [*each.visits, *(visit for visit in each.asked if visit.touchpoint not in seen)]
        visits = sorted((visit for visit in met if visit.at <= end), key=lambda visit: visit.at)
        if visits:
            ages = tuple((end - visit.at).total_seconds() / _DAY for visit in visits)
            ways.append(Way(tuple(visit.touchpoint for visit in visits), ages, high))
    return gathered(ways, minimum)


def gathered(ways: Sequence[Way], minimum: int) -> list[Way]:
    """The same ways, with the touchpoints that too few of these customers met as one."""
    met = Counter(name for way in ways for name in set(way.touchpoints))
    rare = {name for name, n in met.items() if n < minimum}
    return [
        Way(tuple(OTHER if name in rare else name for name in way.touchpoints), way.ages, way.had)
        for way in ways
    ]


def told_credits(ways: Sequence[Way], minimum: int) -> dict[str, Any] | None:
    """Every model's credits, as far as all of them together tell of no few customers; first and last touch
    also only where their groups are large enough.
    """
    if not ways:
        return None
    met = Counter(name for way in ways for name in set(way.touchpoints))
    if len(ways) < minimum or min(met.values()) < minimum:
        return {"reason": TOO_FEW}
    ends: list[list[Hashable]] = [
        [way.touchpoints[0] for way in ways],
        [way.touchpoints[-1] for way in ways],
    ]
    ends_shown = dict(zip(("first", "last"), admitted(ends, minimum=minimum), strict=True))
    grouped: dict[tuple[str, ...], list[Way]] = defaultdict(list)
    for way in ways:
        grouped[way.touchpoints].append(way)
    paths = [_path(names, own) for names, own in sorted(grouped.items())]
    shown = {model for model in shown_models(paths, minimum=minimum) if ends_shown.get(model, True)}
    if not shown:
        return {"reason": DISTINCT}
    try:
        found = attribution(paths, resamples=RESAMPLES)
    except AnalysisError as error:
        return {"reason": str(error)}
    return _told(found, shown)


def _path(names: tuple[str, ...], own: Sequence[Way]) -> Path:
    had = [way for way in own if way.had]
    ages = (
        tuple(sum(way.ages[at] for way in had) / len(had) for at in range(len(names)))
        if had
        else None
    )
    return Path(names, len(own), len(had), ages)


def _told(found: Attribution, shown: Collection[str]) -> dict[str, Any]:
    models: Mapping[str, Any] = {
        model: [
            {"touchpoint": each.touchpoint, "share": each.share, "low": each.low, "high": each.high}
            for each in found.models[model]
        ]
        if model in shown
        else None
        for model in MODELS
    }
    return {
        "customers": found.customers,
        "outcomes": found.outcomes,
        "half_life_days": found.half_life,
        "resamples": found.resamples,
        "seed": found.seed,
        "removal": dict(found.removal) if "markov" in shown else {},
        "models": models,
    }
