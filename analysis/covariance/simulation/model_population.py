"""A model whose values are written in it, as a population that samples are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.covariance.completion import complete
from analysis.covariance.matrices import Array, structures
from analysis.covariance.ordinal.ordinal_samples import written_thresholds
from analysis.covariance.parameter_table import Parameter, ParameterTable
from analysis.covariance.text.model import Model, Modifier, Path
from analysis.covariance.text.syntax import as_model
from analysis.errors import ModelError, NotPositiveDefinite


@dataclass(frozen=True)
class ModelPopulation:
    """The covariances (p, p) of the items that a model's written values imply, and the model that is
    fitted to its samples where no other is given: its paths without their values, each factor in the
    units of the population by its (residual) variance. ``thresholds`` by item where answers are ordinal,
    in units of the items' standard deviations; empty where they are numbers.
    """

    items: tuple[str, ...]
    cov: Array
    model: Model
    thresholds: tuple[Array, ...] = ()


def model_population(model: str | Model) -> ModelPopulation:
    """The population of a model with a value for every path: 'F =~ .8*x1 + .7*x2' and 'F ~~ .3*G'.

    A variance that is not written is as large as makes the variable's own variance 1, so that
    standardised values suffice.

    With thresholds ('x1 | -.5*t1 + .6*t2') for every item the answers are ordinal.

    Raises ModelError for a path without a value, a covariance that lavaan would free and nobody wrote,
    means, composites, constraints, and written paths that explain more than all of a variance.
    """
    written, thresholds = written_thresholds(as_model(model))
    _require_plain(written)
    if thresholds:
        _require_ordinal(written)
    table = complete(written, fixed_x=False, std_lv=True)
    said = {(path.lhs, path.op, path.rhs) for path in written.paths}
    rows, unknown = [], []
    for row in table.rows:
        if row.op == "~~" and row.lhs == row.rhs and (row.lhs, "~~", row.rhs) not in said:
            unknown.append(row.lhs)
            rows.append(row._replace(free=-1, value=0.0))
        elif row.free >= 0 or row.value is None:
            raise ModelError(_unvalued(row, said), line=_line(written, row))
        else:
            rows.append(row)
    cov, variances = _covariances(replace(table, rows=tuple(rows)), unknown)
    p = len(table.observed)
    return ModelPopulation(table.observed, cov[:p, :p], _fitted(written, variances), thresholds)


def _require_plain(model: Model) -> None:
    if model.reversed_items:
        raise ModelError(
            f"{model.reversed_items[0]}: a population has no reversed items; give its loading the other "
            "sign"
        )
    if model.constraints:
        raise ModelError("a population has values, not '=='; write them at the paths")
    for path in model.paths:
        if path.op in ("~1", "<~"):
            what = "means are" if path.op == "~1" else "composites are"
            raise ModelError(
                f"{path.name}: {what} not simulated; leave the line out", line=path.line or None
            )
        if len(path.modifiers) > 1:
            raise ModelError(
                f"{path.name}: groups are not simulated; give one value", line=path.line or None
            )


def _require_ordinal(model: Model) -> None:
    observed = set(model.observed)
    for path in model.paths:
        if path.op == "~" and observed & {path.lhs, path.rhs}:
            raise ModelError(
                f"{path.name}: ordinal answers are simulated for items of factors, without regressions of or "
                "on observed variables; leave it out",
                line=path.line or None,
            )
        if path.op == "~~" and path.lhs == path.rhs and path.lhs in observed:
            raise ModelError(
                f"{path.name}: behind ordinal answers stands a variance of 1; leave the line out",
                line=path.line or None,
            )


def _unvalued(row: Parameter, said: set[tuple[str, str, str]]) -> str:
    if (row.lhs, row.op, row.rhs) in said:
        return f"{row.name} has no value; write one, as in '{row.lhs} {row.op} .3*{row.rhs}'"
    return (
        f"the covariance of {row.lhs} and {row.rhs} is not given; write '{row.lhs} ~~ .3*{row.rhs}', or "
        "0* for none"
    )


def _line(model: Model, row: Parameter) -> int | None:
    found = [path.line for path in model.paths if path.name == row.name]
    return (found[0] or None) if found else None


def _covariances(table: ParameterTable, unknown: list[str]) -> tuple[Array, dict[str, float]]:
    """Of all variables, factors last, with the (residual) variances of factors and those unknown."""
    (structure,) = structures(table)
    names = table.observed + table.latent
    at = [names.index(name) for name in unknown]
    directed, symmetric, _ = structure.matrices(np.zeros(0))
    total = structure.total_effects(directed)
    known = (total @ symmetric @ total.T).diagonal()[at]
    found = np.linalg.solve(total[np.ix_(at, at)] ** 2, 1 - known) if at else np.zeros(0)
    for name, variance in zip(unknown, found, strict=True):
        if not variance > 1e-9:
            raise ModelError(
                f"{name}: what is written explains all of its variance of 1 and more; lower the values, "
                f"or write its own variance, '{name} ~~ 2*{name}'"
            )
    symmetric = symmetric.copy()
    symmetric[at, at] = found
    if np.linalg.eigvalsh(symmetric)[0] < -1e-9:
        raise NotPositiveDefinite(
            "no data can have the written covariances together with these variances; lower them"
        )
    return total @ symmetric @ total.T, {
        name: float(symmetric[i, i]) for i, name in enumerate(names) if name in table.latent
    }


def _fitted(model: Model, variances: dict[str, float]) -> Model:
    """The paths without values, but for the variances of factors."""
    paths: list[Path] = []
    for path in model.paths:
        if path.op == "~~" and path.lhs == path.rhs and path.lhs in variances:
            continue
        label = path.modifiers[0].label
        paths.append(replace(path, modifiers=(Modifier(free=path.op == "=~", label=label),)))
    paths += [Path(name, "~~", name, (Modifier(fixed=own),)) for name, own in variances.items()]
    return replace(model, paths=tuple(paths))
