"""Partial least squares path modelling: one call from data and model text to a full result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.composite.bootstrap import bootstrap as run_bootstrap
from analysis.composite.cases import Batch, Cases, Missing, batch_of, read_cases
from analysis.composite.design_effects import path_design_effects
from analysis.composite.diagnostics import notes
from analysis.composite.drawn_rows import (
    Drawn,
    alike_in_clusters,
    cost_of_weights,
    drawn_rows,
    notes_on_drawing,
    require_clusters,
    weights_and_clusters,
)
from analysis.composite.estimate import Estimates, estimate
from analysis.composite.evaluate import STATISTICS
from analysis.composite.higher_order import HigherOrder
from analysis.composite.layout import CompositeOptions, Interaction, Layout, lay_out
from analysis.composite.model import PlsModel
from analysis.composite.resampling import improper, read_indices
from analysis.composite.result import PlsResult
from analysis.composite.text import read_model
from analysis.composite.weights import Scheme
from analysis.covariance.drawn_rows import Column
from analysis.errors import DataError, NotPositiveDefinite, TooFewCases
from analysis.moments import Moments


def fit_pls(
    data: pd.DataFrame | Moments,
    model: str | PlsModel,
    *,
    scheme: Scheme = "path",
    consistent: bool = False,
    higher_order: HigherOrder = "two-stage",
    interaction: Interaction = "two-stage",
    missing: Missing = "mean",
    bootstrap: int = 0,
    seed: int | None = None,
    indices: Sequence[Sequence[int]] | np.ndarray | None = None,
    statistics: Sequence[str] = tuple(STATISTICS),
    level: float = 0.95,
    bca: bool = True,
    fit_test: bool = True,
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> PlsResult:
    """A composite model estimated, evaluated and, if asked for, bootstrapped.

    data: items in columns, or ``Moments`` (then neither bootstrap, products nor scores). model:
    text (``text.read_model``) or the typed description. scheme "path", "factorial" or
    "centroid", or "maxvar" for composites weighed by generalised canonical correlation instead
    (``maxvar``; every construct of several parts is then written ``<~``); consistent=True corrects constructs declared with ``=~`` for attenuation (PLSc);
    higher_order says how second-order constructs are estimated (``higher_order.ADVICE`` says when
    to use which; "three-stage" always corrects); interaction how products are formed. missing
    "mean" (within each resample anew) or "listwise". bootstrap: number of resamples, or give
    ``indices`` (R, m), row numbers from 0 (of the complete rows when listwise); ``statistics``
    names the tables wanted, of ``evaluate.STATISTICS``. ``sampling_weights``: a column, or one
    value a row, by which means, variances and correlations are weighted (WPLS: Becker & Ismail
    2016, European Management Journal 34(6)); their scale does not matter, and a resampled row
    keeps its own. ``cluster``: the column, or one value a row, of the clusters that rows were
    drawn in; the bootstrap then resamples whole clusters.

    Raises ModelError for the model; MissingItem, NoVariance, TooFewCases (no more rows than
    items), NotPositiveDefinite (dependent formative items), DataError for the data.

    Everything is computed from the correlation matrix: a model on any number of rows costs one
    pass. Signs: a composite points to where the sum of its loadings is positive; resamples are
    turned to correlate positively with the sample's weights. Validated against R seminr 2.5 and
    PyPI seminr 0.2.1 (1e-11 and better, bootstrap included) and cSEM's populations.

    Lohmöller (1989); Dijkstra & Henseler (2015), MIS Quarterly 39(2); Hair, Hult, Ringle &
    Sarstedt (2022), A primer on PLS-SEM, 3rd ed.

    >>> R = np.array([[1, .5, .3, .3], [.5, 1, .3, .3], [.3, .3, 1, .5], [.3, .3, .5, 1]])
    >>> sums = Moments(("x1", "x2", "y1", "y2"), 200, np.zeros(4), R)
    >>> fit = fit_pls(sums, "X =~ x1 + x2; Y =~ y1 + y2; Y ~ X")
    >>> round(fit.path("X", "Y"), 3)
    0.4
    >>> round(fit_pls(sums, "X =~ x1 + x2; Y =~ y1 + y2; Y ~ X", consistent=True).path("X", "Y"), 3)
    0.6
    """
    if bootstrap < 0 or bootstrap == 1:
        raise DataError(f"bootstrap {bootstrap}: it takes at least 2 resamples, or 0 for none")
    if seed is not None and seed < 0:
        raise DataError(f"seed {seed}: a seed is a whole number from 0 on")
    settings = CompositeOptions(scheme, consistent, higher_order, interaction)
    layout = lay_out(read_model(model) if isinstance(model, str) else model, settings)
    unknown = [name for name in statistics if name not in STATISTICS]
    if unknown:
        raise DataError(f"unknown statistics {', '.join(unknown)}; use {', '.join(STATISTICS)}")
    if cluster is not None and indices is not None:
        raise DataError(
            "indices are numbers of rows, which cluster would resample together; "
            "give one of the two"
        )
    kept, drawn = drawn_rows(data, sampling_weights, cluster)
    wants_rows = bool(bootstrap) or indices is not None
    cases, whole = _read(kept, layout, missing, wants_rows=wants_rows, drawn=drawn)
    require_invertible(whole, layout)
    e, _ = estimate(whole, layout)
    require_estimable(e)
    boot = None
    if cases is not None and (bootstrap or indices is not None):
        given = None if indices is None else read_indices(indices, cases.n)
        boot = run_bootstrap(
            cases,
            layout,
            resamples=bootstrap if given is None else len(given),
            seed=seed,
            indices=given,
            statistics=statistics,
            level=level,
            bca=bca,
            fit_test=fit_test,
        )
    effects = None
    if boot is not None and cases is not None and cases.clusters is not None:
        draws = boot.draws.get("paths")
        if draws is not None:
            effects = path_design_effects(cases, layout, draws, resamples=bootstrap, seed=seed)
    dropped = kept.dropped if isinstance(kept, Moments) else len(kept) - int(e.n)
    left_out = (
        0 if isinstance(kept, Moments) or isinstance(data, Moments) else len(data) - len(kept)
    )
    return PlsResult(
        model=layout.model,
        settings=settings,
        n=int(e.n),
        dropped=dropped + left_out,
        missing=missing,
        seed=seed,
        estimates=e,
        scores=None if cases is None else _scores(e, whole, cases),
        bootstrap=boot,
        warnings=(
            *notes_on_drawing(cases, drawn, left_out),
            *notes(e, cases, dropped, boot, improper=bool(improper(e)[0])),
        ),
        drawn=drawn,
        case_weights=cost_of_weights(cases),
        clusters=alike_in_clusters(cases),
        design_effects=effects,
    )


def read_sample(
    data: pd.DataFrame,
    model: str | PlsModel,
    settings: CompositeOptions,
    missing: Missing,
    *,
    sampling_weights: Column | None = None,
    cluster: Column | None = None,
) -> tuple[Layout, Cases, Estimates]:
    """Model, rows and point estimates checked: where every further analysis of rows begins.

    Raises as ``fit_pls``.
    """
    layout = lay_out(read_model(model) if isinstance(model, str) else model, settings)
    kept, drawn = drawn_rows(data, sampling_weights, cluster)
    cases, whole = _read(kept, layout, missing, wants_rows=True, drawn=drawn)
    if cases is None:
        raise DataError("this analysis needs the rows, not moments alone")
    require_invertible(whole, layout)
    e, _ = estimate(whole, layout)
    require_estimable(e)
    return layout, cases, e


def _read(
    data: pd.DataFrame | Moments,
    layout: Layout,
    missing: Missing,
    *,
    wants_rows: bool,
    drawn: Drawn,
) -> tuple[Cases | None, Batch]:
    need = len(layout.items) + 1
    if isinstance(data, Moments):
        if wants_rows or layout.products:
            what = "products of constructs need" if layout.products else "resampling needs"
            raise DataError(f"{what} the rows; give a frame instead of moments")
        if data.n < need:
            raise TooFewCases(need, data.n, what="rows (more rows than items)")
        return None, batch_of(data.select(layout.items))
    weights, clusters = weights_and_clusters(data, drawn)
    cases = read_cases(
        data,
        layout.items,
        missing=missing,
        pairs=layout.pairs,
        need=need,
        weights=weights,
        clusters=clusters,
    )
    require_clusters(cases, drawn)
    return cases, cases.whole()


def require_invertible(whole: Batch, layout: Layout) -> None:
    """Raise NotPositiveDefinite, naming construct and items, where Mode B has no solution."""
    for construct in layout.model.constructs:
        items = layout.model.items_of(construct.name)
        if construct.mode != "B" or len(items) < 2 or not _inverts(construct.name, layout):
            continue
        at = np.array([layout.items.index(item) for item in items])
        values, vectors = np.linalg.eigh(whole.cov[0][np.ix_(at, at)])
        if values[0] < 1e-10:
            order = np.argsort(-np.abs(vectors[:, 0]))
            among = [items[i] for i in order if abs(vectors[i, 0]) > 0.1]
            raise NotPositiveDefinite(
                f"{construct.name}: its items {', '.join(among)} are exactly dependent on each "
                "other, so formative weights do not exist; leave one of them out or declare the "
                "construct with =~"
            )


def _inverts(name: str, layout: Layout) -> bool:
    return not layout.model.is_higher(name) or layout.settings.higher_order == "repeated"


def require_estimable(e: Estimates) -> None:
    """Raise DataError, naming the construct, where the sample has no solution."""
    if e.solved.all():
        return
    bad = [name for name, rho in zip(e.layout.names, e.rho_a[0], strict=True) if not rho > 0]
    if np.isfinite(e.weights).all():
        unloaded = np.isnan(e.loadings[0])
        bad += [name for (name, _), gone in zip(e.layout.measured, unloaded, strict=True) if gone]
    bad = list(dict.fromkeys(bad))
    lost = [p.name for p in e.layout.products if p.name in bad]
    if e.layout.settings.consistent and lost == bad != []:
        raise DataError(
            f"{', '.join(lost)}: what is left of the product's variance after the correction for "
            "attenuation is not positive; fit without consistent=True"
        )
    if bad:
        raise DataError(
            f"{', '.join(bad)}: the reliability rho_A is not positive, so the correction for "
            "attenuation does not exist: the items share no common factor; check for reversed "
            "items, or fit without consistent=True"
        )
    raise DataError(
        "the weights or paths are not determined by the data: constructs are exactly dependent "
        f"among {', '.join(e.layout.names)}"
    )


def _scores(e: Estimates, whole: Batch, cases: Cases) -> pd.DataFrame:
    z = cases.standardised(cases.values, whole.mean[0], whole.sd[0])
    values = z @ e.composites[0] * np.sqrt((e.n - 1) / e.n)
    sizes = np.ones(len(e.constructs))
    sizes[: len(e.layout.names)] = e.product_sd[0]
    values = (values - np.average(values, axis=0, weights=cases.weights)) * sizes
    return pd.DataFrame(values, index=cases.index, columns=list(e.constructs))
