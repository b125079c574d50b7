"""Quality criteria of a composite model, each computed for a whole batch of samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.composite.effects import (
    chains,
    connected,
    indirect_effects,
    specific_effects,
    total_effects,
)
from analysis.composite.estimate import Estimates, rho_a
from analysis.composite.higher_order import is_formed
from analysis.composite.layout import Layout
from analysis.composite.weights import inverse_or_nan, solve_or_nan
from analysis.scale.validity import htmt_array

Labels = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Statistic:
    """A group of numbers of a model: what each is called, and how they come from the estimates.

    ``reference`` is the value that tests are made against (1 for HTMT, else 0).
    """

    labels: Callable[[Layout], Labels]
    formula: Callable[[Estimates], np.ndarray]
    reference: float = 0.0

    def values(self, e: Estimates) -> np.ndarray:
        """The numbers (B, k); not finite where a sample gives none (nothing left to explain)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.formula(e)


def measured_constructs(layout: Layout) -> tuple[str, ...]:
    """Constructs with items or dimensions: all but products, dimensions last."""
    names = [name for name in layout.names if ":" not in name]
    return (*names, *(name for name in layout.lower if name not in names))


def rows_of(layout: Layout, name: str) -> np.ndarray:
    """Places of a construct's weights among ``layout.measured``."""
    return np.array([k for k, (construct, _) in enumerate(layout.measured) if construct == name])


def _part_correlations(e: Estimates) -> tuple[np.ndarray, list[list[int]]]:
    """Correlations of items and of dimension scores, and each construct's places among them."""
    layout, p = e.layout, len(e.layout.items)
    R = e.cov[:, :p, :p]
    if layout.lower:
        chosen = [e.constructs.index(name) for name in layout.lower]
        W = e.composites[:, :, chosen]
        SW = e.cov @ W
        side = SW[:, :p]
        R = np.concatenate(
            [
                np.concatenate([R, side], axis=2),
                np.concatenate([np.swapaxes(side, 1, 2), np.swapaxes(W, 1, 2) @ SW], axis=2),
            ],
            axis=1,
        )
    blocks = []
    for name in measured_constructs(layout):
        if layout.lower and layout.model.is_higher(name):
            blocks.append([p + layout.lower.index(part) for part in layout.model[name].parts])
        else:
            blocks.append([layout.items.index(item) for item in layout.model.items_of(name)])
    return R, blocks


def r_squared(e: Estimates) -> np.ndarray:
    """Share of variance explained (B, e) of the targets of ``layout.explained``."""
    out = np.empty((len(e.C), len(e.layout.explained)))
    for k, (j, sources) in enumerate(e.layout.explained):
        at = np.array(sources)
        b = solve_or_nan(e.C[:, at[:, None], at], e.C[:, at, j])
        out[:, k] = (b * e.C[:, at, j]).sum(axis=1)
    return out


def adjusted_r_squared(e: Estimates) -> np.ndarray:
    """1 - (1 - R2)(n - 1)/(n - k - 1) for k antecedents."""
    k = np.array([len(sources) for _, sources in e.layout.explained])
    return np.asarray(1 - (1 - r_squared(e)) * (e.n - 1) / (e.n - k - 1))


def _antecedent_inverses(e: Estimates, C: np.ndarray) -> np.ndarray:
    """Diagonal elements (B, a), arrow by arrow, of the antecedents' inverse correlations in C."""
    out = np.ones((len(C), len(e.layout.arrows)))
    place = {arrow: k for k, arrow in enumerate(e.layout.arrows)}
    for j in e.layout.endogenous:
        sources = np.flatnonzero(e.layout.final.arrows[:, j])
        if len(sources) > 1:
            inverse = inverse_or_nan(C[:, sources[:, None], sources])
            for k, s in enumerate(sources):
                out[:, place[(int(s), j)]] = inverse[:, k, k]
    return out


def antecedent_vif(e: Estimates) -> np.ndarray:
    """Variance inflation (B, a) of each arrow's source by the target's other antecedents.

    From the composites as they are, under PLSc too (seminr's and Hair et al.'s definition).
    """
    return _antecedent_inverses(e, e.scores)


def f_squared(e: Estimates) -> np.ndarray:
    """Cohen's (1988) f2 (B, a) of each arrow: what R2 loses without it, over 1 - R2.

    The composites stay as they are (cSEM, SmartPLS); seminr weighs them anew without the path.
    """
    sources = np.array([s for s, _ in e.layout.arrows])
    targets = [t for _, t in e.layout.arrows]
    b = e.paths * e.product_sd[:, sources]
    unexplained = np.ones((len(e.C), len(targets)))
    for j in e.layout.endogenous:
        at = np.flatnonzero(e.layout.final.arrows[:, j])
        beta = solve_or_nan(e.C[:, at[:, None], at], e.C[:, at, j])
        left = 1 - (beta * e.C[:, at, j]).sum(axis=1)
        unexplained[:, [k for k, t in enumerate(targets) if t == j]] = left[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(b**2 / _antecedent_inverses(e, e.C) / unexplained)


def _reported_arrows(layout: Layout) -> list[int]:
    """Arrows whose f2 and VIF mean something: not those from dimensions to what they compose."""
    whole = {c.name: c.parts for c in layout.model.higher if is_formed(c)}
    return [
        k
        for k, (s, t) in enumerate(layout.arrows)
        if layout.names[s] not in whole.get(layout.names[t], ())
    ]


def item_vif(e: Estimates) -> np.ndarray:
    """Variance inflation (B, r) of each item or dimension by the others of its construct."""
    R, blocks = _part_correlations(e)
    out = np.ones((len(R), len(_part_labels(e.layout))))
    start = 0
    for block in blocks:
        at = np.array(block)
        if len(at) > 1:
            inverse = inverse_or_nan(R[:, at[:, None], at])
            out[:, start : start + len(at)] = np.einsum("bkk->bk", inverse)
        start += len(at)
    return out


def alpha(e: Estimates) -> np.ndarray:
    """Cronbach's alpha (B, c) of the standardised parts; 1 for a single item (seminr's rule)."""
    R, blocks = _part_correlations(e)
    out = np.ones((len(R), len(blocks)))
    for c, block in enumerate(blocks):
        k = len(block)
        if k > 1:
            at = np.array(block)
            total = R[:, at[:, None], at].sum(axis=(1, 2))
            out[:, c] = k / (k - 1) * (1 - k / total)
    return out


def reliability_a(e: Estimates) -> np.ndarray:
    """rho_A (B, c); 1 for Mode B and for single items, which have none (seminr's rule)."""
    names = measured_constructs(e.layout)
    out = np.ones((len(e.weights), len(names)))
    for c, name in enumerate(names):
        rows = rows_of(e.layout, name)
        if len(rows) > 1 and e.layout.model[name].mode != "B":
            out[:, c] = rho_a(e.weights[:, rows])
    return out


def composite_reliability(e: Estimates) -> np.ndarray:
    """Jöreskog's rho (CR; B, c) from the loadings."""
    names = measured_constructs(e.layout)
    out = np.empty((len(e.loadings), len(names)))
    for c, name in enumerate(names):
        own = e.loadings[:, rows_of(e.layout, name)]
        common = own.sum(axis=1) ** 2
        out[:, c] = common / (common + (1 - own**2).sum(axis=1))
    return out


def variance_extracted(e: Estimates) -> np.ndarray:
    """Average variance extracted (AVE; B, c): the mean squared loading."""
    names = measured_constructs(e.layout)
    return np.stack(
        [(e.loadings[:, rows_of(e.layout, name)] ** 2).mean(axis=1) for name in names], axis=1
    )


def _pairs(layout: Layout) -> list[tuple[int, int]]:
    """Pairs of constructs to be told apart: not a construct and its own dimension."""
    names = measured_constructs(layout)
    return [
        (i, j)
        for i in range(len(names))
        for j in range(i + 1, len(names))
        if names[j] not in layout.model[names[i]].parts
        and names[i] not in layout.model[names[j]].parts
    ]


def _heterotrait(e: Estimates, *, geometric: bool) -> np.ndarray:
    R, blocks = _part_correlations(e)
    pairs = np.array(_pairs(e.layout), dtype=np.intp).reshape(-1, 2)
    ratios = htmt_array(np.abs(R), blocks, geometric=geometric)
    return np.asarray(ratios[:, pairs[:, 0], pairs[:, 1]])


def cross_loadings(e: Estimates) -> np.ndarray:
    """Correlations (B, p * K) of all items with all composites, item by item."""
    p = len(e.layout.items)
    covariance = (e.cov @ e.composites)[:, :p]
    return np.asarray(covariance.reshape(len(e.cov), -1))


def correlations(e: Estimates) -> np.ndarray:
    """Correlations (B, k) of the final stage's constructs, pair by pair."""
    i, j = np.triu_indices(len(e.layout.names), 1)
    return np.asarray(e.C[:, i, j])


def _arrow_labels(layout: Layout) -> Labels:
    return tuple((layout.names[s], layout.names[t]) for s, t in layout.arrows)


def _part_labels(layout: Layout) -> Labels:
    rows = []
    for name in measured_constructs(layout):
        staged = layout.model.is_higher(name) and bool(layout.lower)
        parts = layout.model[name].parts if staged else layout.model.items_of(name)
        rows += [(name, part) for part in parts]
    return tuple(rows)


def _pair_labels(layout: Layout) -> Labels:
    names = measured_constructs(layout)
    return tuple((names[i], names[j]) for i, j in _pairs(layout))


def _effect_labels(layout: Layout, least: int) -> Labels:
    return tuple((layout.names[s], layout.names[t]) for s, t in connected(layout, least=least))


def _all_constructs(layout: Layout) -> tuple[str, ...]:
    return (*layout.names, *layout.lower)


def _construct_labels(layout: Layout) -> Labels:
    return tuple((name,) for name in measured_constructs(layout))


def _explained_labels(layout: Layout) -> Labels:
    return tuple((layout.names[j],) for j, _ in layout.explained)


def _reported_labels(layout: Layout) -> Labels:
    labels = _arrow_labels(layout)
    return tuple(labels[k] for k in _reported_arrows(layout))


STATISTICS: dict[str, Statistic] = {
    "paths": Statistic(_arrow_labels, lambda e: e.paths),
    "weights": Statistic(lambda layout: layout.measured, lambda e: e.weights),
    "loadings": Statistic(lambda layout: layout.measured, lambda e: e.loadings),
    "total_effects": Statistic(lambda layout: _effect_labels(layout, 1), total_effects),
    "indirect_effects": Statistic(lambda layout: _effect_labels(layout, 2), indirect_effects),
    "specific_effects": Statistic(
        lambda layout: tuple(tuple(layout.names[j] for j in way) for way in chains(layout)),
        specific_effects,
    ),
    "r_squared": Statistic(_explained_labels, r_squared),
    "adjusted_r_squared": Statistic(_explained_labels, adjusted_r_squared),
    "f_squared": Statistic(_reported_labels, lambda e: f_squared(e)[:, _reported_arrows(e.layout)]),
    "vif": Statistic(_reported_labels, lambda e: antecedent_vif(e)[:, _reported_arrows(e.layout)]),
    "item_vif": Statistic(_part_labels, item_vif),
    "alpha": Statistic(_construct_labels, alpha),
    "rho_a": Statistic(_construct_labels, reliability_a),
    "cr": Statistic(_construct_labels, composite_reliability),
    "ave": Statistic(_construct_labels, variance_extracted),
    "htmt": Statistic(_pair_labels, lambda e: _heterotrait(e, geometric=False), 1.0),
    "htmt2": Statistic(_pair_labels, lambda e: _heterotrait(e, geometric=True), 1.0),
    "correlations": Statistic(
        lambda layout: tuple(
            (layout.names[i], layout.names[j])
            for i, j in zip(*np.triu_indices(len(layout.names), 1), strict=True)
        ),
        correlations,
    ),
    "cross_loadings": Statistic(
        lambda layout: tuple((i, c) for i in layout.items for c in _all_constructs(layout)),
        cross_loadings,
    ),
}
