"""Ordinal items at several waves: thresholds, intercepts and scales in one least-squares model.

As ``ordinal_groups``, in one sample: the responses behind an item's answers at a later wave have an
intercept and a scale of their own, and the thresholds of the first wave where these are held equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.completion import complete
from analysis.covariance.estimation import Point
from analysis.covariance.matrices import Array, Implied, structures
from analysis.covariance.measurement_invariance.wave_model import WaveModel
from analysis.covariance.minimiser import minimise
from analysis.covariance.ordinal.ordinal_groups import (
    STEPS,
    STRICT,
    OrdinalDiscrepancy,
    OrdinalFit,
    Positions,
)
from analysis.covariance.ordinal.polychoric import Polychoric
from analysis.covariance.parameter_constraints import (
    constraint_transform,
    label_ties,
    numbered,
    settled,
)
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.start_values import start_values
from analysis.covariance.text.syntax import parse


@dataclass(frozen=True)
class WaveDiscrepancy(OrdinalDiscrepancy):
    """Diagonally weighted least squares of one sample. ``first`` gives the place of each item at the
    first wave (p,); ``linked`` items are those of later waves that have its thresholds.
    """

    first: Array = None  # type: ignore[assignment]  # after fields with defaults

    def scales(self, theta: Array, implied: Sequence[Implied], g: int) -> Array:
        """Scales of all responses (p,); NaN where equal residual variances leave one none."""
        if self.strict:
            own = implied[g].sigma.diagonal()
            total = 1 + own - own[self.first]
            following = 1 / np.sqrt(np.where(total > 0, total, np.nan))
            return np.where(self.linked, following, 1.0)
        at = self.positions.scales[g]
        return np.where(at >= 0, theta[at], 1.0)

    def _scale_slopes(self, point: Point, g: int, delta: Array) -> Array | None:
        if not self.linked.any():
            return None
        slopes = np.zeros((len(delta), self.size()))
        if not self.strict:
            at = self.positions.scales[g]
            free = np.flatnonzero(at >= 0)
            slopes[free, at[free]] = 1.0
            return slopes
        structure = self.structures[g]
        f = structure.factors(point.implied[g])
        half = f.u * f.w
        slopes[:, structure.positions] = half[self.first] - half
        return np.asarray(slopes * (delta**3 * self.linked)[:, None])


def fit_waves(
    repeated: WaveModel, sample: Polychoric, step: str, free: Sequence[str] = ()
) -> OrdinalFit:
    """Fit one step to the thresholds and polychoric correlations of all items at all waves.

    ``free`` names what the step lets differ nevertheless, as at one wave: a loading (``f=~u3``), an
    intercept (``u3~1``), or an item's thresholds (``u3|``) and with them all else about the item.
    """
    equal = (STEPS | STRICT)[step]
    waves, names = repeated.waves, sample.names
    home = {waves.column(item, wave): (item, wave) for item in waves.items for wave in waves.names}
    place = {name: k for k, name in enumerate(names)}
    first = np.array([place[waves.column(home[name][0], waves.names[0])] for name in names])
    later = first != np.arange(len(names))
    apart = {name[:-1] for name in free if name.endswith("|")}
    shared = "thresholds" in equal
    kept = np.array([home[name][0] not in apart for name in names])
    linked = later & kept & shared
    table = _table(repeated, equal, apart, free)
    sizes = [len(own) for own in sample.thresholds]
    owner = np.repeat(np.arange(len(names)), sizes)
    positions = _positions(table.n_free, owner, sizes, first, linked, strict="residuals" in equal)
    built = structures(table)
    discrepancy = WaveDiscrepancy(
        built,
        (sample,),
        (1.0,),
        table.n_free,
        owner,
        linked,
        positions,
        "residuals" in equal,
        first,
    )
    start = np.ones(positions.size)
    start[: table.n_free] = start_values(table, built, [sample.correlation], [np.zeros(len(names))])
    # The first wave's last: they hold where later ones share them.
    order = np.argsort(~later[owner], kind="stable")
    start[positions.thresholds[0][order]] = np.concatenate(sample.thresholds)[order]
    more = positions.size - table.n_free
    transform = np.zeros((positions.size, table.n_parameters + more))
    transform[: table.n_free, : table.n_parameters] = table.transform
    transform[table.n_free :, table.n_parameters :] = np.eye(more)
    offset = np.concatenate([table.offset, np.zeros(more)])
    return OrdinalFit(
        table, discrepancy, minimise(discrepancy, start, transform, offset), transform
    )


def _positions(
    n_base: int, owner: Array, sizes: Sequence[int], first: Array, linked: Array, *, strict: bool
) -> Positions:
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
    within = np.arange(len(owner)) - starts[owner]
    own = ~linked[owner]
    thresholds = np.zeros(len(owner), dtype=int)
    thresholds[own] = n_base + np.arange(own.sum())
    home = starts[first[owner]] + within
    thresholds[~own] = thresholds[home[~own]]
    size = n_base + int(own.sum())
    scales = np.full(len(sizes), -1)
    if not strict:
        scales[linked] = size + np.arange(linked.sum())
        size += int(linked.sum())
    return Positions((thresholds,), (scales,), size)


def _table(
    repeated: WaveModel, equal: Sequence[str], apart: set[str], free: Sequence[str]
) -> ParameterTable:
    """The factor model's table with the means that the step frees."""
    exceptions = {*free, *(f"{f}=~{i}" for f in repeated.model.latent for i in apart)}
    model = parse(repeated.ordinal_text(loadings="loadings" in equal, free=tuple(exceptions)))
    whole = complete(model, mean_structure=True, ordered=True)
    latent = frozenset(model.latent)
    start = repeated.waves.labels[0]

    def means(row: Parameter) -> Parameter:
        if row.op != "~1":
            return row
        if row.lhs in latent:
            varies = "intercepts" in equal and not row.lhs.endswith(f"_{repeated.waves.names[0]}")
        else:
            name, later = repeated.base_name(row.name), repeated.wave_of(row.name) != start
            held = "intercepts" in equal and name not in free
            item = name.removesuffix("~1")
            varies = later and "thresholds" in equal and not held and item not in apart
        return row._replace(free=0 if varies else -1, value=None if varies else 0.0)

    rows = numbered([means(row) for row in whole.rows])
    rows, pairs = settled(rows, label_ties(rows))
    transform, offset, equalities = constraint_transform(model, rows, pairs)
    return replace(
        whole,
        rows=tuple(rows),
        transform=transform,
        offset=offset,
        equalities=tuple(equalities),
        constrained=bool(equalities),
    )
