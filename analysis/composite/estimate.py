"""Estimation of a composite model from moments, for a batch of samples at once."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from analysis.composite.cases import Batch
from analysis.composite.latent_products import latent_products
from analysis.composite.layout import Layout
from analysis.composite.maxvar import maxvar_weights
from analysis.composite.weights import Stage, composite_weights, oriented, solve_or_nan


@dataclass(frozen=True)
class Estimates:
    """What the stages give for B samples.

    ``weights`` and ``loadings`` (B, r) follow ``layout.measured``; ``C`` (B, J, J) are the
    correlations of the final stage's constructs (corrected for attenuation under PLSc), ``rho_a``
    (B, J) their reliabilities; ``paths`` (B, a) follow ``layout.arrows``. ``product_sd`` (B, J) is the standard deviation of each product of
    standardised scores (1 for other constructs): paths from products are per unit of the product.
    ``composites`` (B, q, K) express the scores of ``constructs`` in standardised items and their
    products; ``cov`` (B, q, q) are the moments these came from.
    """

    layout: Layout
    constructs: tuple[str, ...]
    weights: np.ndarray
    loadings: np.ndarray
    C: np.ndarray
    rho_a: np.ndarray
    paths: np.ndarray
    product_sd: np.ndarray
    composites: np.ndarray
    cov: np.ndarray
    iterations: np.ndarray
    converged: np.ndarray
    contested: np.ndarray
    n: float
    first_correlations: (
        np.ndarray
    )  # (B, J1, J1) correlations of the first stage's constructs, if there is one

    @property
    def solved(self) -> np.ndarray:
        """Samples (B,) whose numbers all exist."""
        whole = np.isfinite(self.C).all(axis=(1, 2))
        for values in (self.paths, self.weights, self.loadings):
            whole &= np.isfinite(values).all(axis=1)
        return np.asarray(whole)

    def take(self, rows: np.ndarray) -> Estimates:
        """Some of the samples."""
        if rows.dtype == bool and rows.all():
            return self
        arrays = {
            f.name: value[rows]
            for f in fields(self)
            if isinstance(value := getattr(self, f.name), np.ndarray)
        }
        return replace(self, **arrays)

    @property
    def scores(self) -> np.ndarray:
        """Correlations (B, K, K) of the composites as they are, never corrected."""
        W = self.composites
        return np.asarray(np.swapaxes(W, 1, 2) @ self.cov @ W)


@dataclass(frozen=True)
class _Run:
    """One stage estimated: weights by slot, and the composites in terms of its variables."""

    weights: np.ndarray  # (B, m), of standardised variables
    loadings: np.ndarray  # (B, m)
    W: np.ndarray  # (B, v, J), of the variables as they are
    C: np.ndarray  # (B, J, J)
    rho_a: np.ndarray  # (B, J); 1 where nothing is corrected
    iterations: np.ndarray
    converged: np.ndarray
    contested: np.ndarray  # (B,)


@dataclass(frozen=True)
class Reference:
    """Weights of the whole sample, stage by stage, by which resamples' signs are turned."""

    first: np.ndarray | None
    main: np.ndarray | None
    final: np.ndarray


def estimate(
    batch: Batch, layout: Layout, *, reference: Reference | None = None
) -> tuple[Estimates, Reference]:
    """All samples of the batch estimated, and the weights by which to turn resamples' signs.

    A sample in which a product is constant, a block collinear or a reliability negative has NaN
    among its numbers: ``solved`` tells which are whole.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return _estimate(batch, layout, reference)


def _estimate(
    batch: Batch, layout: Layout, reference: Reference | None
) -> tuple[Estimates, Reference]:
    if layout.first is not None and layout.settings.higher_order == "three-stage":
        return _three_stages(batch, layout, reference)
    S, made = batch.cov, [np.zeros((len(batch.cov), layout.base, 0))]
    runs: list[_Run] = []
    refs: dict[str, np.ndarray] = {}
    first = main = None
    if layout.first is not None:
        first = _run(S, layout.first, layout, None if reference is None else reference.first)
        refs["first"], runs = first.weights[0], [first]
        chosen = [layout.first.names.index(name) for name in layout.lower]
        S, made = _append(S, first.W[:, :, chosen], made, layout.base)
    if layout.main is not None:
        main = _run(S, layout.main, layout, None if reference is None else reference.main)
        refs["main"], runs = main.weights[0], [*runs, main]
        U = _in_base(main.W, made, layout.base)
        columns = [_product_column(layout, k, U, layout.main) for k in range(len(layout.products))]
        S, made = _append_base(S, np.stack(columns, axis=2), made, layout.base)
    elif layout.settings.interaction == "orthogonal":
        for k in range(len(layout.products)):
            S, made = _append_base(S, _residual_columns(batch.cov, layout, k), made, layout.base)
    final = _run(S, layout.final, layout, None if reference is None else reference.final)
    if main is not None and layout.settings.consistent:
        final, sizes = _with_latent_products(S, final, main, layout)
    else:
        sizes = _product_sizes(S, final, layout, batch.n)
    estimates = _finish(
        layout, batch, first, final, _in_base(final.W, made, layout.base), sizes, [*runs, final]
    )
    return estimates, Reference(refs.get("first"), refs.get("main"), final.weights[0])


def _three_stages(
    batch: Batch, layout: Layout, reference: Reference | None
) -> tuple[Estimates, Reference]:
    """van Riel et al. 2017: PLSc correlations of the first-order constructs, then their composites."""
    if layout.first is None:  # lay_out makes a first stage whenever there are three
        raise ValueError("three stages need a first stage")
    first = _run(
        batch.cov,
        layout.first,
        layout,
        None if reference is None else reference.first,
        consistent=True,
    )
    final = _run(
        first.C,
        layout.final,
        layout,
        None if reference is None else reference.final,
        consistent=True,
    )
    ones = np.ones((len(batch.cov), len(layout.names)))
    U = first.W @ final.W
    spread = np.sqrt(np.einsum("bqj,bqr,brj->bj", U, batch.cov, U))
    estimates = _finish(layout, batch, first, final, U / spread[:, None, :], ones, [first, final])
    return estimates, Reference(first.weights[0], None, final.weights[0])


def _run(
    S: np.ndarray,
    stage: Stage,
    layout: Layout,
    reference: np.ndarray | None,
    *,
    consistent: bool | None = None,
) -> _Run:
    settings = layout.settings
    sd = np.sqrt(np.einsum("bii->bi", S))
    standard = bool((sd == 1).all())  # items alone come standardised
    R = S if standard else S / (sd[:, :, None] * sd[:, None, :])
    if settings.scheme == "maxvar":
        fit = maxvar_weights(R, stage)
    else:
        fit = composite_weights(
            R,
            stage,
            scheme=settings.scheme,
            tolerance=settings.tolerance,
            max_iterations=settings.max_iterations,
        )
    signs, contested = oriented(R, fit.values, stage, reference)
    weights = fit.values * signs[:, stage.owner]
    W = np.zeros((len(S), S.shape[1], len(stage.names)))
    W[:, stage.slots, stage.owner] = weights
    RW = R @ W
    C = np.swapaxes(W, 1, 2) @ RW
    loadings = RW[:, stage.slots, stage.owner]
    rho = np.ones((len(S), len(stage.names)))
    if settings.consistent if consistent is None else consistent:
        rho = _corrections(weights, stage)
        loadings = _corrected_loadings(weights, loadings, rho, stage)
        with np.errstate(invalid="ignore"):
            C = C / np.sqrt(rho[:, :, None] * rho[:, None, :])
    J = np.arange(len(stage.names))
    C[:, J, J] = 1.0
    return _Run(
        weights,
        loadings,
        W if standard else W / sd[:, :, None],
        C,
        rho,
        fit.iterations,
        fit.converged,
        np.asarray(contested.any(axis=1)),
    )


def rho_a(weights: np.ndarray, variance: np.ndarray | float = 1.0) -> np.ndarray:
    """Dijkstra and Henseler's rho_A (B,) of Mode A weights (B, k) of a unit-variance composite.

    (w'w)^2 * w'(S - diag S)w / w'(ww' - diag ww')w; the items have unit variance, so that the
    middle term is 1 - w'w. Dijkstra, T. K. and Henseler, J. (2015), MIS Quarterly 39(2), eq. 3.
    """
    ww = (weights**2).sum(axis=1)
    off = ww**2 - (weights**4).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(ww**2 * (variance - ww) / off)


def _corrections(weights: np.ndarray, stage: Stage) -> np.ndarray:
    rho = np.ones((len(weights), len(stage.names)))
    for j, factor in enumerate(stage.factors):
        if factor:
            rho[:, j] = rho_a(weights[:, stage.owner == j])
    return rho


def _corrected_loadings(
    weights: np.ndarray, loadings: np.ndarray, rho: np.ndarray, stage: Stage
) -> np.ndarray:
    """Loadings of common factors are proportional to the weights, with length sqrt(rho_A)."""
    out = loadings.copy()
    for j, factor in enumerate(stage.factors):
        if factor:
            own = stage.owner == j
            w = weights[:, own]
            with np.errstate(invalid="ignore"):
                out[:, own] = w * (np.sqrt(rho[:, j]) / (w**2).sum(axis=1))[:, None]
    return out


def _append(
    S: np.ndarray, W: np.ndarray, made: list[np.ndarray], base: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    """S enlarged by the composites W (B, v, k) of its variables, which are remembered in base terms."""
    SW = S @ W
    WSW = np.swapaxes(W, 1, 2) @ SW
    top = np.concatenate([S, SW], axis=2)
    bottom = np.concatenate([np.swapaxes(SW, 1, 2), WSW], axis=2)
    return np.concatenate([top, bottom], axis=1), [*made, _in_base(W, made, base)]


def _append_base(
    S: np.ndarray, U: np.ndarray, made: list[np.ndarray], base: int
) -> tuple[np.ndarray, list[np.ndarray]]:
    padded = np.zeros((len(S), S.shape[1], U.shape[2]))
    padded[:, :base] = U
    return _append(S, padded, made, base)


def _in_base(W: np.ndarray, made: list[np.ndarray], base: int) -> np.ndarray:
    """Composites (B, v, k) of all variables as composites (B, base, k) of those from the data."""
    U = W[:, :base]
    if W.shape[1] > base:
        U = U + np.concatenate(made, axis=2) @ W[:, base:]
    return U


def _product_column(layout: Layout, k: int, U: np.ndarray, main: Stage) -> np.ndarray:
    """The product of two scores as a composite (B, base) of item products."""
    product = layout.products[k]
    one = U[:, product.first_items, main.names.index(product.first)]
    other = U[:, product.second_items, main.names.index(product.second)]
    column = np.zeros((len(U), layout.base))
    for k, place in enumerate(product.columns.tolist()):  # a square meets x1 x2 twice
        column[:, place] += one[:, k] * other[:, k]
    return column


def _residual_columns(cov: np.ndarray, layout: Layout, k: int) -> np.ndarray:
    """Item products less their regression on the items (Little, Bovaird & Widaman 2006)."""
    product = layout.products[k]
    columns = product.indicators
    mains = np.array(
        list(dict.fromkeys([*product.first_items.tolist(), *product.second_items.tolist()]))
    )
    U = np.zeros((len(cov), layout.base, len(columns)))
    U[:, columns, np.arange(len(columns))] = 1.0
    A = cov[:, mains[:, None], mains]
    for c, column in enumerate(columns):
        U[:, mains, c] = -solve_or_nan(A, cov[:, mains, column])
    return U


def _product_sizes(S: np.ndarray, final: _Run, layout: Layout, n: float) -> np.ndarray:
    """Standard deviations (B, J) of products, as the loading-weighted mean of their indicators'.

    Henseler, J. and Chin, W. W. (2010): a product's score is standardised in the iteration, but
    its path is wanted per unit of the product. Standard deviations have the divisor n - 1, with
    which the scores themselves have unit variance.
    """
    sizes = np.ones((len(S), len(layout.names)))
    for product in layout.products:
        j = layout.names.index(product.name)
        block = layout.final.blocks[j]
        sd = np.sqrt(np.einsum("bii->bi", S)[:, block]) * np.sqrt((n - 1) / n)
        share = np.abs(final.loadings[:, layout.final.owner == j])
        sizes[:, j] = (sd * share).sum(axis=1) / share.sum(axis=1)
    return sizes


def _with_latent_products(
    S: np.ndarray, final: _Run, main: _Run, layout: Layout
) -> tuple[_Run, np.ndarray]:
    """The final stage under PLSc, its products those of factors, and standard deviations (B, J)."""
    if layout.main is None:  # products of scores are made from the stage before
        raise ValueError("products of scores need the stage that makes the scores")
    made = layout.main.names
    places = tuple(
        (layout.names.index(p.name), made.index(p.first), made.index(p.second))
        for p in layout.products
    )
    at = [p for p, _, _ in places]
    columns = layout.final.slots[[int(np.flatnonzero(layout.final.owner == p)[0]) for p in at]]
    deviations = np.sqrt(np.einsum("bii->bi", S))[:, columns]
    scores = np.swapaxes(final.W, 1, 2) @ S @ final.W
    inner = S[:, : main.W.shape[1], : main.W.shape[1]]
    parts = np.swapaxes(main.W, 1, 2) @ inner @ main.W
    C, spread = latent_products(scores, final.rho_a, places, deviations, parts, main.rho_a)
    sizes = np.ones((len(S), len(layout.names)))
    sizes[:, at] = spread
    return replace(final, C=C), sizes


def _finish(
    layout: Layout,
    batch: Batch,
    first: _Run | None,
    final: _Run,
    U: np.ndarray,
    sizes: np.ndarray,
    runs: list[_Run],
) -> Estimates:
    paths = regressions(final.C, layout)
    sources = np.array([s for s, _ in layout.arrows])
    stage = layout.final
    weights = final.weights[:, layout.shown]
    loadings = (final.loadings * sizes[:, stage.owner])[:, layout.shown]
    constructs, composites = layout.names, U
    if first is not None and layout.first is not None:
        reported = np.isin(np.array(layout.first.names)[layout.first.owner], layout.first_only)
        weights = np.hstack([weights, first.weights[:, reported]])
        loadings = np.hstack([loadings, first.loadings[:, reported]])
        chosen = [layout.first.names.index(name) for name in layout.lower]
        constructs = (*constructs, *layout.lower)
        composites = np.concatenate([U, first.W[:, : layout.base, chosen]], axis=2)
    return Estimates(
        layout,
        constructs,
        weights,
        loadings,
        final.C,
        final.rho_a,
        paths / sizes[:, sources],
        sizes,
        composites,
        batch.cov,
        np.max([run.iterations for run in runs], axis=0),
        np.all([run.converged for run in runs], axis=0),
        np.any([run.contested for run in runs], axis=0),
        batch.n,
        np.zeros((len(U), 0, 0)) if first is None else first.C,
    )


def regressions(C: np.ndarray, layout: Layout) -> np.ndarray:
    """Standardised paths (B, a), in order of the arrows, from construct correlations C (B, J, J)."""
    place = {arrow: k for k, arrow in enumerate(layout.arrows)}
    paths = np.empty((len(C), len(layout.arrows)))
    for j in layout.endogenous:
        sources = np.flatnonzero(layout.final.arrows[:, j])
        b = solve_or_nan(C[:, sources[:, None], sources], C[:, sources, j])
        paths[:, [place[(int(s), j)] for s in sources]] = b
    return paths
