"""Measurement invariance: may groups be compared, on what, and which items stand in the way?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.covariance.compare_models import difference_test
from analysis.covariance.data import reference_first
from analysis.covariance.diagnostics import told_once
from analysis.covariance.drawn_rows import Column, named_column
from analysis.covariance.score_tests import score_tests
from analysis.covariance.sem import SemFit, fit_sem
from analysis.covariance.settings import MAXIMUM_LIKELIHOOD
from analysis.covariance.text.model import Model
from analysis.digits import decimals, digits_beside
from analysis.errors import ModelError
from analysis.json_values import to_json
from analysis.moments import Moments

STEPS: dict[str, tuple[str, ...]] = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
# What each step allows to be compared, in a reader's words.
MEANING = {
    "configural": "the same items measure the same factors in every group",
    "metric": "factors mean the same in every group: their relations may be compared",
    "scalar": "answers start from the same level in every group: means may be compared",
    "strict": "items are equally precise in every group: scores may be compared as they are",
}


SMALL = 300  # respondents in all, up to which Chen's (2007) stricter bounds are applied
SCALED = ("chisq_scaled", "df", "pvalue_scaled", "cfi_robust", "tli_robust", "rmsea_robust", "srmr")
PLAIN = ("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic")
CHANGES = ("d_chisq", "d_df", "d_pvalue", "d_cfi", "d_rmsea", "d_srmr")


@dataclass(frozen=True)
class Rules:
    """When a step is accepted: its losses against the step before stay within these bounds.

    Defaults: CFI may fall by .010 (Cheung & Rensvold 2002), RMSEA rise by .015 and SRMR by .030
    for loadings, .010 after (Chen 2007). ``of`` gives Chen's stricter bounds for N <= 300: she
    states them for samples that are small and of unequal groups, the others for those that are
    large and of equal groups, and none for the rest; here the total decides. A step holds when CFI
    and at least one of RMSEA and SRMR stay within bounds, of ordinal items when scaled CFI and
    scaled RMSEA do; the configural model when its CFI and RMSEA reach .90 and .08.
    """

    d_cfi: float = -0.010
    d_rmsea: float = 0.015
    d_srmr_metric: float = 0.030
    d_srmr: float = 0.010
    configural_cfi: float = 0.90
    configural_rmsea: float = 0.08

    @classmethod
    def of(cls, n: int) -> Rules:
        """Chen's (2007) bounds for a total sample of this size."""
        return cls() if n > SMALL else cls(-0.005, 0.010, 0.025, 0.005)

    def told(self, *, ordinal: bool = False) -> str:
        """The rule in one sentence, with the numbers that are applied.

        >>> Rules.of(278).told(ordinal=True)
        'the first step holds with CFI >= .90 and RMSEA <= .08; each other step when CFI falls by no \
more than .005 and RMSEA rises by no more than .010, all scaled'
        """
        first = (
            f"the first step holds with CFI >= {_bound(self.configural_cfi, 2)} and "
            f"RMSEA <= {_bound(self.configural_rmsea, 2)}"
        )
        each = (
            f"each other step when CFI falls by no more than {_bound(-self.d_cfi)} and RMSEA rises "
            f"by no more than {_bound(self.d_rmsea)}"
        )
        if ordinal:
            return f"{first}; {each}, all scaled"
        return (
            f"{first}; {each} or SRMR by no more than {_bound(self.d_srmr_metric)} for loadings and "
            f"{_bound(self.d_srmr)} after (one of the two is enough)"
        )


def _bound(value: float, least: int = 3) -> str:
    return f"{value:.{decimals(value, least)}f}".replace("0.", ".", 1)


@dataclass(frozen=True)
class InvarianceStep:
    """One rung: its fit, the difference test and changes against the rung before, and the verdict."""

    name: str
    equal: tuple[str, ...]
    fit: SemFit
    d_chisq: float | None
    d_df: int | None
    d_pvalue: float | None
    d_cfi: float | None
    d_rmsea: float | None
    d_srmr: float | None
    holds: bool
    because: str

    def to_dict(self) -> dict[str, Any]:
        """Verdict, changes and the whole fit."""
        own = {k: getattr(self, k) for k in ("name", *CHANGES, "holds", "because")}
        return own | {"equal": list(self.equal)} | self.fit.to_dict()


def ladder_table(steps: Sequence[InvarianceStep]) -> pd.DataFrame:
    """One row a rung: fit and changes, of a robust estimator the scaled and robust measures first."""
    robust = steps[0].fit.settings.robust
    rows = []
    for step in steps:
        row: dict[str, object] = {"step": step.name}
        names = (*SCALED, *PLAIN) if robust else PLAIN
        row |= {key: step.fit.fit[key] for key in names if key in step.fit.fit}
        row |= {key: getattr(step, key) for key in CHANGES}
        row |= {"holds": step.holds, "because": step.because}
        rows.append(row)
    return pd.DataFrame(rows).set_index("step")


@dataclass(frozen=True)
class Release:
    """A parameter freed on the way to partial invariance, and what freeing it did."""

    step: str
    parameter: str
    x2: float
    pvalue: float
    cfi: float
    holds: bool


@dataclass(frozen=True)
class Invariance:
    """The ladder, the parameters that break it, partial invariance and latent means."""

    group: str
    groups: tuple[str, ...]
    steps: tuple[InvarianceStep, ...]
    rules: Rules
    reached: str | None
    score_tests: pd.DataFrame
    releases: tuple[Release, ...]
    partial: SemFit | None
    latent_means: pd.DataFrame
    warnings: tuple[str, ...]

    def step(self, name: str) -> InvarianceStep:
        """The rung of that name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def table(self) -> pd.DataFrame:
        """One row a rung: fit and changes, of a robust estimator the scaled and robust measures first."""
        return ladder_table(self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON values at full precision; what does not exist is None."""
        document = {
            "group": self.group,
            "groups": self.groups,
            "reached": self.reached,
            "rules": self.rules,
            "steps": [step.to_dict() for step in self.steps],
            "score_tests": self.score_tests.to_dict(orient="records"),
            "releases": self.releases,
            "partial": None if self.partial is None else self.partial.to_dict(),
            "latent_means": self.latent_means.to_dict(orient="records"),
            "warnings": self.warnings,
        }
        return dict(to_json(document))


def invariance(
    data: pd.DataFrame | Mapping[str, Moments],
    model: str | Model,
    group: str = "group",
    *,
    steps: Sequence[str] = tuple(STEPS),
    estimator: str = "ML",
    missing: str = "listwise",
    std_lv: bool = False,
    free: Sequence[str] = (),
    rules: Rules | None = None,
    partial: bool = True,
    method: str = "2001",
    reference: str | None = None,
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> Invariance:
    """Fit the ladder configural, metric, scalar, strict and judge each step by stated rules.

    ``group``: the grouping column; ``reference`` the group whose latent means are 0 and from which
    released parameters depart, by default the first in the data. ``free``: parameters let free over groups at every step.
    Differences in chi-square are scaled for MLR and MLM (``method`` "2001", "2010" or "2000", see
    ``difference_test``; MLMV has that of 2000 alone). ``rules``: default by sample size, see ``Rules.of``. With ``partial``, where the metric or scalar step
    fails, the parameter with the largest score test is freed, one at a time, while each factor
    keeps two untouched items (Byrne, Shavelson & Muthén 1989): a proposal, with its log, never a
    silent change. Latent means (Sörbom 1974) come from the scalar model, or the partial one, the
    first group's being 0. ``sampling_weights`` and ``cluster`` as ``fit_sem``, of rows.

    Raises ModelError for ordinal estimators, whose ladder is ``ordinal_invariance``. Else what
    ``fit_sem`` raises.
    """
    if estimator not in MAXIMUM_LIKELIHOOD:
        raise ModelError(
            f"estimator {estimator}: invariance is tested by ML, MLR, MLM or MLMV, and of ordinal items by "
            "WLSMV in steps of their own (ordinal_invariance)"
        )
    for name in steps:
        if name not in STEPS:
            raise ModelError(f"step {name!r} is not known; choose among {', '.join(STEPS)}")
    data, weights_name = named_column(data, sampling_weights, "sampling_weights")
    data, cluster_name = named_column(data, cluster, "cluster")
    data = reference_first(data, group, reference)
    options: dict[str, Any] = {
        "sampling_weights": weights_name,
        "cluster": cluster_name,
        "estimator": estimator,
        "missing": missing,
        "group": group if isinstance(data, pd.DataFrame) else None,
        "std_lv": std_lv,
        "mean_structure": True,
    }
    fits = {
        name: fit_sem(data, model, equal=STEPS[name], free=_applicable(free, name), **options)
        for name in steps
    }
    first = next(iter(fits.values()))
    applied = Rules.of(first.n) if rules is None else rules
    ladder, said = judged(fits, applied, method)
    reached = None
    for step in ladder:
        if not step.holds:
            break
        reached = step.name
    failing = next((s for s in ladder if not s.holds and s.equal), None)
    constrained = [s for s in ladder if s.equal]
    shown = failing or (constrained[-1] if constrained else None)
    scores = pd.DataFrame() if shown is None else score_tests(shown.fit.solution)
    releases: tuple[Release, ...] = ()
    repaired: SemFit | None = None
    if partial and failing is not None and failing.name in ("metric", "scalar"):

        def refit(step: str, released: Sequence[str]) -> SemFit:
            return fit_sem(data, model, equal=STEPS[step], free=tuple(released), **options)

        releases, repaired = released_until_held(fits, failing.name, applied, free, refit, _worst)
    means_from = (
        repaired if repaired is not None and "intercepts" in repaired.settings.equal else None
    )
    if means_from is None:
        means_from = fits.get("scalar")
    return Invariance(
        group,
        first.groups,
        ladder,
        applied,
        reached,
        scores,
        releases,
        repaired,
        pd.DataFrame() if means_from is None else latent_means(means_from),
        (*told_once((fit.solution, fit.warnings) for fit in fits.values()), *said),
    )


def _applicable(free: Sequence[str], step: str) -> tuple[str, ...]:
    """The exceptions that the step's equalities touch; the configural model has none."""
    return tuple(free) if STEPS[step] else ()


def judged(
    fits: Mapping[str, SemFit], rules: Rules, method: str
) -> tuple[tuple[InvarianceStep, ...], tuple[str, ...]]:
    """The steps with their verdicts, and what a reader must know of them."""
    result: list[InvarianceStep] = []
    said: list[str] = []
    before: SemFit | None = None
    for name, fit in fits.items():
        if before is None:
            (cfi,), (rmsea,) = _values("cfi", fit), _values("rmsea", fit)
            holds = cfi >= rules.configural_cfi and rmsea <= rules.configural_rmsea
            because = (
                f"CFI {beside(cfi, rules.configural_cfi, least=2)} and "
                f"RMSEA {beside(rmsea, rules.configural_rmsea, least=2)}"
            )
            result.append(
                InvarianceStep(name, STEPS[name], fit, *(None,) * 6, holds=holds, because=because)
            )
        else:
            test = difference_test(fit, before, method=method)
            if test.warning is not None:
                said.append(f"{name}: {test.warning}")
            change = _changes(before, fit)
            holds, because = _within(name, change, rules)
            result.append(
                InvarianceStep(
                    name,
                    STEPS[name],
                    fit,
                    test.chisq,
                    test.df,
                    test.pvalue,
                    change["cfi"],
                    change["rmsea"],
                    change["srmr"],
                    holds,
                    because,
                )
            )
        if any(_undefined(key, fit) for key in ("cfi_robust", "rmsea_robust")):
            said.append(
                f"{name}: robust CFI or RMSEA does not exist, so this step and the next are judged by "
                "the plain one"
            )
        before = fit
    return tuple(result), tuple(said)


def _values(name: str, *fits: SemFit) -> tuple[float, ...]:
    """The measure of every fit: the robust one where the estimator has it, but the plain one of all
    where the robust one of any does not exist; the two kinds are not to be compared.
    """
    key = f"{name}_robust"
    robust = fits[0].settings.robust and not any(_undefined(key, fit) for fit in fits)
    return tuple(fit.fit.get(key, fit.fit[name]) if robust else fit.fit[name] for fit in fits)


def _undefined(key: str, fit: SemFit) -> bool:
    return not np.isfinite(fit.fit.get(key, 0.0))


def _within(name: str, change: Mapping[str, float], rules: Rules) -> tuple[bool, str]:
    d_srmr = rules.d_srmr_metric if name == "metric" else rules.d_srmr
    cfi = change["cfi"] >= rules.d_cfi
    other = change["rmsea"] <= rules.d_rmsea or change["srmr"] <= d_srmr
    if not np.isfinite(sum(change.values())):
        return False, "the fit of this step or of the one before has no CFI, RMSEA or SRMR"
    because = (
        f"CFI changes by {moved(change['cfi'], rules.d_cfi, 'bound ')}, and RMSEA by "
        f"{moved(change['rmsea'], rules.d_rmsea)} or SRMR by {moved(change['srmr'], d_srmr)}"
    )
    return cfi and other, because


def beside(value: float, bound: float, *, least: int) -> str:
    """A value against its bound, with the digits that keep it on its side of it."""
    return f"{value:.{digits_beside(value, bound)}f} against {bound:.{decimals(bound, least)}f}"


def moved(change: float, bound: float, word: str = "") -> str:
    """A change and its bound in brackets, as ``beside``."""
    return f"{change:+.{digits_beside(change, bound)}f} ({word}{bound:+.{decimals(bound, 3)}f})"


def released_until_held(
    fits: Mapping[str, SemFit],
    name: str,
    rules: Rules,
    free: Sequence[str],
    refit: Callable[[str, Sequence[str]], SemFit],
    worst: Callable[[SemFit, str, Sequence[str]], pd.Series | None],
) -> tuple[tuple[Release, ...], SemFit | None]:
    """From the failing step on to the scalar one: free the worst parameter until each step holds.

    ``refit`` fits a step with the parameters named left free; ``worst`` gives the name, x2 and pvalue
    of the costliest parameter of the kind (``=~`` or ``~1``) that may still be freed, None where there
    is none.
    """
    names = list(fits)
    at = names.index(name)
    if at == 0:
        return (), None
    before, released = fits[names[at - 1]], list(free)
    log: list[Release] = []
    for step in names[at:]:
        if step == "strict":
            break
        fit = refit(step, released) if released else fits[step]
        while not _within(step, _changes(before, fit), rules)[0]:
            found = worst(fit, "=~" if step == "metric" else "~1", released)
            if found is None:
                return tuple(log), None
            released.append(str(found["name"]))
            fit = refit(step, released)
            log.append(
                Release(
                    step,
                    str(found["name"]),
                    float(found["x2"]),
                    float(found["pvalue"]),
                    _values("cfi", fit)[0],
                    _within(step, _changes(before, fit), rules)[0],
                )
            )
        before = fit
    return tuple(log), before


def _changes(before: SemFit, after: SemFit) -> dict[str, float]:
    changes = {}
    for name in ("cfi", "rmsea", "srmr"):
        first, second = _values(name, before, after)
        changes[name] = second - first
    return changes


def _worst(fit: SemFit, op: str, released: Sequence[str]) -> pd.Series | None:
    """The largest score test among parameters of this kind that may still be freed."""
    tests = score_tests(fit.solution)
    allowed = np.array(
        [may_be_released(fit.model, str(name), released) for name in tests["name"]], dtype=bool
    )
    candidates = tests[(tests["op"] == op).to_numpy() & allowed]
    return None if candidates.empty else candidates.iloc[0]


def may_be_released(model: Model, name: str, released: Sequence[str]) -> bool:
    """Whether a loading, intercept (``x3~1``) or item's thresholds (``x3|``) may be freed: it is not
    free yet, and the item's factor keeps two items untouched without it.
    """
    item = _item(name)
    touched = {_item(other) for other in released} | {item}
    for factor in model.latent:
        items = model.indicators(factor)
        if item in items and name not in released:
            return len([other for other in items if other not in touched]) >= 2
    return False


def _item(name: str) -> str:
    return name.split("=~")[-1].removesuffix("~1").removesuffix("|")


def latent_means(fit: SemFit) -> pd.DataFrame:
    """factor, group, est, se, z, pvalue, ci_lower, ci_upper, d: factor means against the first
    group's 0.

    ``d`` is the difference in pooled within-group standard deviations of the factor (Hancock
    2001).
    """
    frame = fit.estimates
    p = len(fit.table.observed)
    n = list(fit.group_n.values())
    rows = []
    for number, label in list(enumerate(fit.groups))[1:]:
        for k, factor in enumerate(fit.table.latent):
            found = frame[
                (frame["op"] == "~1") & (frame["lhs"] == factor) & (frame["group"] == number + 1)
            ]
            row = found[["est", "se", "z", "pvalue", "ci_lower", "ci_upper"]].iloc[0].to_dict()
            variances = [fit.implied[g].covariance[p + k, p + k] for g in (0, number)]
            pooled = (n[0] * variances[0] + n[number] * variances[1]) / (n[0] + n[number])
            d = row["est"] / np.sqrt(pooled) if pooled > 0 else np.nan
            rows.append({"factor": factor, "group": label, **row, "d": d})
    return pd.DataFrame(rows)
