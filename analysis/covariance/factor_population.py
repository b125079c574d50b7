"""A standardised factor model as a population, and what may be misspecified about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.matrices import Array
from analysis.covariance.model import Model, Modifier, Path
from analysis.covariance.sem import SemFit
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
    """Standardised loadings (p, f), correlations of factors (f, f), residual covariances (p, p)."""

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
    """The standardised estimates of a factor model of one group as a population.

    Raises ModelError for regressions, factors of factors, composites, several groups and improper
    solutions.
    """
    if len(fit.groups) > 1 or fit.settings.ordered or fit.settings.answers:
        raise ModelError(
            "dynamic cut-offs are simulated for one group of numeric items; fit each group by ML or MLR"
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
    variances = np.diag(implied.covariance)
    if (variances <= 0).any() or (np.diag(symmetric) <= 0).any():
        raise ModelError(
            "a variance of the fit is not above 0, so that no population has its estimates; mend the "
            "model first"
        )
    sd = np.sqrt(variances)
    return FactorPopulation(
        fit.table.observed,
        fit.table.latent,
        directed[:p, p:] * sd[p:] / sd[:p, None],
        implied.covariance[p:, p:] / np.outer(sd[p:], sd[p:]),
        symmetric[:p, :p] / np.outer(sd[:p], sd[:p]),
    )


def population_from(model: Model) -> FactorPopulation:
    """The population that a factor model with standardised values says; residual variances follow.

    Raises ModelError for a loading or correlation without a value or of 1 and more, and for items
    that the factors would explain whole.
    """
    _require_factor_model(model)
    items, factors = model.observed, model.latent
    loadings, correlations = np.zeros((len(items), len(factors))), np.eye(len(factors))
    residuals = np.zeros((len(items),) * 2)
    said = set()
    for path in model.paths:
        if path.op == "~~" and path.lhs == path.rhs:
            raise ModelError(
                f"{path.name}: variances follow from standardised values; leave it out"
            )
        value = _value(path)
        if path.op == "=~":
            loadings[items.index(path.rhs), factors.index(path.lhs)] = value
        else:
            within, target = (factors, correlations) if path.lhs in factors else (items, residuals)
            i, j = within.index(path.lhs), within.index(path.rhs)
            target[i, j] = target[j, i] = value
            said.add(frozenset((path.lhs, path.rhs)))
    for at, one in enumerate(factors):
        for other in factors[:at]:
            if frozenset((one, other)) not in said:
                raise ModelError(
                    f"the correlation of {other} and {one} is not given; write '{other} ~~ .3*{one}', or "
                    "0* for none"
                )
    left = 1 - np.einsum("ij,jk,ik->i", loadings, correlations, loadings)
    if (left <= 0).any():
        raise ModelError(f"{items[int(left.argmin())]}: its loadings leave no residual variance")
    sd = np.sqrt(left)
    residuals = residuals * np.outer(sd, sd) + np.diag(left)
    return FactorPopulation(items, factors, loadings, correlations, residuals)


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


def _require_factor_model(model: Model) -> None:
    latent = set(model.latent)
    for path in model.paths:
        mixed = path.op == "~~" and (path.lhs in latent) != (path.rhs in latent)
        if path.op not in ("=~", "~~") or (path.op == "=~" and path.rhs in latent) or mixed:
            raise ModelError(
                f"{path.name}: dynamic cut-offs are those of a factor model, of lines 'factor =~ items' "
                "and '~~'; leave it out",
                line=path.line or None,
            )
    measured = {path.rhs for path in model.paths if path.op == "=~"}
    alone = [name for name in model.observed if name not in measured]
    if alone:
        raise ModelError(f"{alone[0]} is measured by no factor; leave it out")
