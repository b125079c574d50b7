"""The effects of the SJQ study estimated in other ways, and why the ways differ."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.composite.cases import Missing
from analysis.composite.higher_order import HigherOrder
from analysis.composite.model import PlsModel
from analysis.composite.pls import fit_pls
from analysis.composite.result import PlsResult
from analysis.covariance.sem import SemFit, fit_sem
from analysis.errors import AnalysisError

WHY = (
    "PLS with repeated items or two stages relates the composites that were measured, so that "
    "measurement error makes effects smaller; the three-stage way and maximum likelihood take it "
    "out. Maximum likelihood moreover treats the second-order constructs as causes of their "
    "dimensions (reflective), so that it gives weight to what the dimensions share, whereas PLS "
    "treats them as composed of their dimensions (formative) and keeps what is particular to each."
)


@dataclass(frozen=True)
class Robustness:
    """The chief effects by way of estimation.

    ``table``: method, to_mediator (source on mediator), from_mediator (mediator on target),
    direct, indirect, total; ``ml`` is the covariance-based fit (None when left out or impossible,
    then ``warnings`` says why).
    """

    table: pd.DataFrame
    ml: SemFit | None
    why: str
    warnings: tuple[str, ...]


def robustness(
    data: pd.DataFrame, model: PlsModel, fitted: PlsResult, *, missing: Missing, ml: bool = True
) -> Robustness:
    """One mediation model (source -> mediator -> target, source -> target) estimated four ways."""
    source, mediator, target = _chain(model)
    rows, notes = [], []
    methods: tuple[HigherOrder, ...] = ("repeated", "two-stage", "three-stage")
    for method in methods:
        if fitted.settings.higher_order == method:
            fit = fitted
        else:
            try:
                fit = fit_pls(data, model, higher_order=method, missing=missing)
            except AnalysisError as error:
                notes.append(f"{method}: {error}")
                continue
        direct, total = fit.path(source, target), fit.total(source, target)
        rows.append(
            (
                f"PLS {method}",
                fit.total(source, mediator),
                fit.path(mediator, target),
                direct,
                total - direct,
                total,
            )
        )
    second: SemFit | None = None
    if ml:
        try:
            second = reflective_counterpart(data, model)
        except AnalysisError as error:
            notes.append(f"maximum likelihood: {error}")
    if second is not None:
        b = {(r["lhs"], r["rhs"]): r["std_all"] for r in second.estimates.to_dict("records")}
        a, c, d = b[mediator, source], b[target, mediator], b[target, source]
        rows.append(("ML, second order reflective", a, c, d, a * c, d + a * c))
        notes += second.warnings
    columns = ["method", "to_mediator", "from_mediator", "direct", "indirect", "total"]
    return Robustness(pd.DataFrame(rows, columns=columns), second, WHY, tuple(notes))


def reflective_counterpart(data: pd.DataFrame, model: PlsModel) -> SemFit:
    """The composite model's covariance-based twin: every ``<~`` read as ``=~``, fitted by ML.

    Rows with a missing answer are left out. Raises as ``fit_sem``.
    """
    lines = [
        f"{construct.name} =~ {' + '.join(construct.parts)}"
        for construct in (*model.first_order, *model.higher)
    ]
    lines += [f"{path.target} ~ {path.source}" for path in model.paths]
    return fit_sem(data, "\n".join(lines), estimator="ML")


def _chain(model: PlsModel) -> tuple[str, str, str]:
    """Source, mediator and target of a model of three constructs."""
    source = next(p.source for p in model.paths if not model.antecedents(p.source))
    target = next(p.target for p in model.paths if not model.targets(p.target))
    mediator = next(p.target for p in model.paths if p.source == source and p.target != target)
    return source, mediator, target
