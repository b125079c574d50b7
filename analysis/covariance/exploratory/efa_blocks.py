"""Exploratory blocks of a model: sets of factors that are all measured by the same items and rotated.

A block is identified by what rotation does not change: its factors have unit (residual) variances, and
what one of them is related to, all of them are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from analysis.covariance.text.expressions import labels_in
from analysis.covariance.text.model import Model, Modifier, Path
from analysis.errors import ModelError

MOST_FACTORS = 20


@dataclass(frozen=True)
class EfaBlock:
    """A set of factors with the items that measure each of them."""

    name: str
    factors: tuple[str, ...]
    items: tuple[str, ...]


def blocks_of(model: Model) -> tuple[EfaBlock, ...]:
    """The model's exploratory blocks.

    Raises ModelError for what a rotation would turn into another model: factors of a block with
    different items or relations, and labels, values and constraints on what is rotated.
    """
    factors: dict[str, list[str]] = {}
    for factor, name in model.blocks:
        factors.setdefault(name, []).append(factor)
    return tuple(_block(model, name, tuple(own)) for name, own in factors.items())


def require_no_blocks(model: Model, what: str) -> None:
    """Raise ModelError saying that ``what`` is not computed for a model with exploratory blocks."""
    if model.blocks:
        raise ModelError(
            f'efa("{model.blocks[0][1]}"): {what} are not computed for a model with exploratory blocks'
        )


def unrotated(model: Model, anchors: Mapping[str, Sequence[str]]) -> Model:
    """The model with uncorrelated factors in each block, whose loadings have a triangle of zeros: the
    k-th factor none on the first k - 1 ``anchors`` of the block.
    """
    zeros = {
        (factor, item)
        for block in blocks_of(model)
        for k, factor in enumerate(block.factors)
        for item in anchors[block.name][:k]
    }
    return _in_units(model, zeros, correlated=False)


def rotated_form(model: Model, *, correlated: bool) -> Model:
    """The model with all loadings of its blocks free, and with ``correlated`` factors in each."""
    return _in_units(model, set(), correlated=correlated)


def _in_units(model: Model, zeros: set[tuple[str, str]], *, correlated: bool) -> Model:
    inside = dict(model.blocks)
    free, zero, unit = (Modifier(free=True),), (Modifier(fixed=0.0),), (Modifier(fixed=1.0),)
    paths = [
        replace(path, modifiers=zero if (path.lhs, path.rhs) in zeros else free)
        if path.op == "=~" and path.lhs in inside
        else path
        for path in model.paths
    ]
    for block in blocks_of(model):
        paths += [Path(factor, "~~", factor, unit) for factor in block.factors]
        paths += [
            Path(a, "~~", b, free if correlated else zero)
            for a, b in combinations(block.factors, 2)
        ]
    return replace(model, paths=tuple(paths), blocks=())


def _block(model: Model, name: str, factors: tuple[str, ...]) -> EfaBlock:
    own = set(factors)
    items = model.indicators(factors[0])
    if len(factors) > MOST_FACTORS:
        raise ModelError(f'the block "{name}" has {len(factors)} factors; at most {MOST_FACTORS}')
    for path in model.paths:
        if path.op == "=~" and path.lhs in own:
            _require_plain(path, name)
            if path.rhs in model.latent:
                raise _at(
                    path, f'{path.name}: the block "{name}" is measured by observed items only'
                )
        elif path.lhs in own and path.rhs in own:
            raise _at(
                path,
                f'{path.name}: variances and correlations within the block "{name}" follow from its '
                "rotation, and its factors cannot be regressed on each other; leave the line out",
            )
        elif path.op == "=~" and path.rhs in own:
            raise _at(
                path,
                f'{path.name}: a factor behind the rotated factors of "{name}" is not identified; rotate '
                "to a general factor instead (bi-geomin or bi-target)",
            )
    for factor in factors[1:]:
        if set(model.indicators(factor)) != set(items):
            raise ModelError(
                f'{factor} and {factors[0]} of the block "{name}" have different items; the factors of a '
                "block are measured by the same items, which a target tells apart"
            )
    if len(items) <= len(factors):
        raise ModelError(
            f'the block "{name}" has {len(factors)} factors and {len(items)} items; it needs more items '
            "than factors"
        )
    _require_alike(model, name, factors)
    _require_no_constraints(model, name, own)
    return EfaBlock(name, factors, items)


def _require_plain(path: Path, name: str) -> None:
    if path.modifiers != (Modifier(),):
        raise _at(
            path,
            f'{path.name}: loadings of the exploratory block "{name}" are rotated, so that none is fixed, '
            "labelled or started at a value; write the item alone",
        )


def _require_alike(model: Model, name: str, factors: tuple[str, ...]) -> None:
    """What one factor is related to, each factor of its block is."""
    related: dict[str, dict[tuple[str, str, bool], Path]] = {factor: {} for factor in factors}
    for path in model.paths:
        for side, other in ((path.lhs, path.rhs), (path.rhs, path.lhs)):
            if side in related and path.op != "=~":
                # A covariance has no direction.
                left = path.op == "~~" or side == path.lhs
                related[side][path.op, other, left] = path
    for one in factors:
        for factor in factors:
            for key, path in related[one].items():
                if key not in related[factor]:
                    raise _at(
                        path,
                        f'{path.name}: the factors of the block "{name}" are rotated together, so that '
                        f"{factor} needs this line as {one} does",
                    )
                if any(m.fixed is not None for m in path.modifiers):
                    raise _at(
                        path,
                        f'{path.name}: a fixed value of one factor of the block "{name}" would not outlive '
                        "the rotation; leave it free",
                    )


def _require_no_constraints(model: Model, name: str, own: set[str]) -> None:
    """Equal labels and ``==`` say something of unrotated factors, which nobody reads."""
    used: dict[str, int] = {}
    touched: dict[str, Path] = {}
    for path in model.paths:
        inside = bool(own & {path.lhs, path.rhs})
        for label in {m.label for m in path.modifiers if m.label}:
            used[label] = used.get(label, 0) + 1
            if inside:
                touched[label] = path
    equated = {
        label.name
        for c in model.constraints
        for side in (c.left, c.right)
        for label in labels_in(side)
    }
    for label, path in touched.items():
        if used[label] > 1 or label in equated:
            raise _at(
                path,
                f'{label}: equality constraints on the rotated factors of the block "{name}" are not '
                "estimated; leave them free and compare them by a definition (:=)",
            )


def _at(path: Path, message: str) -> ModelError:
    return ModelError(message, line=path.line or None, column=path.column or None)
