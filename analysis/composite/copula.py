"""Is a path biased by what the model leaves out? Gaussian copulas of the antecedents' scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis.composite.bootstrap import summary
from analysis.composite.cases import Batch, Cases, Missing
from analysis.composite.estimate import Estimates, estimate
from analysis.composite.layout import CompositeOptions, Layout
from analysis.composite.model import PlsModel
from analysis.composite.normality import ScoreNormality, score_normality
from analysis.composite.pls import read_sample
from analysis.composite.resampling import MAX_RESAMPLES, batches
from analysis.composite.weights import solve_or_nan
from analysis.errors import DataError, ModelError

# Of more antecedents the copulas are entered one by one and all together, not in every combination.
_EVERY = 4
_LEAST_N = 1_000
_LEVEL = 0.05
_COLLINEAR = 0.98
_BATCH = 4_000_000  # doubles of the scores of one batch of resamples


@dataclass(frozen=True)
class Estimated:
    """A coefficient with the bootstrap's standard error, percentile interval and p."""

    name: str
    estimate: float
    se: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class CopulaModel:
    """One equation with the copulas of the ``treated`` antecedents: their terms, and all paths.

    A significant term says that its antecedent goes with what the equation leaves out; the paths
    are then those corrected for it.
    """

    treated: tuple[str, ...]
    terms: tuple[Estimated, ...]
    paths: tuple[Estimated, ...]

    @property
    def significant(self) -> bool:
        """Whether a term is significant at 5 %."""
        return any(each.p < _LEVEL for each in self.terms)


@dataclass(frozen=True)
class CopulaEquation:
    """One endogenous construct: its paths as they are, its antecedents' scores, the models.

    ``collinearity`` are the correlations of each antecedent with its copula: near 1 the two cannot
    be told apart.
    """

    target: str
    paths: tuple[Estimated, ...]
    normality: tuple[ScoreNormality, ...]
    collinearity: dict[str, float]
    models: tuple[CopulaModel, ...]

    @property
    def testable(self) -> tuple[str, ...]:
        """Antecedents whose scores are significantly not normal: only of these a copula tells."""
        return tuple(each.construct for each in self.normality if each.p < _LEVEL)


@dataclass(frozen=True)
class CopulaAnalysis:
    """Gaussian copulas for every equation of a composite model."""

    equations: tuple[CopulaEquation, ...]
    n: int
    left_out: int
    resamples: int
    dropped: int
    level: float
    seed: int | None
    warnings: tuple[str, ...]


def copula_analysis(
    data: pd.DataFrame,
    model: str | PlsModel,
    *,
    targets: Sequence[str] = (),
    resamples: int = 1_000,
    seed: int | None = None,
    level: float = 0.95,
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> CopulaAnalysis:
    """Gaussian copula terms of antecedents in the equations of ``targets`` (all by default).

    The term of a score is the normal quantile of its average rank over n + 1 (Park & Gupta 2012,
    Marketing Science 31(4)); it enters the regression of the target's score beside the antecedents,
    in every combination of up to four of them, else one by one and all together (Hult et al. 2018,
    Journal of International Marketing 26(3)). Products of antecedents stay and get no term of
    their own. Resamples estimate weights, scores, ranks and regressions anew.

    The term tells only where an antecedent's score is not normal, the error is, and the two go
    together as a Gaussian copula says. Standardised scores stand for a regression with an
    intercept, in which the test has little power, and the correction is biased, in small samples
    (Becker, Proksch & Ringle 2022, Journal of the Academy of Marketing Science 50(1); Eckert &
    Hohberger 2023, Journal of Management 49(4)).

    Raises as ``fit_pls``; ModelError for PLSc, three stages, products that are not of scores, and a
    target without antecedents.
    """
    if not 2 <= resamples <= MAX_RESAMPLES:
        raise DataError(f"resamples must lie between 2 and {MAX_RESAMPLES}; got {resamples}")
    if settings.consistent or settings.higher_order == "three-stage":
        raise ModelError(
            "copulas are of scores, which no correction for attenuation changes; use plain PLS"
        )
    layout, cases, e = read_sample(data, model, settings, missing)
    if layout.products and settings.interaction != "two-stage":
        raise ModelError("copulas go with products of scores; use interaction='two-stage'")
    asked = _asked(layout, targets)
    whole = cases.whole()
    _, reference = estimate(whole, layout)
    scores = _Scores.of(cases, layout)
    point = scores.regressions(np.ones((1, cases.n)), whole, e, asked)
    draws: list[dict[tuple[int, tuple[int, ...]], np.ndarray]] = []
    kept = 0
    size = int(np.clip(_BATCH // (cases.n * 2 * len(layout.names)), 1, 200))
    for recipe in batches(cases.units, resamples, size, seed=seed):
        counts = recipe()
        batch = cases.batch(counts)
        if not len(batch.kept):
            continue
        sample, _ = estimate(batch, layout, reference=reference)
        good = sample.solved & sample.converged
        own = scores.regressions(
            counts[batch.kept][good].astype(float), batch.take(good), sample.take(good), asked
        )
        kept += int(good.sum())
        draws.append(own)
    if kept < 2:
        raise DataError(f"{kept} of {resamples} resamples could be used")
    joined = {key: np.concatenate([part[key] for part in draws]) for key in point}
    plain = scores.rows(whole, e)[0]
    equations = tuple(_equation(layout, j, point, joined, plain, scores, level) for j in asked)
    return CopulaAnalysis(
        equations,
        cases.n,
        len(data) - cases.n,
        resamples,
        resamples - kept,
        level,
        seed,
        _notes(equations, cases.n, resamples - kept, resamples),
    )


def _asked(layout: Layout, targets: Sequence[str]) -> list[int]:
    for name in targets:
        if name not in layout.names:
            raise ModelError(f"{name} is no construct of the model")
        if layout.names.index(name) not in layout.endogenous:
            raise ModelError(f"no path leads to {name}, so that nothing can be biased")
    return [j for j in layout.endogenous if not targets or layout.names[j] in targets]


def _combinations(sources: Sequence[int]) -> list[tuple[int, ...]]:
    if len(sources) <= _EVERY:
        return [c for k in range(len(sources) + 1) for c in combinations(sources, k)]
    return [(), *((s,) for s in sources), tuple(sources)]


@dataclass(frozen=True)
class _Scores:
    """Scores and their copulas for many resamples: rows with the same answers share a level."""

    layout: Layout
    cases: Cases
    levels: dict[
        int, tuple[np.ndarray, np.ndarray]
    ]  # construct: a row of each level, level of rows

    @staticmethod
    def of(cases: Cases, layout: Layout) -> _Scores:
        levels = {}
        for j, name in enumerate(layout.names):
            if ":" not in name:
                own = [layout.items.index(item) for item in layout.model.items_of(name)]
                answers = np.where(np.isnan(cases.values[:, own]), np.inf, cases.values[:, own])
                _, first, level = np.unique(answers, axis=0, return_index=True, return_inverse=True)
                levels[j] = first, level.reshape(-1)
        return _Scores(layout, cases, levels)

    def rows(self, batch: Batch, e: Estimates) -> np.ndarray:
        """Scores (B, n, J), standardised in each sample but for products."""
        p = len(self.layout.items)
        z = (self.cases.values[None] - batch.mean[:, None, :]) / batch.sd[:, None, :]
        z = np.where(np.isnan(z), 0.0, z)
        # Unit variance with divisor n - 1, as the scores of a fit.
        size = np.sqrt((batch.n - 1) / batch.n)
        out = z @ e.composites[:, :p, : len(self.layout.names)] * size
        for product in self.layout.products:
            parts = [self.layout.names.index(part) for part in (product.first, product.second)]
            out[:, :, self.layout.names.index(product.name)] = (
                out[:, :, parts[0]] * out[:, :, parts[1]]
            )
        return np.asarray(out)

    def copula(self, j: int, scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Normal quantiles (B, n) of the average ranks of one construct's scores (B, n)."""
        first, level = self.levels[j]
        values = np.round(scores[:, first], 10)
        times = np.zeros(values.shape)
        for b in range(len(counts)):
            times[b] = np.bincount(level, counts[b], minlength=len(first))
        order = np.argsort(values, axis=1, kind="stable")
        ordered, held = (np.take_along_axis(each, order, axis=1) for each in (values, times))
        below = np.cumsum(held, axis=1) - held
        # Levels of one score share their ranks: where each such run begins, and what it holds.
        new = np.ones(ordered.shape, dtype=bool)
        new[:, 1:] = ordered[:, 1:] > ordered[:, :-1]
        start = np.maximum.accumulate(np.where(new, below, 0.0), axis=1)
        last = np.ones_like(new)
        last[:, :-1] = new[:, 1:]
        end = np.where(last, below + held, np.inf)
        end = np.minimum.accumulate(end[:, ::-1], axis=1)[:, ::-1]
        rank = (start + end + 1) / 2
        out = np.empty_like(rank)
        np.put_along_axis(out, order, rank, axis=1)
        n = counts.sum(axis=1)[:, None]
        # A level that no row of the resample has counts for nothing: any finite value will do.
        return np.asarray(ndtri(np.clip(out, 0.5, n + 0.5) / (n + 1))[:, level])

    def regressions(
        self, counts: np.ndarray, batch: Batch, e: Estimates, asked: Sequence[int]
    ) -> dict[tuple[int, tuple[int, ...]], np.ndarray]:
        """Coefficients (B, sources + terms) by target and treated antecedents."""
        scores = self.rows(batch, e)
        treatable = sorted({s for j in asked for s in _sources(self.layout, j) if s in self.levels})
        copulas = [self.copula(j, scores[:, :, j], counts) for j in treatable]
        columns = np.concatenate([scores, np.stack(copulas, axis=2)], axis=2)
        share = counts / counts.sum(axis=1, keepdims=True)
        mean = (share[:, None, :] @ columns)[:, 0]
        columns -= mean[:, None, :]
        cov = np.swapaxes(columns * share[:, :, None], 1, 2) @ columns
        out = {}
        J = len(self.layout.names)
        for j in asked:
            sources = _sources(self.layout, j)
            for treated in _combinations([s for s in sources if s in self.levels]):
                at = np.array([*sources, *(J + treatable.index(s) for s in treated)])
                out[j, treated] = solve_or_nan(cov[:, at[:, None], at], cov[:, at, j])
        return out


def _sources(layout: Layout, j: int) -> list[int]:
    return [int(s) for s in np.flatnonzero(layout.final.arrows[:, j])]


def _equation(
    layout: Layout,
    j: int,
    point: dict[tuple[int, tuple[int, ...]], np.ndarray],
    draws: dict[tuple[int, tuple[int, ...]], np.ndarray],
    rows: np.ndarray,
    scores: _Scores,
    level: float,
) -> CopulaEquation:
    names, sources = layout.names, _sources(layout, j)
    single = [s for s in sources if s in scores.levels]
    ones = np.ones((1, len(rows)))
    collinear = {
        names[s]: float(np.corrcoef(rows[:, s], scores.copula(s, rows[None, :, s], ones)[0])[0, 1])
        for s in single
    }
    models = []
    plain: tuple[Estimated, ...] = ()
    for treated in _combinations(single):
        labels = [names[s] for s in (*sources, *treated)]
        own = draws[j, treated]
        found = _estimated(labels, point[j, treated][0], own[np.isfinite(own).all(axis=1)], level)
        if treated:
            models.append(
                CopulaModel(
                    tuple(names[s] for s in treated), found[len(sources) :], found[: len(sources)]
                )
            )
        else:
            plain = found
    return CopulaEquation(
        names[j],
        plain,
        tuple(score_normality(names[s], rows[:, s]) for s in single),
        collinear,
        tuple(models),
    )


def _estimated(
    labels: Sequence[str], point: np.ndarray, draws: np.ndarray, level: float
) -> tuple[Estimated, ...]:
    table = summary(tuple((label,) for label in labels), point, draws, level=level)
    return tuple(
        Estimated(
            label,
            *(float(row[key]) for key in ("estimate", "se", "lower", "upper", "p")),
        )
        for label, row in zip(labels, table.to_dict("records"), strict=True)
    )


def _notes(
    equations: Sequence[CopulaEquation], n: int, dropped: int, resamples: int
) -> tuple[str, ...]:
    said = []
    if n < _LEAST_N:
        said.append(
            f"n = {n} is below {_LEAST_N}: with an intercept, copula terms have little power and "
            "correct with bias in small samples (Becker, Proksch & Ringle 2022); that none is "
            "significant does not show that paths are free of bias"
        )
    for equation in equations:
        normal = [
            each.construct for each in equation.normality if each.construct not in equation.testable
        ]
        if normal:
            said.append(
                f"{equation.target}: the scores of {', '.join(normal)} are not significantly "
                "different from normal, so that their copula terms tell nothing"
            )
        near = [name for name, r in equation.collinearity.items() if r > _COLLINEAR]
        if near:
            said.append(
                f"{equation.target}: {', '.join(near)} and the copula correlate above "
                f"{_COLLINEAR}; the two can hardly be told apart"
            )
    if dropped:
        said.append(f"{dropped} of {resamples} resamples were left out: they had no solution")
    return tuple(said)
