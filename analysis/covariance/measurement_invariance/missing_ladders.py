"""Does the verdict on invariance depend on how missing answers are treated? Both ladders side by side."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd

from analysis.covariance.data import numeric_rows, require_group_column
from analysis.covariance.drawn_rows import not_drawn
from analysis.covariance.measurement_invariance.invariance import Invariance, invariance
from analysis.covariance.text.syntax import as_model
from analysis.json_values import filled
from analysis.losses import Losses, losses

COMPARED = ("ML", "MLR")  # estimators that FIML goes with
Number = float | None


@dataclass(frozen=True)
class TreatedStep:
    """A step under one treatment of missing answers, of a robust estimator by its robust measures."""

    step: str
    chisq: Number
    df: Number
    cfi: Number
    rmsea: Number
    d_cfi: Number
    d_pvalue: Number
    holds: bool


@dataclass(frozen=True)
class TreatedLadder:
    """The ladder under one treatment; ``reached``: the last step that holds with all before it."""

    missing: str
    n: int
    reached: str | None
    steps: tuple[TreatedStep, ...]


def model_losses(
    data: pd.DataFrame,
    model: str | Sequence[str],
    used: int,
    group: str | None = None,
    *,
    drawn: tuple[str | None, str | None] = (None, None),
) -> Losses:
    """The losses of a model, or of the variables that it names, fitted in the groups of a column. Raises
    MissingItem.

    ``drawn``: the columns of weights and clusters; a row without a weight or cluster is counted for
    that, also where its group is unknown.
    """
    names = as_model(model).observed if isinstance(model, str) else tuple(model)
    values = numeric_rows(data, names)
    undrawn = not_drawn(data, *drawn)
    unknown = 0
    if group is not None:
        unknown = int((require_group_column(data, group).isna().to_numpy() & ~undrawn).sum())
    return losses(values, used, no_group=unknown, not_drawn=int(undrawn.sum()))


def both_treatments(
    found: Invariance,
    data: pd.DataFrame,
    model: str,
    *,
    reference: str | None = None,
    free: Sequence[str] = (),
) -> tuple[TreatedLadder, TreatedLadder]:
    """The ladder by listwise deletion and by full information maximum likelihood (FIML).

    found: one of the two; the other is computed with the same weights, clusters, ``reference`` and
    ``free``. Raises as ``invariance``.
    """
    settings = found.steps[0].fit.settings
    other = "fiml" if settings.missing == "listwise" else "listwise"
    ladders = {
        settings.missing: found,
        other: invariance(
            data,
            model,
            found.group,
            estimator=settings.estimator,
            missing=other,
            reference=reference,
            free=free,
            partial=False,
            sampling_weights=settings.sampling_weights,
            cluster=settings.cluster,
        ),
    }
    return _treated("listwise", ladders["listwise"]), _treated("fiml", ladders["fiml"])


def _treated(missing: str, found: Invariance) -> TreatedLadder:
    steps = [
        {
            **row,
            **{name: row[key] for name, key in _preferred(row).items()},
            "step": step.name,
        }
        for step, row in zip(found.steps, found.table.to_dict("records"), strict=True)
    ]
    names = [field.name for field in fields(TreatedStep)]
    return filled(
        TreatedLadder,
        found,
        missing=missing,
        n=found.steps[0].fit.n,
        steps=[{name: row[name] for name in names} for row in steps],
    )


def _preferred(row: Mapping[Hashable, Any]) -> dict[str, str]:
    """The scaled and robust measures where the estimator has them."""
    robust = {"chisq": "chisq_scaled", "cfi": "cfi_robust", "rmsea": "rmsea_robust"}
    return {name: key for name, key in robust.items() if pd.notna(row.get(key))}
