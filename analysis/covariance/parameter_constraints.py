"""What holds parameters together: labels, equality over groups, written linear equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from analysis.covariance.expressions import Label, evaluate, labels_in
from analysis.covariance.model import Model
from analysis.covariance.parameter_table import Parameter
from analysis.errors import ModelError


def same_variable(row: Parameter) -> bool:
    """Whether a covariance is a variance."""
    return row.lhs == row.rhs


# What each word of ``equal`` holds equal over groups, given the names of the latent variables.
EQUAL: dict[str, Callable[[Parameter, frozenset[str]], bool]] = {
    "loadings": lambda r, lv: r.op == "=~",
    "intercepts": lambda r, lv: r.op == "~1" and r.lhs not in lv,
    "means": lambda r, lv: r.op == "~1" and r.lhs in lv,
    "regressions": lambda r, lv: r.op == "~",
    "residuals": lambda r, lv: r.op == "~~" and same_variable(r) and r.lhs not in lv,
    "residual_covariances": lambda r, lv: r.op == "~~" and not same_variable(r) and r.lhs not in lv,
    "lv_variances": lambda r, lv: r.op == "~~" and same_variable(r) and r.lhs in lv,
    "lv_covariances": lambda r, lv: r.op == "~~" and not same_variable(r) and r.lhs in lv,
}


def label_pairs(rows: Iterable[Parameter]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    pairs = []
    for row in rows:
        if row.label and row.free >= 0:
            if row.label in first:
                pairs.append((first[row.label], row.free))
            else:
                first[row.label] = row.free
    return pairs


def equal_pairs(
    rows: list[Parameter], latent: frozenset[str], equal: Sequence[str], free: Sequence[str]
) -> list[tuple[int, int]]:
    if not equal and not free:
        return []
    exceptions = {name.replace(" ", "") for name in free}
    known = {row.name for row in rows}
    for name in exceptions - known:
        left, _, right = name.partition("~~")
        if f"{right}~~{left}" not in known:
            raise ModelError(
                f"free: {name!r} is no parameter of the model; write it as in the estimates, "
                "for example 'visual=~x2' or 'x3~1'"
            )
        exceptions.add(f"{right}~~{left}")
    reference: dict[str, int] = {}
    pairs = []
    for row in rows:
        if row.free < 0 or row.name in exceptions:
            continue
        if not any(EQUAL[word](row, latent) for word in equal):
            continue
        if row.group == 1:
            reference[row.name] = row.free
        elif row.name in reference:
            pairs.append((reference[row.name], row.free))
    return pairs


def constraint_transform(
    model: Model, rows: list[Parameter], pairs: list[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Transform and offset of the free parameters, and the equalities that are not redundant."""
    size = sum(row.free >= 0 for row in rows)
    root = list(range(size))

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    equalities = []
    for a, b in pairs:
        ra, rb = find(a), find(b)
        if ra != rb:
            root[max(ra, rb)] = min(ra, rb)
            equalities.append((a, b))
    heads = [find(i) for i in range(size)]
    # One column for each set of equal parameters.
    transform = np.eye(size)[np.ix_(heads, sorted(set(heads)))] if equalities else np.eye(size)
    offset = np.zeros(size)
    if model.constraints:
        transform, offset = _linear(model, rows, transform)
    _check_definitions(model, rows)
    return transform, offset, equalities


def _linear(
    model: Model, rows: list[Parameter], transform: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Restrict ``transform`` to the solutions of the written ``==`` constraints."""
    size = len(transform)
    position = {row.label: row.free for row in reversed(rows) if row.label and row.free >= 0}
    fixed = {row.label: row.value for row in rows if row.label and row.value is not None}
    gradients, constants = [], []
    rng = np.random.default_rng(0)
    points = [np.zeros(size), rng.normal(size=size)]
    for constraint in model.constraints:
        names = {*labels_in(constraint.left), *labels_in(constraint.right)}
        _check_labels(names, set(position) | set(fixed))
        results = []
        for point in points:
            used = {label.name for label in names}
            values = {
                name: (float(point[at]), _unit(at, size))
                for name, at in position.items()
                if name in used
            }
            values |= {name: (float(v), np.zeros(size)) for name, v in fixed.items()}
            left = evaluate(constraint.left, values, size)
            right = evaluate(constraint.right, values, size)
            results.append((left[0] - right[0], left[1] - right[1]))
        (at_zero, gradient), (_, elsewhere) = results
        if not np.allclose(gradient, elsewhere, rtol=1e-9, atol=1e-12) or np.isnan(at_zero):
            raise ModelError(
                "this constraint is not linear in the parameters; only linear ones can be used",
                line=constraint.line or None,
                column=constraint.column or None,
            )
        gradients.append(gradient @ transform)
        constants.append(-at_zero)
    matrix, right_side = np.array(gradients), np.array(constants)
    solution, *_ = np.linalg.lstsq(matrix, right_side, rcond=None)
    if not np.allclose(matrix @ solution, right_side, atol=1e-9):
        first = model.constraints[0]
        raise ModelError(
            "the '==' constraints contradict each other or a fixed value; remove one",
            line=first.line or None,
            column=first.column or None,
        )
    _, singular, right_vectors = np.linalg.svd(matrix)
    rank = int(np.sum(singular > 1e-10))
    return transform @ right_vectors[rank:].T, transform @ solution


def _unit(at: int, size: int) -> np.ndarray:
    vector = np.zeros(size)
    vector[at] = 1.0
    return vector


def _check_labels(used: Iterable[Label], known: set[str]) -> None:
    for label in used:
        if label.name not in known:
            raise ModelError(
                f"{label.name} is the label of no parameter; write it before one, as in 'y ~ {label.name}*x'",
                line=label.line or None,
                column=label.column or None,
            )


def _check_definitions(model: Model, rows: list[Parameter]) -> None:
    known = {row.label for row in rows if row.label}
    for definition in model.definitions:
        _check_labels(labels_in(definition.expression), known)
        if definition.name in known:
            raise ModelError(
                f"{definition.name} is a parameter's label already; name the definition differently",
                line=definition.line or None,
                column=definition.column or None,
            )
        known.add(definition.name)
