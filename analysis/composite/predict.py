"""PLSpredict: how well a composite model predicts answers it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from analysis.composite.cases import Cases, Missing
from analysis.composite.estimate import Estimates, estimate
from analysis.composite.layout import CompositeOptions, Layout, causal_rank
from analysis.composite.model import PlsModel
from analysis.composite.pls import read_sample
from analysis.errors import DataError, ModelError
from analysis.moments import numeric
from analysis.threads import one_blas_thread

Technique = Literal["direct", "earliest"]


@dataclass(frozen=True)
class Prediction:
    """Out-of-sample prediction of the items of endogenous constructs.

    ``items`` by item: construct, rmse, mae and q2 of PLS, rmse_lm and mae_lm of the linear model
    benchmark, rmse_mean of the training mean; ``in_sample`` rmse and mae of PLS and LM on the
    training rows. ``constructs``: q2 of the predicted composites. Errors (n, items) are answers
    less predictions, averaged over repetitions before they are measured.
    """

    items: pd.DataFrame
    in_sample: pd.DataFrame
    constructs: pd.DataFrame
    power: str
    n: int
    folds: int
    repetitions: int
    errors: np.ndarray = field(repr=False)
    errors_lm: np.ndarray = field(repr=False)
    errors_mean: np.ndarray = field(repr=False)
    predicted: np.ndarray = field(repr=False)
    predicted_lm: np.ndarray = field(repr=False)
    scores: np.ndarray = field(repr=False)


@one_blas_thread()
def predict_pls(
    data: pd.DataFrame,
    model: str | PlsModel,
    *,
    folds: int = 10,
    repetitions: int = 10,
    technique: Technique = "direct",
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
    seed: int | None = None,
    fold_of: Sequence[int] | np.ndarray | None = None,
) -> Prediction:
    """k-fold cross-validated prediction of items (Shmueli et al. 2019, EJM 53(11)).

    The model is fitted without each fold in turn, and predicts the fold: its items give scores,
    "direct" antecedents' scores (or the "earliest", exogenous ones' through the model) predicted
    scores, these the items. The linear model regresses each item on the antecedents' items. Q2 is
    1 - SSE / SSE of the training means. ``fold_of`` (n,) or (repetitions, n) assigns rows to folds
    0, 1, ... explicitly. All fits are one batch.

    power: "high" when PLS has the smaller RMSE than the linear model for all items, "medium" for
    most, "low" for a minority, "none" for no item or when no Q2 is positive.

    Raises as ``fit_pls``; ModelError for PLSc and three stages, whose coefficients do not belong
    to scores; DataError for folds that cannot be. Validated against R seminr ``predict_pls`` (DA
    and EA), whose scores of products differ: it multiplies coefficients of products in their own
    units by standardised ones.
    """
    _require_scores(settings, technique)
    layout, cases, whole = read_sample(data, model, settings, missing)
    plan = _plan(cases.n, folds, repetitions, seed, fold_of, least=len(layout.items) + 1)
    return _cross_validate(cases, layout, whole, plan, technique)


def predict_rows(
    data: pd.DataFrame,
    model: str | PlsModel,
    rows: pd.DataFrame,
    *,
    technique: Technique = "direct",
    settings: CompositeOptions = CompositeOptions(),  # noqa: B008 - frozen
    missing: Missing = "mean",
) -> pd.DataFrame:
    """Items of endogenous constructs predicted for new rows by a model fitted to ``data``.

    The rows need the model's items as columns (missing answers stand at the mean); the frame that
    comes back has their index. Raises as ``predict_pls``. Validated against R seminr ``predict``.
    """
    _require_scores(settings, technique)
    layout, cases, e = read_sample(data, model, settings, missing)
    whole = cases.whole()
    answers = numeric(rows, layout.items)
    z = _centred(cases, answers, e, 0, whole.mean[0], whole.sd[0])
    targets = _items(layout)
    at = [i for _, i in targets]
    predicted, _ = _pls(z, e, 0, targets, technique)
    return pd.DataFrame(
        predicted * whole.sd[0][at] + whole.mean[0][at],
        index=rows.index,
        columns=[layout.items[i] for i in at],
    )


def _require_scores(settings: CompositeOptions, technique: str) -> None:
    if settings.consistent or settings.higher_order == "three-stage":
        raise ModelError(
            "prediction works with scores, which PLSc and three stages correct for; fit without "
            "correction"
        )
    if technique not in ("direct", "earliest"):
        raise ModelError(f"technique={technique!r} is not known; use 'direct' or 'earliest'")


def _plan(
    n: int,
    folds: int,
    repetitions: int,
    seed: int | None,
    fold_of: Sequence[int] | np.ndarray | None,
    *,
    least: int,
) -> np.ndarray:
    """Fold numbers (repetitions, n)."""
    if fold_of is not None:
        plan = np.atleast_2d(np.asarray(fold_of))
        if plan.shape[1] != n or plan.dtype.kind not in "iu":
            raise DataError(f"fold_of needs one whole number for each of the {n} usable rows")
        for row in plan:
            if sorted(set(row.tolist())) != list(range(int(row.max()) + 1)) or row.max() < 1:
                raise DataError("fold_of must use every number from 0 to folds - 1, at least two")
    else:
        if not 2 <= folds <= n or repetitions < 1:
            raise DataError(f"folds must lie between 2 and {n}, repetitions be 1 or more")
        rng = np.random.default_rng(seed)
        plan = np.array([rng.permutation(np.arange(n) % folds) for _ in range(repetitions)])
    largest = max(int(np.bincount(row).max()) for row in plan)
    if n - largest < least:
        raise DataError(
            f"without its largest fold ({largest} rows) the data has {n - largest} rows; the model "
            f"needs {least}: use more folds"
        )
    return plan


def _cross_validate(
    cases: Cases, layout: Layout, whole: Estimates, plan: np.ndarray, technique: Technique
) -> Prediction:
    targets = _items(layout)
    at = np.array([i for _, i in targets])
    n, k = cases.n, len(targets)
    out = {name: np.zeros((n, k)) for name in ("pls", "lm", "mean", "pls_in", "lm_in")}
    scores = np.zeros((n, len(layout.names)))
    _, reference = estimate(cases.whole(), layout)
    for row in plan:
        folds = int(row.max()) + 1
        counts = (row[None, :] != np.arange(folds)[:, None]).astype(float)
        batch = cases.batch(counts)
        if len(batch.kept) < folds:
            raise DataError(
                "an item has no variance in the rows that one fold leaves; use fewer folds"
            )
        e, _ = estimate(batch, layout, reference=reference)
        for f in range(folds):
            z = _centred(cases, cases.values, e, f, batch.mean[f], batch.sd[f])
            predicted, y = _pls(z, e, f, targets, technique)
            lm = _linear(z, e, f, targets, technique)
            sd, mean = batch.sd[f][at], batch.mean[f][at]
            test = row == f
            train = ~test
            out["pls"][test] += predicted[test] * sd + mean
            out["lm"][test] += lm[test] * sd + mean
            out["mean"][test] += mean
            out["pls_in"][train] += (predicted[train] * sd + mean) / (folds - 1)
            out["lm_in"][train] += (lm[train] * sd + mean) / (folds - 1)
            scores[test] += y[test]
    for name in out:
        out[name] /= len(plan)
    return _report(cases, layout, whole, targets, out, scores / len(plan), plan)


def _items(layout: Layout) -> list[tuple[int, int]]:
    """(construct of the final stage, item) for every item to predict."""
    rows = []
    parts = {part for c in layout.model.higher for part in c.parts}
    repeated = bool(layout.model.higher) and not layout.lower
    for j in layout.endogenous:
        name = layout.names[j]
        if repeated and layout.model.is_higher(name):
            continue  # its items are predicted through its dimensions
        if not repeated and name in parts:
            continue
        rows += [(j, layout.items.index(item)) for item in layout.model.items_of(name)]
    return rows


def _centred(
    cases: Cases, rows: np.ndarray, e: Estimates, f: int, mean: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    """Rows (m, q) in units of the training rows of fold f; products less their training mean."""
    z = cases.standardised(rows, mean, sd)
    p = len(cases.items)
    for t, (i, j) in enumerate(cases.pairs, start=p):
        z[:, t] -= e.cov[f, i, j]
    return z


def _pls(
    z: np.ndarray, e: Estimates, f: int, targets: list[tuple[int, int]], technique: Technique
) -> tuple[np.ndarray, np.ndarray]:
    layout = e.layout
    J = len(layout.names)
    own = z @ e.composites[f][:, :J]
    B = np.zeros((J, J))
    for k, (s, t) in enumerate(layout.arrows):
        B[s, t] = e.paths[f, k] * e.product_sd[f, s]
    exogenous = np.asarray(~layout.final.arrows.any(axis=0))
    if technique == "direct":
        y = np.where(exogenous, own, own @ B)
    else:
        y = np.where(exogenous, own, 0.0)
        for j in causal_rank(layout):
            if not exogenous[j]:
                y[:, j] = y @ B[:, j]
    loadings = (e.cov[f] @ e.composites[f][:, :J])[[i for _, i in targets], [j for j, _ in targets]]
    return y[:, [j for j, _ in targets]] * loadings, y


def _linear(
    z: np.ndarray, e: Estimates, f: int, targets: list[tuple[int, int]], technique: Technique
) -> np.ndarray:
    """Items regressed on the items (and products) of the antecedents, from the training moments."""
    layout = e.layout
    exogenous = np.flatnonzero(~layout.final.arrows.any(axis=0))
    out = np.zeros((len(z), len(targets)))
    for j in dict.fromkeys(j for j, _ in targets):
        sources = np.flatnonzero(layout.final.arrows[:, j]) if technique == "direct" else exogenous
        X = np.zeros((e.cov.shape[1], 0))
        for s in sources:
            X = np.hstack([X, _predictors(e, f, int(s))])
        columns = [c for c, (owner, _) in enumerate(targets) if owner == j]
        items = [targets[c][1] for c in columns]
        Sxx = X.T @ e.cov[f] @ X
        b = np.linalg.lstsq(Sxx, X.T @ e.cov[f][:, items], rcond=None)[0]
        out[:, columns] = z @ X @ b
    return out


def _predictors(e: Estimates, f: int, s: int) -> np.ndarray:
    """The variables of a construct as combinations (q, k) of those from the data."""
    layout = e.layout
    name = layout.names[s]
    q = e.cov.shape[1]
    if ":" in name:
        product = next(p for p in layout.products if p.name == name)
        if layout.settings.interaction == "two-stage":
            return np.asarray(e.composites[f][:, [s]])
        return np.asarray(np.eye(q)[:, product.indicators])
    items = [layout.items.index(item) for item in layout.model.items_of(name)]
    return np.asarray(np.eye(q)[:, items])


def _report(
    cases: Cases,
    layout: Layout,
    whole: Estimates,
    targets: list[tuple[int, int]],
    out: dict[str, np.ndarray],
    scores: np.ndarray,
    plan: np.ndarray,
) -> Prediction:
    at = [i for _, i in targets]
    answers = np.where(np.isnan(cases.values[:, at]), cases.centre[at], cases.values[:, at])
    errors = {name: answers - values for name, values in out.items()}

    def rmse(name: str) -> np.ndarray:
        return np.asarray(np.sqrt((errors[name] ** 2).mean(axis=0)))

    def mae(name: str) -> np.ndarray:
        return np.asarray(np.abs(errors[name]).mean(axis=0))

    index = pd.Index([layout.items[i] for i in at], name="item")
    q2 = 1 - (errors["pls"] ** 2).sum(axis=0) / (errors["mean"] ** 2).sum(axis=0)
    items = pd.DataFrame(
        {
            "construct": [layout.names[j] for j, _ in targets],
            "rmse": rmse("pls"),
            "mae": mae("pls"),
            "q2": q2,
            "rmse_lm": rmse("lm"),
            "mae_lm": mae("lm"),
            "rmse_mean": rmse("mean"),
        },
        index=index,
    )
    in_sample = pd.DataFrame(
        {
            "rmse": rmse("pls_in"),
            "mae": mae("pls_in"),
            "rmse_lm": rmse("lm_in"),
            "mae_lm": mae("lm_in"),
        },
        index=index,
    )
    endogenous = sorted({j for j, _ in targets})
    quality = _construct_quality(cases, whole, scores)
    better = items["rmse"] < items["rmse_lm"]
    return Prediction(
        items,
        in_sample,
        pd.DataFrame({"q2": quality[endogenous]}, index=[layout.names[j] for j in endogenous]),
        _power(int(better.sum()), len(items), positive=bool((q2 > 0).any())),
        cases.n,
        int(plan.max()) + 1,
        len(plan),
        errors["pls"],
        errors["lm"],
        errors["mean"],
        out["pls"],
        out["lm"],
        scores,
    )


def _construct_quality(cases: Cases, whole: Estimates, scores: np.ndarray) -> np.ndarray:
    """1 - SSE / SS (J,) of the predicted composites against those of the whole sample."""
    sample = cases.whole()
    z = _centred(cases, cases.values, whole, 0, sample.mean[0], sample.sd[0])
    actual = z @ whole.composites[0][:, : scores.shape[1]]
    return np.asarray(1 - ((actual - scores) ** 2).sum(axis=0) / (actual**2).sum(axis=0))


def _power(better: int, items: int, *, positive: bool) -> str:
    if not positive or better == 0:
        return "none"
    if better == items:
        return "high"
    return "medium" if better * 2 >= items else "low"
