"""A standardised factor model as a population, and what may be misspecified about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.matrices import Array
from analysis.covariance.sem import SemFit
from analysis.covariance.text.model import Model, Modifier, Path
from analysis.errors import ModelError

RESIDUAL_CORRELATION = 0.3  # what an omitted correlation of two items' residuals is
HEADROOM = 0.95  # of the largest cross-loading that leaves the item's residual variance above 0
STANDARDISED = "write standardised values, as in 'F =~ .7*x1 + .8*x2' and 'F ~~ .3*G'"


@dataclass(frozen=True)
class Omitted:
    """What a misspecified population has and the model lacks: a cross-loading (``=~``) or a
    correlation of residuals (``~~``), standardised.
    """

    lhs: str
    op: str
    rhs: str
    value: float


@dataclass(frozen=True)
class FactorPopulation:
    """Standardised loadings (p, f), correlations of factors (f, f), residual covariances (p, p).

    Of a second-order model these are the first-order factors, whose correlations follow from it.
    """

    items: tuple[str, ...]
    factors: tuple[str, ...]
    loadings: Array
    correlations: Array
    residuals: Array

    @property
    def correlation(self) -> Array:
        """Of the items (p, p)."""
        return np.asarray(self.loadings @ self.correlations @ self.loadings.T + self.residuals)

    def with_omitted(self, omitted: Omitted) -> FactorPopulation:
        """The population that also has this; items keep unit variance."""
        if omitted.op == "=~":
            item, factor = self.items.index(omitted.rhs), self.factors.index(omitted.lhs)
            loadings, residuals = self.loadings.copy(), self.residuals.copy()
            loadings[item, factor] += omitted.value
            residuals[item, item] = 1 - loadings[item] @ self.correlations @ loadings[item]
            return replace(self, loadings=loadings, residuals=residuals)
        i, j = self.items.index(omitted.lhs), self.items.index(omitted.rhs)
        residuals = self.residuals.copy()
        residuals[i, j] += omitted.value * np.sqrt(residuals[i, i] * residuals[j, j])
        residuals[j, i] = residuals[i, j]
        return replace(self, residuals=residuals)

    def levels(self) -> tuple[tuple[Omitted, ...], ...]:
        """What each level of misspecification adds to the one before (McNeish and Wolf 2023).

        Several factors: a cross-loading a level, one level fewer than factors, after Hu and Bentler
        (1999): the weakest item of each factor on the most reliable other one. One factor: correlated
        residuals of items that are neighbours by the size of their loadings, in a third, two thirds and
        all of the pairs. Items that load on two factors or have a residual covariance stay as they are.

        Raises ModelError where too few items are left.
        """
        return self._cross_loadings() if len(self.factors) > 1 else self._residual_pairs()

    @property
    def _plain(self) -> list[int]:
        """Items of one factor whose residual covaries with no other."""
        apart = self.residuals - np.diag(np.diag(self.residuals))
        single = (self.loadings != 0).sum(axis=1) == 1
        return [int(i) for i in np.flatnonzero(single & ~apart.any(axis=1))]

    def _residual_pairs(self) -> tuple[tuple[Omitted, ...], ...]:
        size = np.abs(self.loadings[:, 0])
        order = sorted(self._plain, key=lambda i: size[i])
        if len(order) < 4:
            raise ModelError(
                f"one factor needs 4 items without residual covariances for a misspecified population; "
                f"found {len(order)}"
            )
        pairs = [
            Omitted(self.items[i], "~~", self.items[j], RESIDUAL_CORRELATION)
            for i, j in zip(order[::2], order[1::2], strict=False)
        ]
        most = len(pairs)
        if len(order) == 4:
            ends = [1]
        elif len(order) == 5:
            ends = [1, 2]
        else:
            ends = [most // 3, 2 * most // 3, most]
        return tuple(tuple(pairs[start:end]) for start, end in zip([0, *ends], ends, strict=False))

    def _cross_loadings(self) -> tuple[tuple[Omitted, ...], ...]:
        number = len(self.factors)
        size = np.abs(self.loadings)
        weakest = {}  # factor -> its item of the lowest loading
        for factor in range(number):
            own = [i for i in self._plain if self.loadings[i, factor] != 0]
            if own:
                weakest[factor] = min(own, key=lambda i: size[i, factor])
        if len(weakest) < number - 1:
            raise ModelError(
                f"{number} factors need {number - 1} with an item that loads on nothing else and has no "
                f"residual covariance; found {len(weakest)}"
            )
        # An item of a factor of two is the last to be taken.
        few = {factor: bool(np.count_nonzero(size[:, factor]) < 3) for factor in weakest}

        def order(factor: int) -> tuple[bool, float]:
            return few[factor], float(size[weakest[factor], factor])

        chosen = sorted(weakest, key=order)[: number - 1]
        communality = size**2
        reliability = (communality / np.maximum(1 - communality, 1e-12)).sum(axis=0)  # orders as H
        used: set[frozenset[int]] = set()
        partner = {}
        for factor in sorted(chosen, key=lambda f: size[weakest[f], f]):
            free = [g for g in range(number) if g != factor and frozenset((factor, g)) not in used]
            partner[factor] = max(free, key=lambda g: reliability[g])
            used.add(frozenset((factor, partner[factor])))
        return tuple(
            (self._cross_loading(weakest[factor], factor, partner[factor]),) for factor in chosen
        )

    def _cross_loading(self, item: int, own: int, other: int) -> Omitted:
        """As large as the item's own loading, or as its residual variance allows."""
        loading = abs(self.loadings[item, own])
        along = abs(loading * self.correlations[own, other])
        most = HEADROOM * (np.sqrt(along**2 + 1 - loading**2) - along)
        return Omitted(self.factors[other], "=~", self.items[item], float(min(loading, most)))


def population_of(fit: SemFit) -> FactorPopulation:
    """The standardised estimates of a factor model of one group as a population; of ordinal items those
    of WLSMV.

    Raises ModelError for regressions, factors of a third order, composites, several groups, weights,
    clusters and improper solutions.
    """
    settings = fit.settings
    if len(fit.groups) > 1:
        raise ModelError(
            "dynamic cut-offs are simulated for one group; those of differences between groups (McNeish "
            "2025) are not: fit each group by itself"
        )
    if settings.answers or (settings.ordered and settings.estimator != "WLSMV"):
        raise ModelError(
            "dynamic cut-offs are simulated for numeric items by ML or MLR, and where all items are ordinal, "
            "in the delta parametrisation, by WLSMV; choose one of these"
        )
    if settings.sampling_weights or settings.cluster:
        raise ModelError(
            "dynamic cut-offs are simulated for rows that count alike and do not depend on each other; leave "
            "weights and clusters out"
        )
    if fit.table.composites or any(row.op == "~" for row in fit.table.rows):
        raise ModelError(
            "dynamic cut-offs are those of a factor model; leave regressions and composites out"
        )
    _require_factor_model(fit.model)
    if not fit.converged:
        raise ModelError("the fit did not converge, so there is nothing to simulate from")
    implied = fit.solution.implied[0]
    directed, symmetric, _ = fit.solution.structures[0].matrices(fit.solution.theta)
    p = implied.observed
    first = [p + fit.table.latent.index(name) for name in _first_order(fit.model)]
    explained = implied.covariance.diagonal()
    variances = np.concatenate([np.ones(p), explained[p:]]) if settings.ordered else explained
    own = symmetric.diagonal().copy()
    loadings = directed[:p, first]
    between = implied.covariance[np.ix_(first, first)]
    if settings.ordered:  # residual variances are what the factors leave of 1
        own[:p] = 1 - np.einsum("ij,jk,ik->i", loadings, between, loadings)
    if (variances <= 0).any() or (own <= 0).any():
        raise ModelError(
            "a variance of the fit is not above 0, so that no population has its estimates; mend the "
            "model first"
        )
    residuals = symmetric[:p, :p].copy()
    residuals[np.diag_indices(p)] = own[:p]
    sd = np.sqrt(variances)
    return FactorPopulation(
        fit.table.observed,
        tuple(_first_order(fit.model)),
        loadings * sd[first] / sd[:p, None],
        between / np.outer(sd[first], sd[first]),
        residuals / np.outer(sd[:p], sd[:p]),
    )


def population_from(model: Model) -> FactorPopulation:
    """The population that a factor model with standardised values says; residual variances follow.

    Raises ModelError for a loading or correlation without a value or of 1 and more, and for items or
    factors that are explained whole.
    """
    _require_factor_model(model)
    items, factors, first = model.observed, model.latent, _first_order(model)
    higher = [name for name in factors if name not in first]
    # Rows: items, then first-order factors; columns: all factors.
    above = np.zeros((len(first), len(higher)))
    loadings = np.zeros((len(items), len(first)))
    residuals, disturbances = np.zeros((len(items),) * 2), np.zeros((len(first),) * 2)
    highest = np.eye(len(higher))
    said = set()
    for path in model.paths:
        if path.op == "~~" and path.lhs == path.rhs:
            raise ModelError(
                f"{path.name}: variances follow from standardised values; leave it out"
            )
        value = _value(path)
        if path.op == "=~" and path.rhs in first:
            above[first.index(path.rhs), higher.index(path.lhs)] = value
        elif path.op == "=~":
            loadings[items.index(path.rhs), first.index(path.lhs)] = value
        else:
            within, target = _where(path, items, residuals, first, disturbances, higher, highest)
            i, j = within.index(path.lhs), within.index(path.rhs)
            target[i, j] = target[j, i] = value
            said.add(frozenset((path.lhs, path.rhs)))
    _require_correlations(higher or first, said)
    if higher and not above.any(axis=1).all():
        alone = first[int(np.flatnonzero(~above.any(axis=1))[0])]
        raise ModelError(
            f"{alone} is measured by items beside factors of a second order, and belongs to none of these; "
            "write its loading on one"
        )
    correlations = above @ highest @ above.T + _spread(
        1 - np.einsum("ij,jk,ik->i", above, highest, above), disturbances, first
    )
    left = 1 - np.einsum("ij,jk,ik->i", loadings, correlations, loadings)
    return FactorPopulation(
        items, tuple(first), loadings, correlations, _spread(left, residuals, items)
    )


def _where(
    path: Path,
    items: Sequence[str],
    residuals: Array,
    first: Sequence[str],
    disturbances: Array,
    higher: Sequence[str],
    highest: Array,
) -> tuple[Sequence[str], Array]:
    """The names that a covariance is of, and the matrix where it belongs."""
    if path.lhs in higher:
        return higher, highest
    return (first, disturbances) if path.lhs in first else (items, residuals)


def _require_correlations(factors: Sequence[str], said: set[frozenset[str]]) -> None:
    for at, one in enumerate(factors):
        for other in factors[:at]:
            if frozenset((one, other)) not in said:
                raise ModelError(
                    f"the correlation of {other} and {one} is not given; write '{other} ~~ .3*{one}', or "
                    "0* for none"
                )


def _spread(left: Array, correlations: Array, names: Sequence[str]) -> Array:
    """Covariances of what is left of unit variances, from correlations of it."""
    if (left <= 0).any():
        raise ModelError(f"{names[int(left.argmin())]}: its loadings leave no residual variance")
    sd = np.sqrt(left)
    return np.asarray(correlations * np.outer(sd, sd) + np.diag(left))


def without_values(model: Model) -> Model:
    """The same paths without their values."""
    return replace(
        model, paths=tuple(replace(path, modifiers=(Modifier(),)) for path in model.paths)
    )


def _value(path: Path) -> float:
    fixed = path.modifiers[0].fixed if len(path.modifiers) == 1 else None
    if fixed is None:
        raise ModelError(f"{path.name} has no value; {STANDARDISED}", line=path.line or None)
    if abs(fixed) >= 1:
        raise ModelError(
            f"{path.name} is {fixed:g}, but standardised values lie between -1 and 1; {STANDARDISED}",
            line=path.line or None,
        )
    return fixed


def _first_order(model: Model) -> list[str]:
    """The factors that items measure."""
    latent = set(model.latent)
    return list(
        dict.fromkeys(
            path.lhs for path in model.paths if path.op == "=~" and path.rhs not in latent
        )
    )


def _require_factor_model(model: Model) -> None:
    latent, first = set(model.latent), set(_first_order(model))
    levels = {name: 1 if name in first else 2 for name in latent}
    for path in model.paths:
        where = {levels.get(path.lhs, 0), levels.get(path.rhs, 0)}
        mixed = path.op == "~~" and len(where) > 1
        if path.op not in ("=~", "~~") or mixed:
            raise ModelError(
                f"{path.name}: dynamic cut-offs are those of a factor model, of lines 'factor =~ items' "
                "and '~~'; leave it out",
                line=path.line or None,
            )
        if path.op == "=~" and path.rhs in latent and (path.lhs in first or path.rhs not in first):
            raise ModelError(
                f"{path.name}: a factor is measured by items alone or, on the second order, by factors that "
                "items measure; dynamic cut-offs know no other",
                line=path.line or None,
            )
    measured = {path.rhs for path in model.paths if path.op == "=~"}
    alone = [name for name in model.observed if name not in measured]
    if alone:
        raise ModelError(f"{alone[0]} is measured by no factor; leave it out")
