"""Draw customers and their answers from a population whose truth is known.

The SJQ part stands on the published loadings (Jaakkola & Terho 2021, study 2); correlations of
the dimensions, levels and thresholds are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from surveyapp.demo.bank import (
    MONTHS,
    NEW_CUSTOMERS,
    NORTH_SEAMLESSNESS,
    REPAIR_MONTH,
    JourneyPlan,
    TouchpointPlan,
)

LOADINGS = {
    "personalization": {"per3": 0.88, "per4": 0.87, "per5": 0.86, "per6": 0.89},
    "coherence": {
        "coh1": 0.83,
        "coh2": 0.86,
        "coh3": 0.89,
        "coh4": 0.84,
        "coh5": 0.88,
        "coh6": 0.92,
    },
    "seamlessness": {
        "sea1": 0.91,
        "sea2": 0.89,
        "sea3": 0.94,
        "sea4": 0.90,
        "sea5": 0.95,
        "sea6": 0.95,
    },
}
# personalization, coherence, seamlessness
DIMENSION_CORRELATIONS = np.array([[1.0, 0.62, 0.66], [0.62, 1.0, 0.70], [0.66, 0.70, 1.0]])
SJQ_TO_LOYALTY = 0.76  # the published baseline path
LOYALTY_LOADING = 0.85

CUTS_7 = (-2.2, -1.65, -1.1, -0.5, 0.25, 1.05)
CUTS_5 = (-1.9, -1.2, -0.4, 0.75)
CUTS_11 = (-2.9, -2.6, -2.3, -2.05, -1.8, -1.5, -1.1, -0.65, 0.05, 0.8)

# How many meet a touchpoint's survey and how many of those answer.
ASKED, ANSWERED, ANSWERED_END = 0.75, 0.4, 0.4
RESPONSES_A_CUSTOMER = 6 * ASKED * ANSWERED + ANSWERED_END
_REASON = 0.3
_HARDER = 1.5  # standard deviations


@dataclass(frozen=True)
class Ask:
    """One customer asked at one place; ``answers`` is None when nothing came back."""

    place: str  # touchpoint code, or "" for the journey's end
    customer: str
    at: datetime
    attributes: dict[str, Any]
    answers: dict[str, dict[str, Any]] | None = field(default=None)


def _points(latent: np.ndarray | float, cuts: Sequence[float], *, lowest: int = 1) -> np.ndarray:
    return np.asarray(np.searchsorted(np.asarray(cuts), latent) + lowest)


def customers(rng: np.random.Generator, n: int) -> list[dict[str, Any]]:
    """Attributes of n customers; tenure in whole years."""
    region = rng.choice(["North", "South", "East", "West"], n, p=[0.25, 0.3, 0.2, 0.25])
    channel = rng.choice(["app", "website", "branch", "phone"], n, p=[0.4, 0.25, 0.22, 0.13])
    tenure = np.minimum(rng.geometric(0.16, n) - 1, 30)
    age = rng.choice(["18-29", "30-44", "45-59", "60+"], n, p=[0.24, 0.32, 0.26, 0.18])
    return [
        {"region": str(r), "preferred_channel": str(c), "tenure_years": int(t), "age": str(a)}
        for r, c, t, a in zip(region, channel, tenure, age, strict=True)
    ]


def draw(plan: JourneyPlan, *, n: int, rng: np.random.Generator, today: datetime) -> Iterator[Ask]:
    """Every ask of n customers of one journey over the last year, answered or not."""
    people = customers(rng, n)
    latent = rng.multivariate_normal(np.zeros(3), DIMENSION_CORRELATIONS, n, method="cholesky")
    latent[:, 2] += NORTH_SEAMLESSNESS * np.array([p["region"] == "North" for p in people])
    latent += NEW_CUSTOMERS * np.array([p["tenure_years"] < 2 for p in people])[:, None]
    journey = latent.mean(axis=1) / np.sqrt(DIMENSION_CORRELATIONS.mean())
    days = np.sort(rng.uniform(0, 30.4 * MONTHS - 2, n))
    begin = today - timedelta(days=30.4 * MONTHS)
    for i, person in enumerate(people):
        started = begin + timedelta(days=float(days[i]), seconds=float(rng.integers(0, 86400)))
        customer = f"{plan.code}-{i + 1:05d}"
        at = started
        for touchpoint in plan.touchpoints:
            at = at + timedelta(days=float(rng.uniform(0.5, 6)))
            if at >= today:
                break  # still under way
            if rng.random() < ASKED:
                answered = rng.random() < ANSWERED
                answers = (
                    touchpoint_answers(rng, touchpoint, journey[i], at - begin)
                    if answered
                    else None
                )
                yield Ask(touchpoint.code, customer, at, person, answers)
        at = at + timedelta(days=1)
        if at < today:
            answers = (
                _end_answers(rng, plan, latent[i], journey[i])
                if rng.random() < ANSWERED_END
                else None
            )
            yield Ask("", customer, at, person, answers)


def touchpoint_answers(
    rng: np.random.Generator, touchpoint: TouchpointPlan, journey: float, since: timedelta
) -> dict[str, dict[str, Any]]:
    """What one customer answers at a touchpoint, ``since`` the first of the year that is told of."""
    level = touchpoint.level
    if since >= timedelta(days=30.4 * REPAIR_MONTH):
        level += touchpoint.repaired
    felt = level + 0.5 * journey + 0.87 * rng.normal()
    easy = level + 0.8 * (felt - level) + 0.6 * rng.normal()
    csat: dict[str, Any] = {"csat": int(_points(felt, CUTS_5))}
    if touchpoint.complaints and csat["csat"] <= 2 and rng.random() < 2 * _REASON:
        csat["csat_reason"] = str(rng.choice(touchpoint.complaints))
    return {"csat": csat, "ces": {"ces": int(_points(easy, CUTS_7))}}


def _end_answers(
    rng: np.random.Generator, plan: JourneyPlan, latent: np.ndarray, journey: float
) -> dict[str, dict[str, Any]]:
    level = {
        item: plan.felt - _HARDER * (item in plan.harder)
        for each in LOADINGS.values()
        for item in each
    }
    sjq = {
        item: int(
            _points(
                level[item] + loading * latent[d] + np.sqrt(1 - loading**2) * rng.normal(), CUTS_7
            )
        )
        for d, items in enumerate(LOADINGS.values())
        for item, loading in items.items()
    }
    loyal = SJQ_TO_LOYALTY * journey + np.sqrt(1 - SJQ_TO_LOYALTY**2) * rng.normal()
    spread = np.sqrt(1 - LOYALTY_LOADING**2)
    loyalty = {
        f"loy{k}": int(_points(LOYALTY_LOADING * loyal + spread * rng.normal(), CUTS_7))
        for k in range(1, 6)
    }
    likely = 0.85 * loyal + 0.53 * rng.normal() - plan.together * latent[1] * latent[2]
    return {"sjq": sjq, "nps": {"nps": int(_points(likely, CUTS_11, lowest=0))}, "loyalty": loyalty}
