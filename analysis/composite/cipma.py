"""The importance-performance map combined with necessity: what matters, how well it is done, and
what the outcome cannot do without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.importance import Range, importance_performance
from analysis.composite.layout import CompositeOptions
from analysis.composite.model import PlsModel
from analysis.composite.nca import Condition, Technique, necessary_conditions
from analysis.composite.rescaled_scores import rescaled_scores

Priority = Literal["important and necessary", "important", "necessary", "neither"]


@dataclass(frozen=True)
class CombinedConstruct:
    """One antecedent of the target: importance and performance with their intervals (None without
    a bootstrap), effect d and p of its necessity, and what the desired outcome needs of it.

    ``required`` from 0 to 100, None where ``state`` says why; ``below`` is the share of rows that
    have less. ``important``: importance at or above the mean of those shown.
    """

    construct: str
    importance: float
    importance_lower: float | None
    importance_upper: float | None
    performance: float
    performance_lower: float | None
    performance_upper: float | None
    effect: float
    p: float | None
    important: bool
    necessary: bool
    state: str
    required: float | None
    below: float | None

    @property
    def priority(self) -> Priority:
        """Where the construct stands by importance and necessity (Hauff et al. 2024)."""
        if self.important:
            return "important and necessary" if self.necessary else "important"
        return "necessary" if self.necessary else "neither"


@dataclass(frozen=True)
class CombinedMap:
    """The combined map for one target, at a desired ``outcome`` from 0 to 100."""

    target: str
    target_performance: float
    outcome: float
    technique: Technique
    constructs: tuple[CombinedConstruct, ...]
    n: int
    permutations: int
    bootstrap: int
    level: float
    seed: int | None
    warnings: tuple[str, ...]


def combined_map(
    data: pd.DataFrame,
    model: str | PlsModel,
    target: str,
    *,
    scale: Range | Mapping[str, Range],
    outcome: float = 85.0,
    technique: Technique = "CE-FDH",
    permutations: int = 10_000,
    bootstrap: int = 0,
    seed: int | None = None,
    level: float = 0.95,
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> CombinedMap:
    """cIPMA: importance and performance of all that leads to the target, and its necessity.

    Importance and performance are ``importance_performance``'s, necessity that of the constructs'
    scores from 0 to 100 within their observed ranges (``necessary_conditions``). A construct is
    necessary with d of at least .1 that is significant at 5 %.

    Hauff, Richter, Sarstedt & Ringle (2024), Journal of Retailing and Consumer Services 78; Sarstedt,
    Richter, Hauff & Ringle (2024), Journal of Marketing Analytics 12. Raises as both parts;
    DataError for an outcome outside the target's observed scores.
    """
    found = importance_performance(
        data,
        model,
        target,
        scale=scale,
        settings=settings,
        missing=missing,
        bootstrap=bootstrap,
        seed=seed,
        level=level,
    )
    scores, _ = rescaled_scores(data, model, scale=scale, settings=settings, missing=missing)
    names = [str(name) for name in found.constructs.index]
    needed = necessary_conditions(
        scores, target, names, permutations=permutations, seed=seed, steps=[outcome]
    )
    mean = float(found.constructs["importance"].mean())
    rows = found.constructs.to_dict("index")
    return CombinedMap(
        target,
        found.target_performance,
        outcome,
        technique,
        tuple(
            _combined(each, rows[each.name], technique, mean, resampled=bool(bootstrap))
            for each in needed.conditions
        ),
        found.n,
        permutations,
        bootstrap,
        level,
        seed,
        found.warnings,
    )


def _combined(
    condition: Condition,
    row: Mapping[Any, Any],
    technique: Technique,
    mean: float,
    *,
    resampled: bool,
) -> CombinedConstruct:
    ceiling = condition.ceiling(technique)
    need = next(each for each in condition.bottlenecks if each.technique == technique)
    ends = [
        float(row[f"{what}_{end}"]) if resampled else None
        for what in ("importance", "performance")
        for end in ("lower", "upper")
    ]
    return CombinedConstruct(
        condition.name,
        float(row["importance"]),
        ends[0],
        ends[1],
        float(row["performance"]),
        ends[2],
        ends[3],
        ceiling.effect,
        ceiling.p,
        float(row["importance"]) >= mean - 1e-12,
        ceiling.necessary,
        need.state,
        need.required,
        need.below,
    )
