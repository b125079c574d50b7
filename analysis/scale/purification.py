"""Which items a researcher might leave out, in what order, and what each step would change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from analysis.digits import decimals
from analysis.errors import AnalysisError
from analysis.moments import Moments, moments
from analysis.scale.cfa import Cfa, Model, fit_cfa
from analysis.scale.keying import opposed_items
from analysis.scale.reliability import cronbach_alpha

LOADING_CUT = 0.70  # half of the item's variance; Fornell & Larcker 1981, Hair et al. 2019
FEWEST_ITEMS = 3  # a factor keeps at least three

Fit = Callable[[Moments, Model], Cfa]


@dataclass(frozen=True)
class PurificationStep:
    """The proposal to drop one item: why, and the model before and after.

    ``alpha_before`` and ``alpha_after`` are the item's own factor's. ``before`` and ``after`` hold
    ``MEASURES``; BIC is None where the estimator has no likelihood.
    """

    step: int
    item: str
    factor: str
    loading: float
    reason: str
    alpha_before: float
    alpha_after: float
    before: dict[str, float | None]
    after: dict[str, float | None]


@dataclass(frozen=True)
class Purification:
    """Steps in order, the model that would remain, and items below the cut that must stay.

    ``stopped``: why nothing is proposed although items may load below the cut, empty otherwise.
    """

    loading_cut: float
    fewest_items: int
    steps: tuple[PurificationStep, ...]
    model: dict[str, tuple[str, ...]]
    kept_below_cut: tuple[str, ...]
    warnings: tuple[str, ...]
    stopped: str = ""


MEASURES = ("chisq", "df", "cfi", "tli", "rmsea", "srmr", "bic")


def propose_purification(
    data: pd.DataFrame | Moments,
    model: Model,
    *,
    loading_cut: float = LOADING_CUT,
    fewest_items: int = FEWEST_ITEMS,
    most_steps: int = 10,
    fit: Fit = fit_cfa,
) -> Purification:
    """Propose to drop the item with the lowest standardised loading below the cut, one at a time.

    After each step the model is fitted again on the same rows (complete on all items). A factor
    keeps at least ``fewest_items``. Nothing is changed in the data: the steps are a proposal that
    needs a substantive reason too, and new data to confirm it (MacCallum, Roznowski & Necowitz
    1992). A refit that fails ends the log with a warning. Nothing is proposed while an item runs
    against its factor: turned, it may be the best of them. Raises as ``fit_cfa`` for the first fit.
    """
    found = moments(data, [item for items in model.values() for item in items])
    current = {factor: tuple(items) for factor, items in model.items()}
    fitted = fit(found, current)
    steps: list[PurificationStep] = []
    said: tuple[str, ...] = ()
    stopped = _stopped(found, fitted)
    while len(steps) < most_steps and not stopped:
        below = [
            x
            for x in fitted.loadings
            if abs(x.std_all) < loading_cut and len(current[x.factor]) > fewest_items
        ]
        if not below:
            break
        worst = min(below, key=lambda x: abs(x.std_all))
        rest = tuple(item for item in current[worst.factor] if item != worst.item)
        reduced = current | {worst.factor: rest}
        try:
            refitted = fit(found, reduced)
        except AnalysisError as error:
            said = (f"without {worst.item} the model cannot be fitted: {error}",)
            break
        steps.append(
            PurificationStep(
                step=len(steps) + 1,
                item=worst.item,
                factor=worst.factor,
                loading=worst.std_all,
                reason=f"lowest standardised loading below {loading_cut:.{decimals(loading_cut)}f}",
                alpha_before=cronbach_alpha(found, current[worst.factor]).alpha.estimate,
                alpha_after=cronbach_alpha(found, rest).alpha.estimate,
                before={name: fitted.fit.get(name) for name in MEASURES},
                after={name: refitted.fit.get(name) for name in MEASURES},
            )
        )
        current, fitted = reduced, refitted
    return Purification(
        loading_cut=loading_cut,
        fewest_items=fewest_items,
        steps=tuple(steps),
        model=current,
        kept_below_cut=()
        if stopped
        else tuple(x.item for x in fitted.loadings if abs(x.std_all) < loading_cut),
        warnings=said,
        stopped=stopped,
    )


def _stopped(found: Moments, fitted: Cfa) -> str:
    """Why a proposal would be wrong, empty where it would not be."""
    loadings = {x.item: x.std_all for x in fitted.loadings} if fitted.converged else {}
    opposed = opposed_items(found, fitted.model, loadings)
    if not opposed:
        return ""
    names = ", ".join(dict.fromkeys(one.item for one in opposed))
    verb = "runs" if len(opposed) == 1 else "run"
    return (
        f"{names} {verb} against the other items of the factor; a loading or alpha says nothing of"
        " which item to drop before these are turned or left out"
    )
