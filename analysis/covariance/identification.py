"""Whether the moments determine the parameters, and if not, which ones are to blame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.covariance.matrices import Array, GroupStructure, jacobian
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.errors import ModelError

# Singular values of the scaled Jacobian below this share of the largest count as zero.
ZERO = 1e-8


def unidentified(table: ParameterTable, jacobians: Sequence[Array]) -> list[Parameter]:
    """Free parameters that can move together without any moment moving; empty when identified."""
    delta = np.vstack(jacobians) @ table.transform
    length = np.linalg.norm(delta, axis=0)
    scale = np.where(length > 0, length, 1.0)
    _, singular, right = np.linalg.svd(delta / scale)
    full = np.zeros(delta.shape[1])
    full[: len(singular)] = singular
    null = right[full <= ZERO * max(full.max(initial=0.0), 1e-300)] / scale
    if not len(null):
        return []
    moved = np.abs(table.transform @ null.T).max(axis=1)
    return [row for row in table.free_rows() if moved[row.free] > 0.05 * moved.max()]


def require_identified(
    table: ParameterTable,
    structures: Sequence[GroupStructure],
    *,
    keep: Array | None = None,
) -> None:
    """Raise ModelError naming the parameters, unless the model is locally identified.

    Judged by the rank of the moments' Jacobian at a generic point (Wald 1950): a model that fails only
    at special values, such as two-indicator factors that happen not to correlate, passes.
    """
    theta = generic_point(table)
    jacobians = []
    for structure in structures:
        local = jacobian(structure.factors(structure.implied(theta)), means=table.mean_structure)
        local = local if keep is None else local[keep]
        full = np.zeros((len(local), table.n_free))
        full[:, structure.positions] = local
        jacobians.append(full)
    culprits = unidentified(table, jacobians)
    if not culprits:
        return
    # What stands for the covariances of a composite's items is no line of the author's.
    inner = {triple for one in table.composites for triple in one.inner}
    own = [row for row in culprits if (row.lhs, row.op, row.rhs) not in inner]
    names = list(dict.fromkeys(row.name for row in own or culprits))
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    moments = sum(len(j) for j in jacobians)
    raise ModelError(
        f"the model is not identified: {table.n_parameters} free parameters, {moments} moments, and "
        f"these can trade places without changing the fit: {listed}. Fix or equate some of them, "
        + (
            "or relate the composite to more variables"
            if any(row.op == "<~" for row in own)
            else "or give the factor another indicator"
        )
    )


def generic_point(table: ParameterTable) -> Array:
    """Plausible values without special relations, the same at every call."""
    rng = np.random.default_rng(20_240_229)
    theta = np.zeros(table.n_free)
    for row in table.free_rows():
        low, high = {
            "=~": (0.5, 1.5),
            "~": (0.2, 0.6),
            "~1": (-1.0, 1.0),
        }.get(row.op, (0.8, 2.0) if row.lhs == row.rhs else (0.1, 0.3))
        theta[row.free] = rng.uniform(low, high)
    return np.asarray(table.transform @ np.linalg.pinv(table.transform) @ theta + table.offset)
