"""Estimates of a complete model from prepared data, and their sampling covariance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.covariance import robust
from analysis.covariance.data import GroupData, Prepared
from analysis.covariance.estimation import (
    Discrepancy,
    LeastSquares,
    NormalDiscrepancy,
    Sample,
    normal_information,
)
from analysis.covariance.exploratory.rotation import Rotated
from analysis.covariance.identification import require_identified
from analysis.covariance.matrices import (
    Array,
    GroupStructure,
    Implied,
    positive_inverse,
    structures,
    vech_index,
)
from analysis.covariance.minimiser import Optimum
from analysis.covariance.missing import fiml
from analysis.covariance.missing.missing_patterns import Pieces, pieces
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy
from analysis.covariance.ordinal.limited_solution import limited_optimum, require_determined
from analysis.covariance.parameter_table import ParameterTable
from analysis.covariance.restricted_minimum import at_solution, restricted_minimum
from analysis.covariance.settings import Options
from analysis.covariance.start_values import start_values
from analysis.errors import NotPositiveDefinite, TooFewCases


@dataclass(frozen=True)
class RotatedBlock:
    """How the factors of an exploratory block came out in one group (1, 2, ...)."""

    name: str
    group: int
    factors: tuple[str, ...]
    items: tuple[str, ...]
    rotated: Rotated


@dataclass(frozen=True)
class Solution:
    """A model's estimates on its data, with what tests and reports need of them.

    ``rotations`` of exploratory blocks, whose conditions the table's constraints hold.
    """

    table: ParameterTable
    data: Prepared
    settings: Options
    structures: tuple[GroupStructure, ...]
    discrepancy: Discrepancy
    optimum: Optimum
    rotations: tuple[RotatedBlock, ...] = ()

    @property
    def theta(self) -> Array:
        """All free parameters' values."""
        return self.optimum.point.theta

    @property
    def implied(self) -> tuple[Implied, ...]:
        """Implied moments by group."""
        return self.optimum.point.implied

    @property
    def multiplier(self) -> float:
        """What the discrepancy is multiplied by to give chi-square: N, or N minus the groups."""
        return self.data.n - (len(self.data.groups) if self.settings.unbiased else 0)

    @cached_property
    def expected(self) -> Array:
        """Expected information of one row (Gauss-Newton for least squares), all free parameters."""
        if isinstance(self.discrepancy, LimitedDiscrepancy):
            return self.discrepancy.information(self.theta, self.data.shares)
        if self.settings.h1_information == "unstructured":
            return self._expected_at_the_sample()
        return self.discrepancy.derivatives(self.optimum.point, exact=False)[1] / 2

    def _expected_at_the_sample(self) -> Array:
        information = np.zeros((len(self.theta),) * 2)
        for structure, implied, weight, share in zip(
            self.structures, self.implied, self.weight_matrices, self.data.shares, strict=True
        ):
            f = structure.factors(implied)
            information[structure.block] += share * normal_information(
                f, weight, means=self.table.mean_structure
            )
        return information

    @cached_property
    def weight_matrices(self) -> tuple[Array, ...]:
        """By group the inverse covariance at which MLM weighs: the model's, or the sample's."""
        if self.settings.h1_information == "unstructured":
            return tuple(np.linalg.inv(group.cov) for group in self.data.groups)
        return tuple(implied.precision for implied in self.implied)

    @cached_property
    def exogenous(self) -> list[int]:
        """Where the fixed predictors stand among the observed variables."""
        return [self.table.observed.index(name) for name in self.table.exogenous]

    @cached_property
    def observed(self) -> Array:
        """Observed information of one row: half the exact Hessian."""
        return self.discrepancy.derivatives(self.optimum.point, exact=True)[1] / 2

    @property
    def information(self) -> Array:
        """The information that the settings ask for, of one row."""
        if isinstance(self.discrepancy, LimitedDiscrepancy):
            return self.expected
        chosen = self.observed if self.settings.observed_information else self.expected
        if not self.settings.unbiased or len(self.data.groups) == 1:
            return chosen
        # Estimation weighs groups by n - 1; the sampling covariance, as in lavaan, by n.
        scale = np.ones(len(chosen))
        for structure, group, share in zip(
            self.structures, self.data.groups, self.data.shares, strict=True
        ):
            weight = _weight(group, self.data, self.settings)
            scale[structure.positions] = np.sqrt(share / weight)
        return np.asarray(chosen * np.outer(scale, scale))

    @cached_property
    def information_inverse(self) -> Array | None:
        """Inverse of the information of one row under the constraints; None when it is singular."""
        return well_conditioned_inverse(self.table.reduced(self.information))

    @property
    def is_hardly_determined(self) -> bool:
        """Whether the information leaves a doubt that the moments determine the parameters: it is singular, or
        so nearly that what is left of a gradient may be all that it has in one direction.
        """
        return hardly_determined(self.table.reduced(self.information), self.information_inverse)

    @cached_property
    def saturated(self) -> tuple[Pieces, ...]:
        """For incomplete rows by group: the likelihood's parts at the unrestricted moments.

        FloatingPointError where those are not positive definite.
        """
        found = [
            None if group.patterns is None else pieces(group.patterns, group.mean, group.cov)
            for group in self.data.groups
        ]
        known = tuple(own for own in found if own is not None)
        if len(known) < len(found):
            raise FloatingPointError("the saturated covariance is not positive definite")
        return known

    @cached_property
    def scores(self) -> tuple[Array, ...]:
        """Each row's gradient by group, (n, q) with the other groups' parameters at zero."""
        result = []
        for g, (structure, implied, group) in enumerate(
            zip(self.structures, self.implied, self.data.groups, strict=True)
        ):
            rows, f = group.required_rows, structure.factors(implied)
            if group.patterns is not None:
                own = fiml.casewise_scores(rows, self.optimum.point.pieces[g], implied.mu, f)
            else:
                about = implied.mu if self.table.mean_structure else group.mean
                own = robust.casewise_scores(
                    rows - about, implied.precision, f, means=self.table.mean_structure
                )
            full = np.zeros((group.n, len(self.theta)))
            full[:, structure.positions] = own
            result.append(full)
        return tuple(result)

    @cached_property
    def meat(self) -> Array:
        """Sampling covariance of one row's gradient, all free parameters."""
        size = len(self.theta)
        total = np.zeros((size, size))
        if isinstance(self.discrepancy, LeastSquares | LimitedDiscrepancy):
            for delta, v, gamma, share in self.weighted_jacobians(self.discrepancy):
                vd = v[:, None] * delta
                total += share * vd.T @ gamma @ vd
            return total
        for g, (structure, implied, group) in enumerate(
            zip(self.structures, self.implied, self.data.groups, strict=True)
        ):
            if group.patterns is not None:
                total += group.design.products(self.scores[g]) / self.data.n
                continue
            if self.settings.estimator in ("MLM", "MLMV"):
                own = self.moment_products(g, self.weight_matrices[g])
            else:
                own = robust.score_products(
                    group.required_rows,
                    implied.mu if self.table.mean_structure else group.mean,
                    implied.precision,
                    structure.factors(implied),
                    means=self.table.mean_structure,
                    centre=False,
                    design=group.design,
                )
            total[structure.block] += own / self.data.n
        return total

    def moment_products(self, g: int, weight: Array) -> Array:
        """n Delta' V Gamma V Delta of one group (k, k), V the normal weight at an inverse covariance.

        Gamma is the sampling covariance of the sample's moments about the sample's own means (Satorra
        & Bentler 1994), given the predictors where those are fixed; MLR's scores stand about the
        model's means instead.
        """
        group = self.data.groups[g]
        return robust.score_products(
            group.required_rows,
            group.mean,
            weight,
            self.structures[g].factors(self.implied[g]),
            means=self.table.mean_structure,
            centre=True,
            slopes=robust.conditional_slopes(group.cov, self.exogenous),
        )

    def weighted_jacobians(
        self, discrepancy: LeastSquares | LimitedDiscrepancy
    ) -> list[tuple[Array, Array, Array, float]]:
        """For ordinal data by group: Jacobian, diagonal weight, Gamma and share of the rows."""
        if isinstance(discrepancy, LimitedDiscrepancy):
            return discrepancy.parts(self.theta, self.data.shares)
        result = []
        for structure, implied, group, v, share in zip(
            self.structures,
            self.implied,
            self.data.groups,
            discrepancy.weights,
            self.data.shares,
            strict=True,
        ):
            local = discrepancy.jacobian(structure.factors(implied))
            delta = np.zeros((len(local), len(self.theta)))
            delta[:, structure.positions] = local
            result.append((delta, v, group.ordinal.correlation_gamma, float(share)))
        return result

    @cached_property
    def vcov(self) -> Array | None:
        """Sampling covariance of all free parameters (q, q); None when it does not exist, as where the
        estimation did not reach a minimum.
        """
        inverse = self.information_inverse if self.optimum.converged else None
        if inverse is None:
            return None
        if self.settings.robust:
            inverse = inverse @ self.table.reduced(self.meat) @ inverse
        return np.asarray(self.table.expanded(inverse) / self.multiplier)


# A diagonal of the inverse of the information scaled to ones: 1 / (1 - R^2) of each parameter by the others.
DOUBTFUL = 1e5


def solve(
    table: ParameterTable, data: Prepared, settings: Options, *, start: Array | None = None
) -> Solution:
    """Estimate, from ``start`` (all free parameters) or from values near the solution.

    Raises ModelError naming the parameters when the model is not identified.
    """
    table = table.original or table
    if settings.answers:
        local, joint, limited, optimum = limited_optimum(table, data, settings, start=start)
        solution = Solution(local, data, settings, joint, limited, optimum)
        if not optimum.converged or solution.is_hardly_determined:
            require_determined(table, limited, optimum.point.theta)
        return solution
    built = tuple(
        structure.with_exogenous(
            table.exogenous, group.cov, group.mean if table.mean_structure else None
        )
        for structure, group in zip(structures(table), data.groups, strict=True)
    )
    keep = _off_diagonal(len(data.names)) if settings.ordered else None
    if table.n_parameters > _moments(table, keep):
        require_identified(table, built, keep=keep)
    samples = tuple(
        Sample(structure, group.cov, group.mean, _weight(group, data, settings), group.n)
        for structure, group in zip(built, data.groups, strict=True)
    )
    means = table.mean_structure
    moments = [group.cov for group in data.groups], [group.mean for group in data.groups]
    given = start is not None
    if start is None:
        start = start_values(table, built, *moments)
    discrepancy: Discrepancy
    if settings.maximum_likelihood:
        discrepancy = NormalDiscrepancy.of(samples, means=means)
    else:
        weights = tuple(_weights(group, settings, means=means) for group in data.groups)
        discrepancy = LeastSquares(samples, weights, means, keep)
    optimum = restricted_minimum(discrepancy, start, table)
    if table.composites and not optimum.converged and not given:
        start = start_values(table, built, *moments, equal_weights=True)
        optimum = restricted_minimum(discrepancy, start, table)
    if settings.missing == "fiml" and any(group.patterns for group in data.groups):
        discrepancy = fiml.FimlDiscrepancy(
            tuple(
                fiml.IncompleteSample(s.structure, g.patterns, s.weight)
                for s, g in zip(samples, data.groups, strict=True)
                if g.patterns is not None
            )
        )
        optimum = restricted_minimum(discrepancy, optimum.point.theta, table, near=True)
    if optimum.converged:
        table = at_solution(table, optimum.point.theta)
    solution = Solution(table, data, settings, built, discrepancy, optimum)
    if not optimum.converged or solution.is_hardly_determined:
        require_identified(table, built, keep=keep)
    return solution


def _weight(group: GroupData, data: Prepared, settings: Options) -> float:
    if settings.unbiased:
        return (group.size - 1) / (data.n - len(data.groups))
    return group.size / data.n


def _moments(table: ParameterTable, keep: Array | None) -> int:
    p, x = len(table.observed), len(table.exogenous)
    if keep is not None:
        return table.groups * len(keep)
    each = p * (p + 1) // 2 - x * (x + 1) // 2
    return table.groups * (each + (p - x if table.mean_structure else 0))


def _off_diagonal(p: int) -> Array:
    rows, columns = vech_index(p)
    return np.flatnonzero(rows != columns)


def _weights(group: GroupData, settings: Options, *, means: bool) -> Array:
    """Least squares' weight: a diagonal as a vector, or a full matrix."""
    p = len(group.cov)
    if group.polychoric is not None and not settings.unweighted:
        return np.asarray(1 / np.diag(group.polychoric.correlation_gamma))
    if group.polychoric is not None:
        return np.ones(p * (p - 1) // 2)
    if settings.estimator == "ULS":
        return np.ones(p * (p + 1) // 2 + (p if means else 0))
    if settings.estimator == "GLS":
        return robust.normal_weight(np.linalg.inv(group.cov), means=means)
    moments = p * (p + 1) // 2 + (p if means else 0)
    if settings.estimator == "WLS" and group.n <= moments:
        raise TooFewCases(moments + 1, group.n, what=f"rows for the {moments} moments of WLS")
    gamma = robust.moment_gamma(group.required_rows, means=means)
    if settings.estimator == "DWLS":
        return np.asarray(1 / np.diag(gamma))
    if well_conditioned_inverse(gamma) is None:
        place = f" in group {group.label}" if group.label else ""
        raise NotPositiveDefinite(
            f"WLS weighs by the inverse of the moments' sampling covariance, which is singular{place}: "
            "the items have too few different answers (two each, say) or rows; use WLSMV or DWLS"
        )
    return np.linalg.inv(gamma)


def hardly_determined(information: Array, inverse: Array | None) -> bool:
    """Whether an information matrix is singular, which its ``inverse`` of None says, or all but."""
    if inverse is None:
        return True
    return bool((inverse.diagonal() * information.diagonal()).max(initial=0.0) > DOUBTFUL)


def well_conditioned_inverse(matrix: Array) -> Array | None:
    """Inverse of a positive definite matrix, None when it is singular for practical purposes."""
    diagonal = matrix.diagonal()
    if not np.isfinite(matrix).all() or (diagonal <= 0).any():
        return None
    scale = 1 / np.sqrt(diagonal)
    scales = scale[:, None] * scale
    found = positive_inverse(matrix * scales)
    # A diagonal of 1 / (1 - R^2): beyond this, R^2 is 1 for practical purposes.
    if found is None or found[0].diagonal().max(initial=0.0) > 1e10:
        return None
    return np.asarray(found[0] * scales)
