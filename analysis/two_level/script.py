"""A fitted two-level model as an R script that gives the same numbers in lavaan."""

from __future__ import annotations

import json

from analysis.two_level.fit import TwoLevelFit


def two_level_script(fit: TwoLevelFit, *, file: str = "data.csv") -> str:
    """R code that reads ``file``, fits the same model under the same choices and prints everything.

    The text names the numbers to expect. lavaan finds the unrestricted model by an EM algorithm that
    stops as soon as a step gains less than 1e-4 in the log-likelihood: its chi-square may be smaller in
    the second decimal.
    """
    settings = fit.settings
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
        *(f"  {line}" for line in fit.model.lavaan_text.splitlines()),
        "'",
        f"fit <- {'sem' if structural else 'cfa'}({', '.join(arguments)})",
        f"# expected: n = {fit.n} in {fit.n_clusters} clusters, {', '.join(known)}",
        "# (lavaan's unrestricted model stops early: its chisq may be smaller in the second decimal)",
        "summary(fit, fit.measures = TRUE, standardized = TRUE, rsquare = TRUE)",
        "fitMeasures(fit)",
        "parameterEstimates(fit, standardized = TRUE)",
        "standardizedSolution(fit)",
        "lavInspect(fit, 'icc')",
        "lavInspect(fit, 'h1')",
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """An R string; JSON escapes the same characters."""
    return json.dumps(text, ensure_ascii=False)
