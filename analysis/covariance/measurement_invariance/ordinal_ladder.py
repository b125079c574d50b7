"""The ladder of ordinal items: each step judged, and what is released where one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from analysis.covariance.measurement_invariance.invariance import Release, Rules, beside, moved

F = TypeVar("F")
Difference = tuple[float | None, int, float | None]  # chi-square, df, p


@dataclass(frozen=True)
class Evaluation(Generic[F]):
    """How fits of a ladder are measured and compared; ``difference`` takes the restricted one first."""

    measures: Callable[[F], dict[str, float]]
    difference: Callable[[F, F], Difference]
    misfit: Callable[[F], float]
    converged: Callable[[F], bool]


@dataclass(frozen=True)
class OrdinalStep:
    """One rung: scaled fit, difference test against the rung before, verdict."""

    name: str
    fit: dict[str, float]
    d_chisq: float | None
    d_df: int | None
    d_pvalue: float | None
    d_cfi: float | None
    d_rmsea: float | None
    holds: bool
    because: str
    converged: bool


def ordinal_table(steps: Sequence[OrdinalStep]) -> pd.DataFrame:
    """One row a rung: its scaled fit, the changes and the verdict."""
    rows = []
    for step in steps:
        own = {k: v for k, v in vars(step).items() if k not in ("name", "fit")}
        rows.append({"step": step.name} | step.fit | own)
    return pd.DataFrame(rows).set_index("step")


def undefined_tests(steps: tuple[OrdinalStep, ...]) -> tuple[str, ...]:
    """A sentence for each step whose difference test does not exist."""
    return tuple(
        f"{step.name}: the scaled difference test does not exist, because a step did not converge or "
        "its information is singular: the groups are too small for these items"
        for step in steps
        if step.d_df and step.d_chisq is None
    )


@dataclass(frozen=True)
class _Partial(Generic[F]):
    """What was released, and the fit with equal intercepts that holds with it, if one does."""

    releases: tuple[Release, ...] = ()
    intercepts: F | None = None


@dataclass(frozen=True)
class Ladder(Generic[F]):
    """The steps judged, the last that holds with all before it, and what was released. ``partial`` are the
    measures of the fit that holds with the releases, ``intercepts`` is it, or else the step of that name.
    """

    steps: tuple[OrdinalStep, ...]
    rules: Rules
    reached: str | None
    releases: tuple[Release, ...]
    partial: dict[str, float] | None
    intercepts: F


def ladder_of(
    fits: Mapping[str, F],
    by: Evaluation[F],
    *,
    rules: Rules,
    partial: bool,
    free: Sequence[str],
    refit: Callable[[str, Sequence[str]], F],
    candidates: Callable[[F, str, Sequence[str]], Iterator[str]],
) -> Ladder[F]:
    """Judge the fits, most general first; with ``partial`` free parameters from the first step that fails.

    ``refit`` fits a step with the parameters named left free, to begin with those ``free`` everywhere;
    ``candidates`` names those that a step holds and that may still be freed.
    """
    steps = _judged(fits, {name: by.measures(fit) for name, fit in fits.items()}, rules, by)
    failing = next((step.name for step in steps if not step.holds), None)
    names = [step.name for step in steps]
    held = names if failing is None else names[: names.index(failing)]
    found: _Partial[F] = _Partial()
    if partial and failing in RELEASED:
        found = _released(fits, failing, rules, free, refit, candidates, by)
    own = found.intercepts
    return Ladder(
        steps,
        rules,
        held[-1] if held else None,
        found.releases,
        None if own is None else by.measures(own),
        fits["intercepts"] if own is None else own,
    )


# The steps at which a parameter may be let go, and its name by factor and item.
RELEASED = {"thresholds": "{item}|", "loadings": "{factor}=~{item}", "intercepts": "{item}~1"}


def _released(
    fits: Mapping[str, F],
    failing: str,
    rules: Rules,
    free: Sequence[str],
    refit: Callable[[str, Sequence[str]], F],
    candidates: Callable[[F, str, Sequence[str]], Iterator[str]],
    by: Evaluation[F],
) -> _Partial[F]:
    """From the failing step on: free the parameter that costs most until each step holds."""
    names = list(fits)
    before, released = fits[names[names.index(failing) - 1]], list(free)
    log: list[Release] = []
    for step in list(RELEASED)[list(RELEASED).index(failing) :]:
        fit = refit(step, released) if log else fits[step]
        while not _within(by.measures(before), by.measures(fit), rules)[0]:
            others = {
                name: refit(step, [*released, name]) for name in candidates(fit, step, released)
            }
            if not others:
                return _Partial(tuple(log))
            worst = min(others, key=lambda name: by.misfit(others[name]))
            chisq, _, pvalue = by.difference(fit, others[worst])
            fit = others[worst]
            released.append(worst)
            own = by.measures(fit)
            holds = _within(by.measures(before), own, rules)[0]
            test = (
                (float("nan"), float("nan")) if chisq is None or pvalue is None else (chisq, pvalue)
            )
            log.append(Release(step, worst, *test, own["cfi_scaled"], holds))
        before = fit
    return _Partial(tuple(log), before)


def _judged(
    fits: Mapping[str, F],
    measured: Mapping[str, dict[str, float]],
    rules: Rules,
    by: Evaluation[F],
) -> tuple[OrdinalStep, ...]:
    result: list[OrdinalStep] = []
    before: str | None = None
    for name, fit in fits.items():
        own = measured[name]
        converged = by.converged(fit)
        if before is None:
            cfi, approximation = own["cfi_scaled"], own["rmsea_scaled"]
            holds = cfi >= rules.configural_cfi and approximation <= rules.configural_rmsea
            because = (
                f"scaled CFI {beside(cfi, rules.configural_cfi, least=2)} and "
                f"RMSEA {beside(approximation, rules.configural_rmsea, least=2)}"
            )
            because = because if converged else NOT_CONVERGED
            nothing = (None,) * 5
            result.append(OrdinalStep(name, own, *nothing, holds, because, converged))
        else:
            test = by.difference(fit, fits[before])
            d_cfi = own["cfi_scaled"] - measured[before]["cfi_scaled"]
            d_rmsea = own["rmsea_scaled"] - measured[before]["rmsea_scaled"]
            holds, because = _within(measured[before], own, rules)
            result.append(OrdinalStep(name, own, *test, d_cfi, d_rmsea, holds, because, converged))
        before = name
    return tuple(result)


NOT_CONVERGED = "the fit of this step or of the one before did not converge"


def _within(
    before: Mapping[str, float], own: Mapping[str, float], rules: Rules
) -> tuple[bool, str]:
    """Whether a step's losses stay within the bounds, and the sentence that says so."""
    d_cfi = own["cfi_scaled"] - before["cfi_scaled"]
    d_rmsea = own["rmsea_scaled"] - before["rmsea_scaled"]
    if not np.isfinite(d_cfi + d_rmsea):
        return False, NOT_CONVERGED
    because = (
        f"scaled CFI changes by {moved(d_cfi, rules.d_cfi, 'bound ')} and "
        f"RMSEA by {moved(d_rmsea, rules.d_rmsea)}"
    )
    return d_cfi >= rules.d_cfi and d_rmsea <= rules.d_rmsea, because
