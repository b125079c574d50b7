"""Confirmatory tetrad analysis: are a construct's items reflections of one common factor?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.composite.cases import Cases, Missing, read_cases
from analysis.composite.drawn_rows import (
    drawn_rows,
    notes_on_drawing,
    require_clusters,
    weights_and_clusters,
)
from analysis.composite.model import Construct, PlsModel
from analysis.composite.resampling import MAX_RESAMPLES, batches
from analysis.composite.tetrads import MOST_ITEMS, Tetrad, independent_tetrads, tetrad_values
from analysis.composite.text import read_model
from analysis.covariance.drawn_rows import Column
from analysis.errors import DataError, ModelError

_LEAST_N = 200  # Below it the bootstrap of tetrads is unreliable (Gudergan et al. 2008).
_BATCH = 2_000_000  # doubles of a batch of counts or of correlation matrices


@dataclass(frozen=True)
class TetradTest:
    """One tetrad s_gh s_ij - s_gi s_hj of the items g, h, i, j, in correlations.

    ``bias`` is the resamples' mean less the estimate, ``se`` their standard deviation; ``lower`` and
    ``upper`` the bias-corrected interval, ``adjusted_lower`` and ``adjusted_upper`` that of all
    tetrads of the construct together (Bonferroni), as is ``adjusted_p``.
    """

    items: tuple[str, str, str, str]
    estimate: float
    bias: float
    se: float
    lower: float
    upper: float
    p: float
    adjusted_lower: float
    adjusted_upper: float
    adjusted_p: float

    @property
    def vanishes(self) -> bool:
        """Whether zero lies within the adjusted interval."""
        return self.adjusted_lower <= 0 <= self.adjusted_upper


@dataclass(frozen=True)
class ConstructTetrads:
    """The tetrads of one construct, of which ``borrowed`` items belong to ``lender``."""

    construct: str
    mode: str
    tetrads: tuple[TetradTest, ...]
    borrowed: tuple[str, ...] = ()
    lender: str | None = None

    @property
    def reflective(self) -> bool:
        """Whether a common factor is not rejected: every tetrad vanishes."""
        return all(each.vanishes for each in self.tetrads)


@dataclass(frozen=True)
class TetradAnalysis:
    """Constructs tested, and why others are not."""

    constructs: tuple[ConstructTetrads, ...]
    untested: dict[str, str]
    n: int
    left_out: int
    resamples: int
    dropped: int
    level: float
    seed: int | None
    warnings: tuple[str, ...]


def tetrad_analysis(
    data: pd.DataFrame,
    model: str | PlsModel,
    *,
    resamples: int = 5_000,
    seed: int | None = None,
    level: float = 0.95,
    borrow: bool = False,
    missing: Missing = "mean",
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> TetradAnalysis:
    """Confirmatory tetrad analysis of every construct that four items or more measure (CTA-PLS).

    Items that reflect one common factor make every tetrad vanish; one that does not, rejects that.
    Tested are the independent tetrads, p(p - 3)/2 of p items, by (estimate - bias) +- z se with z
    for all tetrads of the construct (Bonferroni). ``borrow`` lets a reflective construct of two or
    three items borrow from a reflective neighbour in the model: three and one have two tetrads, two
    and two only s_gi s_hj - s_gj s_hi of own items g, h and lent ones i, j; that supposes that the
    neighbour's items reflect it, too. Not rejecting is no proof: a composite's items may happen to
    correlate like a factor's.

    Gudergan, Ringle, Wende & Will (2008), Journal of Business Research 61(12); Bollen & Ting (2000),
    Psychological Methods 5(1). Raises as ``fit_pls``; ModelError where no construct can be tested.

    >>> rng = np.random.default_rng(1)
    >>> f = rng.normal(size=(400, 1))
    >>> x = pd.DataFrame(f + rng.normal(size=(400, 4)), columns=list("abcd")).assign(y=f[:, 0])
    >>> found = tetrad_analysis(x, "F =~ a + b + c + d; Y =~ y; Y ~ F", resamples=500, seed=1)
    >>> found.constructs[0].reflective, len(found.constructs[0].tetrads)
    (True, 2)
    """
    if not 2 <= resamples <= MAX_RESAMPLES:
        raise DataError(f"resamples must lie between 2 and {MAX_RESAMPLES}; got {resamples}")
    if not 0.5 <= level < 1:
        raise DataError(f"level must lie between 0.5 and 1; got {level}")
    read = read_model(model) if isinstance(model, str) else model
    plans, untested = _plans(read, borrow=borrow)
    if not plans:
        why = "; ".join(f"{name}: {said}" for name, said in untested.items())
        cure = (
            "" if borrow else "; constructs of two or three items can borrow items of a neighbour"
        )
        raise ModelError(f"no construct can be tested ({why}){cure}")
    kept, drawn = drawn_rows(data, sampling_weights, cluster)
    if not isinstance(kept, pd.DataFrame):  # moments were refused before
        raise DataError("tetrads need the rows, not moments alone")
    weights, clusters = weights_and_clusters(kept, drawn)
    items = list(dict.fromkeys(item for plan in plans for item in plan.items))
    cases = read_cases(
        kept, items, missing=missing, need=len(items) + 1, weights=weights, clusters=clusters
    )
    require_clusters(cases, drawn)
    columns = [np.array([items.index(item) for item in plan.items]) for plan in plans]

    def values(R: np.ndarray) -> list[np.ndarray]:
        return [
            tetrad_values(R[:, at[:, None], at], plan.tetrads)
            for plan, at in zip(plans, columns, strict=True)
        ]

    draws, dropped = _draws(cases, values, len(plans), resamples, seed)
    found = [
        _tests(plan, point[0], own, level)
        for plan, point, own in zip(plans, values(cases.whole().cov), draws, strict=True)
    ]
    notes = list(notes_on_drawing(cases, drawn, len(data) - len(kept)))
    if cases.effective_n < _LEAST_N:
        notes.append(
            f"n = {cases.effective_n:.4g} is below {_LEAST_N}; intervals of tetrads are unreliable in "
            "small samples"
        )
    if dropped:
        notes.append(f"{dropped} of {resamples} resamples were left out: an item has no variance")
    return TetradAnalysis(
        tuple(found),
        untested,
        cases.n,
        len(data) - cases.n,
        resamples,
        dropped,
        level,
        seed,
        tuple(notes),
    )


@dataclass(frozen=True)
class _Plan:
    construct: Construct
    items: tuple[str, ...]
    tetrads: tuple[Tetrad, ...]
    borrowed: tuple[str, ...] = ()
    lender: str | None = None


def _plans(model: PlsModel, *, borrow: bool) -> tuple[list[_Plan], dict[str, str]]:
    plans, untested = [], {}
    for construct in model.constructs:
        own = construct.parts
        if model.is_higher(construct.name):
            untested[construct.name] = "a second-order construct has dimensions, not items"
        elif len(own) > MOST_ITEMS:
            untested[construct.name] = f"{len(own)} items; at most {MOST_ITEMS} are tested"
        elif len(own) >= 4:
            plans.append(_Plan(construct, own, independent_tetrads(len(own))))
        else:
            plan = _borrowing(model, construct) if borrow else None
            if plan is None:
                needs = "one item has" if len(own) == 1 else f"{len(own)} items have"
                untested[construct.name] = f"{needs} no tetrad; four are needed" + (
                    ", and no reflective neighbour lends them" if borrow else ""
                )
            else:
                plans.append(plan)
    return plans, untested


def _borrowing(model: PlsModel, construct: Construct) -> _Plan | None:
    own = construct.parts
    if construct.mode != "A" or len(own) < 2:
        return None
    near = [p.target for p in model.paths if p.source == construct.name]
    near += [p.source for p in model.paths if p.target == construct.name]
    wanted = 4 - len(own)
    lenders = [
        model[name]
        for name in dict.fromkeys(near)
        if ":" not in name and not model.is_higher(name) and model[name].mode == "A"
    ]
    lenders = [each for each in lenders if len(each.parts) >= max(wanted, 2)]
    if not lenders:
        return None
    lender = max(lenders, key=lambda each: len(each.parts))
    lent = lender.parts[:wanted]
    tetrads: tuple[Tetrad, ...] = independent_tetrads(4) if wanted == 1 else ((0, 2, 3, 1),)
    return _Plan(construct, (*own, *lent), tetrads, lent, lender.name)


def _draws(
    cases: Cases,
    values: Callable[[np.ndarray], list[np.ndarray]],
    plans: int,
    resamples: int,
    seed: int | None,
) -> tuple[list[np.ndarray], int]:
    parts: list[list[np.ndarray]] = [[] for _ in range(plans)]
    kept = 0
    size = int(np.clip(_BATCH // max(cases.units, len(cases.items) ** 2), 10, 500))
    for recipe in batches(cases.units, resamples, size, seed=seed):
        batch = cases.batch(recipe())
        kept += len(batch.kept)
        for own, found in zip(parts, values(batch.cov), strict=True):
            own.append(found)
    if kept < 2:
        raise DataError(f"{kept} of {resamples} resamples could be used: an item has no variance")
    return [np.concatenate(own) for own in parts], resamples - kept


def _tests(plan: _Plan, point: np.ndarray, draws: np.ndarray, level: float) -> ConstructTetrads:
    m = len(plan.tetrads)
    bias = draws.mean(axis=0) - point
    se = draws.std(axis=0, ddof=1)
    centre = point - bias
    p = 2 * stats.norm.sf(np.abs(centre) / se)
    single = float(stats.norm.ppf(1 - (1 - level) / 2)) * se
    joint = float(stats.norm.ppf(1 - (1 - level) / 2 / m)) * se
    tests = tuple(
        TetradTest(
            (plan.items[g], plan.items[h], plan.items[i], plan.items[j]),
            float(point[k]),
            float(bias[k]),
            float(se[k]),
            float(centre[k] - single[k]),
            float(centre[k] + single[k]),
            float(p[k]),
            float(centre[k] - joint[k]),
            float(centre[k] + joint[k]),
            float(min(1.0, m * p[k])),
        )
        for k, (g, h, i, j) in enumerate(plan.tetrads)
    )
    return ConstructTetrads(
        plan.construct.name, plan.construct.mode, tests, plan.borrowed, plan.lender
    )
