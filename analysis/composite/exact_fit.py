"""Is a composite model's misfit larger than sampling explains? A bootstrap test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.composite.cases import Batch, Cases
from analysis.composite.distances import FIT, distances, implied_constructs, implied_items
from analysis.composite.estimate import Estimates, Reference, estimate
from analysis.composite.layout import Layout
from analysis.composite.resampling import Recipe, batch_size, batches, side_by_side


@dataclass(frozen=True)
class FitTest:
    """Is the discrepancy larger than sampling explains? By measure: value, 95 % and 99 %
    quantiles under the model, and p (Beran & Srivastava 1985; Dijkstra & Henseler 2015)."""

    measure: str
    value: float
    quantile_95: float
    quantile_99: float
    p: float


def misfit_test(
    cases: Cases,
    layout: Layout,
    e: Estimates,
    reference: Reference,
    resamples: int,
    seed: int | None,
    indices: np.ndarray | None,
    workers: int,
) -> tuple[FitTest, ...]:
    """Distances resampled from data turned so that the model holds in them.

    Rows x become x S^-1/2 Sigma^1/2, whose correlation matrix is the implied Sigma; in moments
    that is one matrix on either side of each resample's covariance.
    """
    observed, implied = implied_items(e, implied_constructs(e))
    value = distances(observed, implied)[0]
    if not np.isfinite(value).all():
        return ()
    order = [layout.items.index(part) for part in _item_order(e)]
    p = len(layout.items)
    turn = np.empty((p, p))
    values, vectors = np.linalg.eigh(observed[0])
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    values, vectors = np.linalg.eigh(implied[0])
    turn[np.ix_(order, order)] = root @ (vectors @ np.diag(np.sqrt(values)) @ vectors.T)

    whole = cases.whole()

    def work(recipe: Recipe) -> np.ndarray:
        batch = cases.batch(recipe())
        if not len(batch.kept):
            return np.empty((0, len(FIT)))
        raw = batch.cov * (batch.sd[:, :, None] * batch.sd[:, None, :])
        unit = raw / (whole.sd[0][:, None] * whole.sd[0])
        turned = turn.T @ unit @ turn
        sd = np.sqrt(np.einsum("bii->bi", turned))
        cov = turned / (sd[:, :, None] * sd[:, None, :])
        sample, _ = estimate(
            Batch(cov, batch.mean, batch.sd, batch.kept, batch.n), layout, reference=reference
        )
        sample = sample.take(sample.solved & sample.converged)
        return distances(*implied_items(sample, implied_constructs(sample)))

    recipes = batches(cases.units, resamples, batch_size(cases, layout), seed=seed, indices=indices)
    found = np.concatenate(side_by_side(work, recipes, workers=workers))
    found = found[np.isfinite(found).all(axis=1)]
    if len(found) < 2:
        return ()
    ends = np.quantile(found, [0.95, 0.99], axis=0)
    return tuple(
        FitTest(
            name,
            float(value[k]),
            float(ends[0, k]),
            float(ends[1, k]),
            float((found[:, k] >= value[k]).mean()),
        )
        for k, name in enumerate(FIT)
    )


def _item_order(e: Estimates) -> list[str]:
    """Items in the order of ``implied_items``: construct by construct of the first order."""
    names = [c.name for c in e.layout.model.first_order]
    if e.layout.first is not None:
        names = list(e.layout.first.names)
    return [item for name in names for item in e.layout.model[name].parts]
