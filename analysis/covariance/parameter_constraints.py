"""What holds parameters together: labels, equality over groups, written linear equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count

import numpy as np

from analysis.covariance.parameter_table import Parameter
from analysis.covariance.restrictions import Restriction, bound, restriction_of
from analysis.covariance.text.expressions import Label, labels_in
from analysis.covariance.text.model import Constraint, Model
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


# What estimates of ordinal items, their thresholds being free and their variances 1, cannot hold equal.
NOT_OF_ORDINAL = ("thresholds", "intercepts", "means", "residuals")


def equal_words(equal: Sequence[str], *, groups: int, ordered: bool) -> list[str]:
    """The words of ``equal`` with underscores. Raises ModelError for those that cannot be held."""
    words = [word.replace(".", "_") for word in equal]
    for word in words:
        if ordered and word in NOT_OF_ORDINAL:
            raise ModelError(
                f"equal: {word} of ordinal items are held equal in the order of the ordinal "
                "invariance test (thresholds, loadings, intercepts, residuals); use that with "
                f"estimator WLSMV, or take {word} out of equal"
            )
        if word not in EQUAL:
            raise ModelError(f"equal: {word!r} is not known; choose among {', '.join(EQUAL)}")
    if words and groups == 1:
        raise ModelError(
            f"equal: {', '.join(words)} would be held equal over groups, but there is only one; "
            "name the grouping column, or leave equal out"
        )
    return words


def require_held(
    rows: Sequence[Parameter], latent: frozenset[str], equal: Sequence[str], free: Sequence[str]
) -> None:
    """Raise ModelError for a word of ``equal`` that holds nothing, and for ``free`` without any."""
    if free and not equal:
        raise ModelError(
            f"free: {', '.join(free)} would be left out of what equal holds, but equal is empty"
        )
    for word in equal:
        if not any(EQUAL[word](row, latent) for row in rows):
            raise ModelError(
                f"equal: the model has no {word.replace('_', ' ')} to hold equal; take the word out"
            )


Tie = tuple[int, int]  # positions of two rows that are one parameter


def label_ties(rows: Sequence[Parameter]) -> list[Tie]:
    """The first row of each label with every other one."""
    first: dict[str, int] = {}
    return [
        (first[row.label], at)
        for at, row in enumerate(rows)
        if row.label and first.setdefault(row.label, at) != at
    ]


def equal_ties(
    rows: Sequence[Parameter],
    latent: frozenset[str],
    equal: Sequence[str],
    free: Sequence[str],
    predictors: Sequence[str] = (),
) -> list[Tie]:
    """The first group's row of each parameter that ``equal`` names, with the other groups' rows.

    Moments of observed ``predictors`` belong to the sample, not to the model, and stay apart; a
    parameter that the author labelled is held by its labels alone.
    """
    exceptions = _exceptions(rows, free)
    if not equal:
        return []
    outside = set(predictors)
    kinds = [EQUAL[word] for word in equal]
    reference: dict[str, int] = {}
    ties = []
    for at, row in enumerate(rows):
        if row.exogenous or row.label or row.name in exceptions:
            continue
        if row.op in ("~~", "~1") and not outside.isdisjoint((row.lhs, row.rhs)):
            continue
        if not any(kind(row, latent) for kind in kinds):
            continue
        if row.group == 1:
            reference[row.name] = at
        elif row.name in reference:
            ties.append((reference[row.name], at))
    return ties


def _exceptions(rows: Sequence[Parameter], free: Sequence[str]) -> set[str]:
    """Names of the parameters that are left free; a covariance under both of its names."""
    exceptions = {name.replace(" ", "") for name in free}
    known = {row.name for row in rows} if exceptions else set()
    for name in exceptions - known:
        left, _, right = name.partition("~~")
        if f"{right}~~{left}" not in known:
            raise ModelError(
                f"free: {name!r} is no parameter of the model; write it as in the estimates, "
                "for example 'visual=~x2' or 'x3~1'"
            )
        exceptions.add(f"{right}~~{left}")
    return exceptions


def settled(rows: Sequence[Parameter], ties: Sequence[Tie]) -> tuple[list[Parameter], list[Tie]]:
    """Rows fixed where they are tied to a fixed one, free positions given anew if that changes them;
    and the ties between free positions.

    Raises ModelError where a tie joins two different fixed values.
    """
    if not ties:
        return list(rows), []
    value = [row.value for row in rows]
    varies = [row.free >= 0 for row in rows]
    waiting = list(ties)
    while waiting:  # a chain of ties hands a fixed value on
        open_ties = [(a, b) for a, b in waiting if varies[a] or varies[b]]
        handed = [(a, b) for a, b in open_ties if varies[a] != varies[b]]
        for a, b in handed:
            source, target = (b, a) if varies[a] else (a, b)
            value[target], varies[target] = value[source], False
        if not handed:
            break
        waiting = open_ties
    for a, b in ties:
        if not varies[a] and not varies[b] and value[a] != value[b]:
            _refuse_different(rows, a, b, value)
    found = list(rows)
    if varies != [row.free >= 0 for row in rows]:
        found = numbered(
            [
                row._replace(free=0 if free else -1, value=own)
                for row, free, own in zip(rows, varies, value, strict=True)
            ]
        )
    return found, [(found[a].free, found[b].free) for a, b in ties if varies[a]]


def numbered(rows: Sequence[Parameter]) -> list[Parameter]:
    """The rows with the free ones' positions counted from 0 in their order."""
    number = count()
    return [row if row.free < 0 else row._replace(free=next(number)) for row in rows]


def _refuse_different(
    rows: Sequence[Parameter], a: int, b: int, value: Sequence[float | None]
) -> None:
    one, other = rows[a], rows[b]
    place = "" if one.group == other.group else f" in groups {one.group} and {other.group}"
    how = f"share the label {one.label}" if one.label else "are held equal over groups"
    raise ModelError(
        f"{one.name} and {other.name}{place} {how}, but are fixed at {value[a]:g} and {value[b]:g}; "
        "give both one value, or let them differ"
    )


def constraint_transform(
    model: Model, rows: list[Parameter], pairs: Sequence[Tie]
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
    _check_definitions(model, rows)
    linear = _sorted_constraints(model, rows)[0]
    if linear:
        transform, offset = _linear(linear, transform)
    return transform, offset, equalities


def restrictions_of(model: Model, rows: Sequence[Parameter]) -> tuple[Restriction, ...]:
    """What no linear equation says: nonlinear equations, inequalities and bounds.

    Raises ModelError for bounds that leave no value, and for a fixed value outside of its bounds.
    """
    found = _sorted_constraints(model, rows)[1]
    for row in rows:
        if row.lower is None and row.upper is None:
            continue
        low = -np.inf if row.lower is None else row.lower
        high = np.inf if row.upper is None else row.upper
        if low > high:
            raise ModelError(f"{row.name}: lower({low:g}) is above upper({high:g}); correct one")
        if row.free < 0 and row.value is not None and not low <= row.value <= high:
            raise ModelError(
                f"{row.name} is fixed at {row.value:g}, outside of its bounds; free it with NA*, or "
                "leave the bounds out"
            )
        if row.free >= 0 and row.lower is not None:
            found.append(bound(row.name, row.free, row.lower, lower=True))
        if row.free >= 0 and row.upper is not None:
            found.append(bound(row.name, row.free, row.upper, lower=False))
    return tuple(found)


Linear = tuple[Constraint, np.ndarray, float]  # with its gradient (q,) and its value at zero


def _sorted_constraints(
    model: Model, rows: Sequence[Parameter]
) -> tuple[list[Linear], list[Restriction]]:
    """The linear equations, and the other constraints."""
    if not model.constraints:
        return [], []
    size = sum(row.free >= 0 for row in rows)
    position = {row.label: row.free for row in reversed(rows) if row.label and row.free >= 0}
    fixed = {row.label: row.value for row in rows if row.label and row.value is not None}
    defined = {definition.name for definition in model.definitions}
    linear: list[Linear] = []
    others: list[Restriction] = []
    for constraint in model.constraints:
        labels = [*labels_in(constraint.left), *labels_in(constraint.right)]
        _check_labels(labels, set(position) | set(fixed) | defined)
        one = restriction_of(constraint, model.definitions, position, fixed)
        slope = _slope(one, size) if one.equation else None
        if slope is None:
            others.append(one)
        else:
            linear.append((constraint, *slope))
    return linear, others


def _slope(equation: Restriction, size: int) -> tuple[np.ndarray, float] | None:
    """Gradient and value at zero of an equation that is linear; None for any other."""
    rng = np.random.default_rng(0)
    first, *others = [rng.normal(size=size) for _ in range(3)]
    value, gradient = equation.at(first)
    constant = value - float(gradient @ first)
    for point in others:
        found, slope = equation.at(point)
        same = np.allclose(gradient, slope, rtol=1e-9, atol=1e-12)
        if not (same and abs(found - constant - float(slope @ point)) <= 1e-9 * (1 + abs(found))):
            return None
    return gradient, constant


def _linear(equations: Sequence[Linear], transform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Restrict ``transform`` to the solutions of the written linear equations."""
    matrix = np.array([gradient @ transform for _, gradient, _ in equations])
    right_side = np.array([-constant for *_, constant in equations])
    solution, *_ = np.linalg.lstsq(matrix, right_side, rcond=None)
    if not np.allclose(matrix @ solution, right_side, atol=1e-9):
        first = equations[0][0]
        raise ModelError(
            "the '==' constraints contradict each other or a fixed value; remove one",
            line=first.line or None,
            column=first.column or None,
        )
    _, singular, right_vectors = np.linalg.svd(matrix)
    rank = int(np.sum(singular > 1e-10))
    return transform @ right_vectors[rank:].T, transform @ solution


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
