"""Answers to the mortgage study: journey quality, service quality, loyalty and a marker variable.

The population stands on the published loadings and paths (Jaakkola & Terho 2021, study 2): journey
quality raises each dimension of service quality, both raise loyalty. What the dimensions of service
quality share beyond journey quality is set so that journey quality explains 53 % of their mean, as
printed. Levels are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from surveyapp.demo.population import (
    ANSWERED_END,
    CUTS_7,
    DIMENSION_CORRELATIONS,
    LOADINGS,
    LOYALTY_LOADING,
    Ask,
    customers,
)

PLACE = "study"
ANSWERS = 240
DAYS = 150
# Weights of personalization, coherence and seamlessness in journey quality.
WEIGHTS = np.array([0.56, 0.21, 0.28])
TO_SERVICE = {
    "tan": (4, 0.68, 0.5),  # items, path from journey quality, level
    "rel": (5, 0.85, 0.1),
    "res": (4, 0.57, -0.35),
    "ass": (4, 0.73, 0.3),
    "emp": (5, 0.65, -0.1),
}
JOURNEY_LEVELS = np.array([-0.25, 0.2, 0.05])
SERVICE_TO_LOYALTY, JOURNEY_TO_LOYALTY = 0.58, 0.26
EXPLAINED = 0.53
_LOADING, _MARKER_LOADING, _MARKER_CORRELATION = 0.85, 0.75, 0.1


def draw(rng: np.random.Generator, *, today: datetime) -> Iterator[Ask]:
    """Asks of customers at the end of their journey; ``ANSWERS`` of them answer."""
    asked = round(ANSWERS / ANSWERED_END)
    people = customers(rng, asked)
    answers = _answers(rng, ANSWERS)
    days = np.sort(rng.uniform(0.5, DAYS, asked))[::-1]
    answering = set(rng.choice(asked, ANSWERS, replace=False).tolist())
    for i, person in enumerate(people):
        at = today - timedelta(days=float(days[i]))
        given = next(answers) if i in answering else None
        yield Ask(PLACE, f"study-{i + 1:05d}", at, person, given)


@dataclass(frozen=True)
class Felt:
    """What is true of n customers, in standard deviations: (n, 3), (n,), (n, 5), (n,), (n,)."""

    dimensions: np.ndarray
    journey: np.ndarray
    service: np.ndarray
    loyal: np.ndarray
    marker: np.ndarray


def felt(rng: np.random.Generator, n: int) -> Felt:
    """Latent values of n customers."""
    dimensions = rng.multivariate_normal(np.zeros(3), DIMENSION_CORRELATIONS, n, method="cholesky")
    journey = dimensions @ WEIGHTS / np.sqrt(WEIGHTS @ DIMENSION_CORRELATIONS @ WEIGHTS)
    service = _service(rng, journey)
    quality = service.mean(axis=1) / _spread()
    explained = JOURNEY_TO_LOYALTY**2 + SERVICE_TO_LOYALTY**2
    explained += 2 * JOURNEY_TO_LOYALTY * SERVICE_TO_LOYALTY * np.sqrt(EXPLAINED)
    loyal = JOURNEY_TO_LOYALTY * journey + SERVICE_TO_LOYALTY * quality
    loyal += np.sqrt(1 - explained) * rng.normal(size=n)
    marker = _MARKER_CORRELATION * journey
    marker += np.sqrt(1 - _MARKER_CORRELATION**2) * rng.normal(size=n)
    return Felt(dimensions, journey, service, loyal, marker)


def _answers(rng: np.random.Generator, n: int) -> Iterator[dict[str, dict[str, Any]]]:
    true = felt(rng, n)
    for i in range(n):
        sjq = {
            item: _point(rng, loading, true.dimensions[i, d], JOURNEY_LEVELS[d])
            for d, items in enumerate(LOADINGS.values())
            for item, loading in items.items()
        }
        quality_of = {
            f"{code}{k}": _point(rng, _LOADING, true.service[i, d], level)
            for d, (code, (items, _, level)) in enumerate(TO_SERVICE.items())
            for k in range(1, items + 1)
        }
        yield {
            "sjq": sjq,
            "servqual-p": quality_of,
            "loyalty": {
                f"loy{k}": _point(rng, LOYALTY_LOADING, true.loyal[i]) for k in range(1, 6)
            },
            "marker": {
                f"mar{k}": _point(rng, _MARKER_LOADING, true.marker[i]) for k in range(1, 5)
            },
        }


def _paths() -> np.ndarray:
    return np.array([path for _, path, _ in TO_SERVICE.values()])


def _spread() -> float:
    """Standard deviation of the mean of the service dimensions."""
    return float(_paths().mean() / np.sqrt(EXPLAINED))


def _service(rng: np.random.Generator, journey: np.ndarray) -> np.ndarray:
    """Dimensions of service quality (n, 5), unit variances, their remainders correlated."""
    paths = _paths()
    rest = np.sqrt(1 - paths**2)
    # (mean path)^2 + variance of the mean remainder = spread^2, solved for the correlation.
    wanted = (_spread() ** 2 - paths.mean() ** 2) * len(paths) ** 2
    shared = (wanted - (rest**2).sum()) / (rest.sum() ** 2 - (rest**2).sum())
    common = np.sqrt(shared) * rng.normal(size=(len(journey), 1))
    own = np.sqrt(1 - shared) * rng.normal(size=(len(journey), len(paths)))
    return np.asarray(journey[:, None] * paths + rest * (common + own))


def _point(rng: np.random.Generator, loading: float, latent: float, level: float = 0.0) -> int:
    felt = level + loading * latent + np.sqrt(1 - loading**2) * rng.normal()
    return int(np.searchsorted(np.asarray(CUTS_7), felt)) + 1
