"""A model with exploratory blocks: estimated unrotated, then restated with rotated factors.

The rotated solution is one of the same model in other coordinates: all loadings and factor correlations
are free, and the conditions under which no rotation lowers the criterion are held as constraints. Their
slopes give the standard errors of everything rotated (Jennrich 1973: the bordered information, which
is the delta method).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.linalg import qr

from analysis.covariance.data import Prepared
from analysis.covariance.discrepancies import with_structures
from analysis.covariance.estimation import Point
from analysis.covariance.exploratory.efa_blocks import EfaBlock, blocks_of, rotated_form, unrotated
from analysis.covariance.exploratory.rotation import (
    TO_TARGET,
    Rotated,
    Rotation,
    criterion_of,
    rotate,
    stationarity,
)
from analysis.covariance.matrices import Array, GroupStructure, structures
from analysis.covariance.ordinal.limited_discrepancy import LimitedDiscrepancy, LimitedPoint
from analysis.covariance.ordinal.limited_solution import limited_discrepancy
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.settings import Options
from analysis.covariance.solution import RotatedBlock, Solution, solve
from analysis.covariance.text.model import Model
from analysis.errors import ModelError

Complete = Callable[[Model], ParameterTable]
ROUNDS = 20  # of the extraction that estimation starts from
LEAST_UNIQUE = 0.05
STEP = 1e-30  # of the complex step, which has no rounding of differences
RANK = 1e-7


@dataclass(frozen=True)
class Placed:
    """A block in one group: where its items and factors stand among all variables, its target and its
    rotation.
    """

    block: EfaBlock
    items: Array
    factors: Array
    target: Array | None
    rotated: Rotated


def solve_rotated(
    model: Model,
    data: Prepared,
    settings: Options,
    complete: Complete,
    rotation: Rotation,
    target: pd.DataFrame | None,
) -> Solution:
    """The solution of a model with exploratory blocks, rotated.

    ``complete`` makes the parameter table of a model without blocks under the caller's choices;
    ``target`` has the items as rows and the factors as columns, NaN where a loading is free.
    """
    blocks = blocks_of(model)
    _require_equal_kinds(blocks, settings)
    _require_plain_thresholds(model, settings)
    targets = {block.name: target_of(block, rotation, target) for block in blocks}
    extracted = [
        {block.name: _extracted(block, group.cov, data.names) for block in blocks}
        for group in data.groups
    ]
    # The first items may measure one factor all: those that tell the factors apart bear the zeros.
    anchors = {
        block.name: [block.items[i] for i in qr(extracted[0][block.name][0].T, pivoting=True)[2]]
        for block in blocks
    }
    table = complete(unrotated(model, anchors))
    starts = _starts(blocks, anchors, extracted, data)
    outside = dict(model.blocks)
    rows = tuple(_started(row, starts, outside) for row in table.rows)
    found = solve(replace(table, rows=rows), data, settings)
    return _restated(
        found,
        complete(rotated_form(model, correlated=not rotation.keeps_angles)),
        blocks,
        rotation,
        targets,
    )


def require_rotation(model: Model, rotation: Rotation | None, target: pd.DataFrame | None) -> None:
    """Raise ModelError for a rotation or target that has nothing to work on."""
    if rotation is not None and not model.blocks:
        raise ModelError(
            'a rotation needs factors to rotate; write efa("block")*factor before them in the model'
        )
    if target is not None and (rotation is None or not rotation.to_target):
        raise ModelError(f"a target goes with the rotations {' and '.join(TO_TARGET)}; choose one")


def rotation_warnings(solution: Solution) -> list[str]:
    """What to know of rotations that did not end at one place."""
    said = []
    for one in solution.rotations:
        own = one.rotated
        place = (
            f" in group {solution.data.groups[one.group - 1].label}"
            if len(solution.data.groups) > 1
            else ""
        )
        if not own.converged:
            said.append(f'the rotation of the block "{one.name}"{place} did not converge')
        elif own.optima > 1:
            said.append(
                f'the rotation of the block "{one.name}"{place} has {own.optima} local optima; {own.reached} of '
                f"{own.starts} starts reached the best one, which is reported"
            )
    return said


def target_of(block: EfaBlock, rotation: Rotation, target: pd.DataFrame | None) -> Array | None:
    """The block's part of the target (p, m).

    Raises ModelError for a target that lacks an item or factor, or says too little.
    """
    if not rotation.to_target or len(block.factors) == 1:
        return None
    if target is None:
        raise ModelError(
            f'the block "{block.name}" is rotated to a target; give one, with the items as rows and the '
            "factors as columns"
        )
    lacking = [item for item in block.items if item not in target.index]
    lacking += [factor for factor in block.factors if factor not in target.columns]
    if lacking:
        raise ModelError(
            f'the target of the block "{block.name}" lacks {", ".join(lacking[:8])}; it has a row for each '
            "item and a column for each factor, empty where a loading is free"
        )
    found = target.loc[list(block.items), list(block.factors)].to_numpy(dtype=float)
    if np.isinf(found).any():
        raise ModelError(f'the target of the block "{block.name}" has an infinite value')
    return np.asarray(found)


def _require_equal_kinds(blocks: tuple[EfaBlock, ...], settings: Options) -> None:
    kinds = [word for word in settings.equal if word not in ("residuals", "residual_covariances")]
    if kinds:
        raise ModelError(
            f'equal {kinds[0]} over groups are not estimated with the exploratory block "{blocks[0].name}", '
            "whose factors are rotated in each group; compare groups by a confirmatory model (invariance)"
        )


def _require_plain_thresholds(model: Model, settings: Options) -> None:
    written = any(path.op in ("|", "~*~") for path in model.paths)
    if settings.answers and (written or settings.parametrization != "delta"):
        raise ModelError(
            f'the exploratory block "{model.blocks[0][1]}" is not rotated with written thresholds or response '
            "scales, nor in the theta parametrization; leave them out, and use delta"
        )


def _extracted(block: EfaBlock, cov: Array, names: tuple[str, ...]) -> tuple[Array, Array]:
    """Loadings (p, m) of uncorrelated factors and unique variances (p,), near maximum likelihood."""
    at = [names.index(item) for item in block.items]
    own = cov[np.ix_(at, at)]
    units = np.sqrt(own.diagonal())
    correlation = own / np.outer(units, units)
    p, m = len(at), len(block.factors)
    unique = np.clip((1 - m / (2 * p)) / np.diag(np.linalg.pinv(correlation)), LEAST_UNIQUE, 1.0)
    loadings = np.zeros((p, m))
    for _ in range(ROUNDS):
        root = np.sqrt(unique)
        values, vectors = np.linalg.eigh(correlation / np.outer(root, root))
        loadings = root[:, None] * vectors[:, -m:] * np.sqrt(np.maximum(values[-m:] - 1, 0.01))
        unique = np.clip(1 - (loadings**2).sum(axis=1), LEAST_UNIQUE, 1.0)
    return loadings * units[:, None], unique * units**2


def _starts(
    blocks: tuple[EfaBlock, ...],
    anchors: Mapping[str, list[str]],
    extracted: list[dict[str, tuple[Array, Array]]],
    data: Prepared,
) -> dict[tuple[str, str, str, int], float]:
    """Loadings with the triangle of zeros, and residual variances, by lhs, op, rhs and group."""
    found: dict[tuple[str, str, str, int], float] = {}
    for number in range(1, len(data.groups) + 1):
        for block in blocks:
            loadings, unique = extracted[number - 1][block.name]
            order = [block.items.index(item) for item in anchors[block.name]]
            # The triangle of L' = Q R is L turned by Q.
            turned = np.linalg.qr(loadings[order].T)[1].T
            for item, row in zip(anchors[block.name], turned, strict=True):
                for factor, value in zip(block.factors, row, strict=True):
                    found[factor, "=~", item, number] = float(value)
            for item, value in zip(block.items, unique, strict=True):
                found[item, "~~", item, number] = float(value)
    return found


def _started(
    row: Parameter, starts: Mapping[tuple[str, str, str, int], float], inside: Mapping[str, str]
) -> Parameter:
    """The row with its starting value; relations of rotated factors start at 0."""
    if row.free < 0 or row.start is not None:
        return row
    known = starts.get((row.lhs, row.op, row.rhs, row.group))
    if known is None and (row.lhs in inside or row.rhs in inside):
        known = 0.0
    return row if known is None else row._replace(start=known)


def _restated(
    found: Solution,
    table: ParameterTable,
    blocks: tuple[EfaBlock, ...],
    rotation: Rotation,
    targets: Mapping[str, Array | None],
) -> Solution:
    limited, inner = None, table
    if found.settings.answers:
        limited, inner = limited_discrepancy(table, found.data, found.settings)
    built = tuple(
        structure.with_exogenous(
            table.exogenous, group.cov, group.mean if table.mean_structure else None
        )
        for structure, group in zip(structures(inner), found.data.groups, strict=True)
    )
    theta = np.zeros(1 + max(row.free for row in inner.rows))
    conditions, reported = [], []
    for number, (old, new) in enumerate(zip(found.structures, built, strict=True)):
        directed, symmetric, intercepts = old.matrices(found.theta)
        total = found.implied[number].sigma.diagonal()
        turn = np.eye(len(directed))
        placed = []
        for block in blocks:
            one = _placed(block, old, found, directed, symmetric, rotation, targets[block.name])
            turn[np.ix_(one.factors, one.factors)] = one.rotated.turn
            placed.append(one)
            reported.append(
                RotatedBlock(block.name, number + 1, block.factors, block.items, one.rotated)
            )
        back = np.linalg.inv(turn).T
        directed, symmetric, intercepts = (
            turn.T @ directed @ back,
            turn.T @ symmetric @ turn,
            turn.T @ intercepts,
        )
        values = [
            directed[new.d_row, new.d_col],
            symmetric[new.s_row, new.s_col],
            intercepts[new.m_row],
        ]
        theta[new.positions] = np.concatenate(values)
        _require_same(new, theta, found.implied[number].sigma, total)
        for one in placed:
            if len(one.block.factors) > 1:
                conditions.append(_slopes(one, new, table, theta, rotation, found.settings))
    held = np.vstack(conditions) if conditions else np.zeros((0, len(theta)))
    if limited is not None:
        return _restated_answers(found, table, inner, built, limited, theta, held, reported)
    transform = _within(held, table.transform)
    offset = theta - transform @ np.linalg.lstsq(transform, theta, rcond=None)[0]
    table = replace(table, transform=transform, offset=offset, constrained=True)
    discrepancy = with_structures(found.discrepancy, built)
    point = discrepancy.at(theta)
    optimum = replace(
        found.optimum, point=point, gradient=transform.T @ discrepancy.gradient(point)
    )
    return Solution(table, found.data, found.settings, built, discrepancy, optimum, tuple(reported))


def _restated_answers(
    found: Solution,
    table: ParameterTable,
    inner: ParameterTable,
    built: tuple[GroupStructure, ...],
    discrepancy: LimitedDiscrepancy,
    theta: Array,
    held: Array,
    reported: Sequence[RotatedBlock],
) -> Solution:
    """The same of ordinal items beside numbers or predictors, whose thresholds no rotation moves and whose
    residual variances follow from the parameters (``theta`` has them behind these).
    """
    values = {
        (row.lhs, row.op, row.rhs, row.group): found.theta[row.free]
        for row in found.table.rows
        if row.free >= 0
    }
    for row in inner.rows:
        if row.free >= 0 and row.op in ("|", "~*~"):
            theta[row.free] = values[row.lhs, row.op, row.rhs, row.group]
    point = discrepancy.at(theta)
    if not isinstance(point, LimitedPoint) or point.full is None or point.follows is None:
        raise ModelError("the rotated solution leaves an item without variance")
    transform = _within(held, np.vstack([table.transform, point.follows @ table.transform]))
    at = replace(
        inner,
        transform=transform,
        offset=point.full - transform @ np.linalg.lstsq(transform, point.full, rcond=None)[0],
        constrained=True,
        original=table,
        follow=len(point.full) - table.n_free,
    )
    known = tuple(structure.implied(point.full) for structure in built)
    optimum = replace(
        found.optimum,
        point=Point(point.full, point.value, known, terms=point.terms),
        gradient=transform[: table.n_free].T @ discrepancy.gradient(point),
    )
    return Solution(at, found.data, found.settings, built, discrepancy, optimum, tuple(reported))


def _placed(
    block: EfaBlock,
    structure: GroupStructure,
    found: Solution,
    directed: Array,
    symmetric: Array,
    rotation: Rotation,
    target: Array | None,
) -> Placed:
    names = structure.observed + structure.latent
    items = np.array([names.index(item) for item in block.items])
    factors = np.array([names.index(factor) for factor in block.factors])
    loadings = directed[np.ix_(items, factors)]
    unit = np.ones(len(items))
    if rotation.standardised and not found.settings.ordered:
        unit = np.sqrt((loadings**2).sum(axis=1) + symmetric[items, items])
    rotated = rotate(loadings / unit[:, None], rotation, target)
    return Placed(block, items, factors, target, rotated)


def _require_same(structure: GroupStructure, theta: Array, sigma: Array, total: Array) -> None:
    units = np.sqrt(np.abs(np.outer(total, total)))
    if np.abs((structure.implied(theta).sigma - sigma) / units).max() > 1e-6:
        raise ModelError(
            "the relations of the rotated factors cannot be said with the model's paths; give each factor "
            "of a block the same predictors, outcomes and covariances"
        )


def _slopes(
    one: Placed,
    structure: GroupStructure,
    table: ParameterTable,
    theta: Array,
    rotation: Rotation,
    settings: Options,
) -> Array:
    """Derivatives (c, q) of the rotation's conditions for all free parameters, by the complex step."""
    directed, symmetric, _ = structure.matrices(theta)
    m = len(one.factors)
    nd, ns = len(structure.d_row), len(structure.s_row)
    at = {
        (int(i), int(j)): int(position)
        for i, j, position in zip(
            structure.d_row, structure.d_col, structure.positions[:nd], strict=True
        )
    }
    across = {
        frozenset((int(i), int(j))): int(position)
        for i, j, position in zip(
            structure.s_row, structure.s_col, structure.positions[nd : nd + ns], strict=True
        )
    }
    loadings = directed[np.ix_(one.items, one.factors)].astype(complex)
    phi = symmetric[np.ix_(one.factors, one.factors)].astype(complex)
    unique = symmetric[one.items, one.items].astype(complex)
    moves: list[tuple[int, str, int, int]] = [
        (at[int(item), int(factor)], "loading", i, k)
        for i, item in enumerate(one.items)
        for k, factor in enumerate(one.factors)
    ]
    for j, k in combinations(range(m), 2):
        position = across.get(frozenset((int(one.factors[j]), int(one.factors[k]))))
        if position is not None:
            moves.append((position, "phi", j, k))
    in_units = rotation.standardised and not settings.ordered
    if in_units:
        for i, item in enumerate(one.items):
            position = across.get(frozenset((int(item),)))
            if position is not None:
                moves.append((position, "unique", i, i))
    size = len(moves)
    stacks = {
        "loading": np.tile(loadings, (size, 1, 1)),
        "phi": np.tile(phi, (size, 1, 1)),
        "unique": np.tile(unique, (size, 1)),
    }
    for r, (_, kind, i, k) in enumerate(moves):
        place = (r, i) if kind == "unique" else (r, i, k)
        stacks[kind][place] += STEP * 1j
        if kind == "phi":
            stacks[kind][r, k, i] += STEP * 1j
    lambdas = stacks["loading"]
    if in_units:
        common = np.einsum("rij,rjk,rik->ri", lambdas, stacks["phi"], lambdas)
        lambdas = lambdas / np.sqrt(common + stacks["unique"])[..., None]
    gradient = criterion_of(rotation, one.target)(lambdas)[1]
    values = stationarity(lambdas, stacks["phi"], gradient, orthogonal=rotation.keeps_angles)
    slopes = np.zeros((values.shape[1], len(theta)))
    for r, (position, *_) in enumerate(moves):
        slopes[:, position] += values[r].imag / STEP
    return slopes


def _within(conditions: Array, transform: Array) -> Array:
    """A table's transform (q, .) restricted to where the conditions hold."""
    reduced = conditions @ transform
    length = np.linalg.norm(reduced, axis=1)
    _, singular, right = np.linalg.svd(reduced / np.where(length > 0, length, 1.0)[:, None])
    if (length == 0).any() or (len(singular) and singular[-1] < RANK * singular[0]):
        raise ModelError(
            "the criterion does not determine the rotation: the loadings can be turned without changing it. "
            "Give the target more values (at least m (m - 1) of m correlated factors), or choose geomin"
        )
    return np.asarray(transform @ right[len(reduced) :].T)
