"""A discrepancy of the same data under another parameter table."""

from __future__ import annotations

from dataclasses import replace

from analysis.covariance.estimation import Discrepancy, LeastSquares, NormalDiscrepancy
from analysis.covariance.matrices import GroupStructure
from analysis.covariance.missing.fiml import FimlDiscrepancy


def with_structures(discrepancy: Discrepancy, built: tuple[GroupStructure, ...]) -> Discrepancy:
    """The discrepancy with other structures of its groups."""
    if not isinstance(discrepancy, NormalDiscrepancy | LeastSquares | FimlDiscrepancy):
        raise TypeError(type(discrepancy))
    if isinstance(discrepancy, FimlDiscrepancy):
        return replace(
            discrepancy,
            groups=tuple(
                replace(g, structure=s) for g, s in zip(discrepancy.groups, built, strict=True)
            ),
        )
    return replace(
        discrepancy,
        groups=tuple(
            replace(g, structure=s) for g, s in zip(discrepancy.groups, built, strict=True)
        ),
    )
