"""A fitted two-level model as an R script that gives the same numbers in lavaan."""

from __future__ import annotations

import json

from analysis.covariance.text.model import Model
from analysis.two_level.fit import TwoLevelFit

GROUPS_OF_LAVAAN = (
    "# (lavaan 0.6-14 weighs groups by the squares of their shares of the rows: where something is held equal",
    "# over groups of unequal sizes, its estimates are not those of maximum likelihood)",
)


def two_level_script(fit: TwoLevelFit, *, file: str = "data.csv") -> str:
    """R code that reads ``file``, fits the same model under the same choices and prints everything.

    The text names the numbers to expect. lavaan finds the unrestricted model by an EM algorithm that
    stops as soon as a step gains less than 1e-4 in the log-likelihood: its chi-square may be smaller in
    the second decimal. Of groups, which lavaan reads block by block, every parameter is written out. With
    weights, which lavaan does not have at two levels, the text says what to ask of Mplus.
    """
    settings = fit.settings
    if settings.weighted:
        return _of_weights(fit)
    models = (fit.model.within, fit.model.between)
    structural = any(path.op == "~" for model in models for path in model.paths)
    arguments = [
        "model",
        "data = data",
        f"cluster = {_quoted(settings.cluster)}",
        f'estimator = "{settings.estimator}"',
    ]
    if settings.std_lv:
        arguments.append("std.lv = TRUE")
    if settings.orthogonal:
        arguments.append("orthogonal = TRUE")
    if not settings.fixed_x:
        arguments.append("fixed.x = FALSE")
    if settings.missing == "fiml":
        arguments.append('missing = "ml"')
    several = settings.group is not None
    if several:
        arguments.append(f"group = {_quoted(str(settings.group))}")
    shown = ("chisq", "df", "chisq_scaled", "cfi", "rmsea", "srmr_within", "srmr_between", "logl")
    known = [
        f"{name.replace('_', '.', 1) if name == 'chisq_scaled' else name} = {fit.fit[name]:.8g}"
        for name in shown
        if name in fit.fit
    ]
    lines = [
        "# install.packages('lavaan')",
        "library(lavaan)",
        f"data <- read.csv({_quoted(file)})",
        *(
            f"data[[{_quoted(item)}]] <- {point:.15g} - data[[{_quoted(item)}]]  # reversed"
            for item, point in fit.turning_points.items()
        ),
        "model <- '",
        *(
            f"  {line}"
            for line in (_blocks(fit) if several else fit.model.lavaan_text.splitlines())
        ),
        "'",
        f"fit <- {'sem' if structural else 'cfa'}({', '.join(arguments)})",
        f"# expected: n = {fit.n} in {fit.n_clusters} clusters, {', '.join(known)}",
        *(GROUPS_OF_LAVAAN if several else ()),
        "# (lavaan's unrestricted model stops early: its chisq may be smaller in the second decimal)",
        "summary(fit, fit.measures = TRUE, standardized = TRUE, rsquare = TRUE)",
        "fitMeasures(fit)",
        "parameterEstimates(fit, standardized = TRUE)",
        "standardizedSolution(fit)",
        "lavInspect(fit, 'icc')",
        "lavInspect(fit, 'h1')",
    ]
    return "\n".join(lines) + "\n"


def _blocks(fit: TwoLevelFit) -> list[str]:
    """Every parameter of each group and level, one a line; those that are one share a label."""
    table = fit.solution.table
    joint = table.joint
    first = {b: a for a, b in joint.equalities} | {a: a for a, _ in joint.equalities}
    labels = {row.free: row.label for row in reversed(joint.rows) if row.label and row.free >= 0}
    found: list[str] = []
    for group, name in enumerate(fit.groups, start=1):
        found.append(f"group: {name}")
        for level, own in enumerate(table.levels, start=1):
            found.append(f"level: {level}")
            for row in own.rows:
                if row.group != group or row.exogenous:
                    continue
                root = first.get(row.free)
                label = row.label or labels.get(-1 if root is None else root, "")
                if row.free < 0:
                    label = f"{row.value or 0:.15g}"
                elif not label and root is not None:
                    label = f"p{root + 1}"
                right, operator = ("1", "~") if row.op == "~1" else (row.rhs, row.op)
                found.append(f"{row.lhs} {operator} {label + '*' if label else ''}{right}")
    shared = Model((), fit.model.definitions, fit.model.constraints).text
    return found + shared.splitlines()


def _of_weights(fit: TwoLevelFit) -> str:
    settings = fit.settings
    lines = [
        "# lavaan does not fit two levels with weights. The same pseudo maximum likelihood in Mplus:",
        "# TYPE = TWOLEVEL; ESTIMATOR = MLR;",
        f"# CLUSTER = {settings.cluster};",
    ]
    if settings.sampling_weights is not None:
        lines.append(f"# WEIGHT = {settings.sampling_weights}; WTSCALE = CLUSTER;")
    if settings.cluster_weights is not None:
        lines.append(f"# BWEIGHT = {settings.cluster_weights}; BWTSCALE = SAMPLE;")
    lines += [f"# {line}" for line in fit.model.lavaan_text.splitlines()]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """An R string; JSON escapes the same characters."""
    return json.dumps(text, ensure_ascii=False)
