"""Cut-offs of fit indices simulated from a model and its n (McNeish and Wolf 2023)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.covariance.matrices import Array
from analysis.covariance.ordinal.ordinal_samples import written_thresholds
from analysis.covariance.sem import SemFit
from analysis.covariance.simulation.cutoff_samples import (
    ANSWERS,
    ORDINAL,
    BootstrapSamples,
    CutoffSamples,
    Draws,
    Fitted,
    LikertSamples,
    NormalSamples,
    OrdinalSamples,
    categories_of,
)
from analysis.covariance.simulation.factor_population import (
    FactorPopulation,
    Omitted,
    population_from,
    population_of,
    without_values,
)
from analysis.covariance.simulation.row_fits import compared_index
from analysis.covariance.simulation.simulated_fits import INDICES, SimulatedFits
from analysis.covariance.text.model import Model
from analysis.covariance.text.syntax import as_model
from analysis.errors import DataError, ModelError
from analysis.json_values import to_json

REPS = 2000
LEAST_REPS = 100
LEAST_FITS = 50  # that converge
MOST_FREE = 300
SPECIFICITY = 0.95
SENSITIVITIES = tuple(round(0.95 - 0.01 * step, 2) for step in range(46))  # .95 down to .50
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Cutoff:
    """The value of an index from which a fit is like that of the misspecified model.

    ``value``: None where the distributions overlap too much for a sensitivity of .50. ``sensitivity``:
    share of the misspecified model's samples that it finds (of level 0 the share of the true model's
    that it passes). ``error``: standard error of the value by the number of samples.
    """

    value: float | None
    sensitivity: float | None
    error: float | None


@dataclass(frozen=True)
class Level:
    """A level of misspecification: what it adds to the one before, and the cut-offs.

    Level 0 is the model itself.
    """

    level: int
    added: tuple[Omitted, ...]
    srmr: Cutoff
    rmsea: Cutoff
    cfi: Cutoff
    converged: float


@dataclass(frozen=True)
class DynamicCutoffs:
    """Cut-offs by level, of ``reps`` samples a level of n rows.

    ``fit``: the fit's own SRMR, RMSEA and CFI; ``reached``: of each the highest level whose cut-off
    it reaches, 0 for none. Both empty where only a population was given. ``answers``: what samples
    consist of ("normal", "ordinal", "likert" or "bootstrap"); ``estimator``: what they are fitted by.
    """

    n: int
    df: int
    reps: int
    seed: int
    levels: tuple[Level, ...]
    fit: Mapping[str, float]
    reached: Mapping[str, int]
    warnings: tuple[str, ...]
    answers: str = "normal"
    estimator: str = "ML"

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision."""
        return dict(to_json(self))


@dataclass(frozen=True)
class _Simulation:
    """How much is drawn: samples a level, the seed, threads, and who hears of it."""

    reps: int
    seed: int
    workers: int | None
    progress: Progress | None

    def __post_init__(self) -> None:
        if self.reps < LEAST_REPS:
            raise DataError(f"quantiles need {LEAST_REPS} samples or more; found {self.reps}")

    def of(self, stream: np.random.SeedSequence, at: int, levels: int) -> Draws:
        """The draws of one of the levels."""

        def told(done: int, _: int) -> None:
            if self.progress is not None:
                self.progress(at * self.reps + done, levels * self.reps)

        return Draws(self.reps, np.random.default_rng(stream), self.workers, told)


def dynamic_cutoffs(
    fit: SemFit,
    *,
    answers: str | None = None,
    reps: int = REPS,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> DynamicCutoffs:
    """Cut-offs for a factor model, of one or two orders, that was fitted to one group.

    Samples come from the fit's own estimates (level 0), and from these with what each level of
    misspecification adds (``FactorPopulation.levels``); the model is fitted to all of them. A level's
    cut-off is the 5 % quantile (CFI: 95 %) of the misspecified samples where it lies beyond the 95 %
    quantile of the true model's; where the two overlap, the sensitivity is lowered from .95 by steps of
    .01 to .50, as R dynamic does.

    ``answers`` says what samples of numeric items consist of: "normal" answers, fitted by ML; "likert",
    the items' own categories in their shares, treated as numbers; "bootstrap", the rows drawn again with
    their distribution and, by FIML, their missing answers. The latter two are fitted as the fit was, by
    ML or MLR, and by MLR compared in robust RMSEA and CFI. Ordinal items (WLSMV) are simulated as such,
    and compared in scaled RMSEA and CFI.

    Raises ModelError for other models, improper fits, models without degrees of freedom, those of
    more than 300 loadings and residual variances, and answers that do not go with the fit, DataError
    below 100 samples, and as ``transformed_rows`` and ``categories_of``.

    Validated against: R dynamic 1.1.0 and its published examples, within Monte Carlo error; figures in
    analysis/README.md. References: McNeish and Wolf (2023), Psychological Methods 28,
    61-88; McNeish and Wolf (2023), Behavior Research Methods 55, 1157-1174; McNeish (2023),
    American Psychologist 78, 1061-1075.
    """
    population = population_of(fit)
    simulation = _Simulation(reps, seed, workers, progress)
    kind, samples = _samples(fit, answers)
    found = _levels(population, samples, simulation)
    own = {index: compared_index(fit, index) for index in INDICES}
    said = []
    if fit.settings.missing in ("fiml", "pairwise") and kind != "bootstrap":
        said.append(
            f"the samples are complete rows, {fit.n} each, though the fit's have missing answers"
        )
    return replace(
        found,
        answers=kind,
        estimator="ML" if kind == "normal" else fit.settings.estimator,
        fit=own,
        reached={index: _reached(found.levels, index, own[index]) for index in INDICES},
        warnings=(*said, *found.warnings),
    )


def population_cutoffs(
    model: str | Model,
    n: int,
    *,
    reps: int = REPS,
    seed: int = 1,
    workers: int | None = None,
    progress: Progress | None = None,
) -> DynamicCutoffs:
    """Cut-offs for a factor model whose standardised values are written in it, and n rows.

    With thresholds ('x1 | -.5*t1 + .6*t2') answers are ordinal and fitted by WLSMV. Raises as
    ``dynamic_cutoffs``, and ModelError for a value that is missing or not standardised.
    """
    written, thresholds = written_thresholds(as_model(model))
    population = population_from(written)
    simulation = _Simulation(reps, seed, workers, progress)
    # A disturbance of a first-order factor may be estimated below 0, which unit variances do not let
    # it: half of the samples then reach no minimum.
    second_order = len(written.latent) > len(population.factors)
    fitted = Fitted(population.items, without_values(written), n, std_lv=not second_order)
    if thresholds:
        found = _levels(population, OrdinalSamples(fitted, thresholds), simulation)
        return replace(found, answers=ORDINAL, estimator="WLSMV")
    return _levels(population, NormalSamples(fitted, np.ones(len(population.items))), simulation)


def _samples(fit: SemFit, answers: str | None) -> tuple[str, CutoffSamples]:
    """What the samples consist of by name, and they."""
    settings = fit.settings
    (group,) = fit.solution.data.groups
    model = replace(fit.model, reversed_items=())
    fitted = Fitted(
        fit.table.observed,
        model,
        fit.n,
        std_lv=settings.std_lv,
        orthogonal=settings.orthogonal,
    )
    if settings.ordered:
        if answers not in (None, ORDINAL):
            raise ModelError(
                f"{answers} answers are those of numeric items; the fit is one of ordinal items (WLSMV): leave "
                "them out, or fit by ML or MLR"
            )
        return ORDINAL, OrdinalSamples(fitted, group.ordinal.thresholds)
    kind = answers or "normal"
    if kind not in ANSWERS:
        cure = "fit by WLSMV" if kind == ORDINAL else f"choose {', '.join(ANSWERS)}"
        raise ModelError(f"{kind} answers are not simulated for numeric items; {cure}")
    if kind == "normal":
        return kind, NormalSamples(fitted, np.sqrt(np.diag(fit.solution.implied[0].sigma)))
    if settings.estimator not in ("ML", "MLR") or settings.auxiliary:
        raise ModelError(
            f"{kind} answers are simulated for ML and MLR without auxiliary variables; simulate normal ones, "
            "or fit by these"
        )
    rows = group.required_rows
    if kind == "bootstrap":
        return kind, BootstrapSamples(fitted, rows, settings.estimator, settings.missing)
    return kind, LikertSamples(fitted, *categories_of(rows, fitted.items), settings.estimator)


def _levels(
    population: FactorPopulation, samples: CutoffSamples, simulation: _Simulation
) -> DynamicCutoffs:
    free = len(population.items) + int(np.count_nonzero(population.loadings))
    if free > MOST_FREE:
        raise ModelError(
            f"the model has {free} loadings and residual variances; cut-offs are simulated for at most "
            f"{MOST_FREE}, which takes minutes already"
        )
    added = ((), *population.levels())
    streams = np.random.SeedSequence(simulation.seed).spawn(len(added))
    drawn: list[SimulatedFits] = []
    for at, omitted in enumerate(added):
        for one in omitted:
            population = population.with_omitted(one)
        own = samples.fits(population.correlation, simulation.of(streams[at], at, len(added)))
        if len(own.theta) < LEAST_FITS:
            raise ModelError(
                f"the model converges in {len(own.theta)} of {simulation.reps} samples, too few for cut-offs; "
                "give more rows"
            )
        drawn.append(own)
    levels = []
    for at, (omitted, found) in enumerate(zip(added, drawn, strict=True)):
        srmr, rmsea, cfi = (_cutoff(index, drawn[0], found if at else None) for index in INDICES)
        levels.append(Level(at, omitted, srmr, rmsea, cfi, found.converged))
    lost = [f"{1 - one.converged:.1%} of level {one.level}" for one in levels if one.converged < 1]
    said = (f"fits that did not converge were left out: {', '.join(lost)}",) if lost else ()
    n, df = samples.fitted.n, drawn[0].df
    return DynamicCutoffs(n, df, simulation.reps, simulation.seed, tuple(levels), {}, {}, said)


def _cutoff(index: str, true: SimulatedFits, misspecified: SimulatedFits | None) -> Cutoff:
    """Of level 0 without a misspecified model."""
    sign = -1.0 if index == "cfi" else 1.0  # turned, so that large is bad
    own = np.sort(sign * getattr(true, index))
    bound = float(np.quantile(own, SPECIFICITY))
    if misspecified is None:
        return Cutoff(sign * bound, SPECIFICITY, _error(own, SPECIFICITY))
    wrong = np.sort(sign * getattr(misspecified, index))
    for sensitivity in SENSITIVITIES:
        value = float(np.quantile(wrong, 1 - sensitivity))
        if value >= bound:
            return Cutoff(sign * value, sensitivity, _error(wrong, 1 - sensitivity))
    return Cutoff(None, None, None)


def _error(ordered: Array, share: float) -> float:
    """Standard error of a quantile: half the distance of those one binomial error of its share away
    (Woodruff 1952).
    """
    away = math.sqrt(share * (1 - share) / len(ordered))
    low, high = np.quantile(ordered, [max(share - away, 0.0), min(share + away, 1.0)])
    return float(high - low) / 2


def _reached(levels: tuple[Level, ...], index: str, own: float) -> int:
    """The highest level above 0 whose cut-off the index is at or beyond."""
    reached = 0
    for one in levels[1:]:
        value = getattr(one, index).value
        if value is not None and (own <= value if index == "cfi" else own >= value):
            reached = one.level
    return reached
