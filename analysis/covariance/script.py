"""A fitted model as an R script that gives the same numbers in lavaan and semTools."""

from __future__ import annotations

import json

from analysis.covariance.sem import SemFit


def lavaan_script(fit: SemFit, *, file: str = "data.csv", bootstrap: int = 0) -> str:
    """R code that reads ``file``, fits the same model under the same choices and prints
    everything.

    ``bootstrap`` > 0 adds as many resamples. The text names the numbers to expect, so that whoever
    runs it sees at once whether the two programs agree. Package ``semTools`` adds reliability of
    each factor.
    """
    settings = fit.settings
    function = "sem" if any(path.op == "~" for path in fit.model.paths) else "cfa"
    arguments = ["model", "data = data", f'estimator = "{settings.estimator}"']
    if settings.missing == "fiml":
        arguments.append('missing = "ml"')
    if settings.group is not None:
        arguments.append(f"group = {_quoted(settings.group)}")
        if settings.equal:
            arguments.append(f"group.equal = {_vector(_lavaan_words(settings.equal))}")
        if settings.free:
            arguments.append(f"group.partial = {_vector(settings.free)}")
    if settings.sampling_weights is not None:
        arguments.append(f"sampling.weights = {_quoted(settings.sampling_weights)}")
    if settings.cluster is not None:
        arguments.append(f"cluster = {_quoted(settings.cluster)}")
    if settings.likelihood == "wishart":
        arguments.append('likelihood = "wishart"')
    if (settings.information == "observed") is not (
        settings.estimator == "MLR" or settings.missing == "fiml"
    ):
        arguments.append(f"information = {_quoted(settings.information)}")
    if settings.h1_information != "structured":
        arguments.append(f"h1.information = {_quoted(settings.h1_information)}")
    if settings.std_lv:
        arguments.append("std.lv = TRUE")
    if settings.orthogonal:
        arguments.append("orthogonal = TRUE")
    if fit.table.mean_structure and not settings.answers:
        arguments.append("meanstructure = TRUE")
    if settings.parametrization != "delta":
        arguments.append(f"parameterization = {_quoted(settings.parametrization)}")
    ordinal = settings.ordinal or (fit.table.observed if settings.ordered else ())
    if not settings.ordered and settings.fixed_x != (
        settings.maximum_likelihood or bool(settings.answers)
    ):
        arguments.append(f"fixed.x = {str(settings.fixed_x).upper()}")
    if fit.table.composites:
        # Their items' covariances are estimated, as here, and not taken as known.
        arguments.append('composites.cov = "free"')
    if ordinal:
        arguments.append(f"ordered = {_vector(ordinal)}")
    lines = [
        "# install.packages(c('lavaan', 'semTools'))",
        *(["# composites.cov needs lavaan 0.7"] if fit.table.composites else []),
        "library(lavaan)",
        f"data <- read.csv({_quoted(file)})",
        *(
            f"data[[{_quoted(item)}]] <- {point:.15g} - data[[{_quoted(item)}]]  # reversed"
            for item, point in fit.turning_points.items()
        ),
        "model <- '",
        *(f"  {line}" for line in fit.model.lavaan_text.splitlines()),
        "'",
        f"fit <- {function}({', '.join(arguments)})",
        *_expected(fit),
        "summary(fit, fit.measures = TRUE, standardized = TRUE, rsquare = TRUE)",
        "fitMeasures(fit)",
        "parameterEstimates(fit, standardized = TRUE)",
        "standardizedSolution(fit)",
        "residuals(fit, type = 'cor.bentler')",
        *([] if fit.table.composites else ["modindices(fit, sort. = TRUE)"]),
    ]
    if fit.table.equalities and settings.group is not None:
        lines.append("lavTestScore(fit)")
    if not ordinal:
        lines.append("head(lavPredict(fit))")
    if not fit.table.composites:
        lines += ["library(semTools)", "compRelSEM(fit)", "AVE(fit)"]
    if bootstrap > 0:
        if settings.seed is not None:
            lines.append(f"set.seed({settings.seed})  # R draws other resamples than Python")
        lines.append(
            f"boot <- bootstrapLavaan(fit, R = {bootstrap}); apply(boot, 2, quantile, c(.025, .975))"
        )
    return "\n".join(lines) + "\n"


def _expected(fit: SemFit) -> list[str]:
    names = ("chisq", "df", "chisq_scaled", "cfi", "rmsea", "srmr")
    known = [f"{name.replace('_', '.')} = {fit.fit[name]:.6g}" for name in names if name in fit.fit]
    return [f"# expected: n = {fit.n}, {', '.join(known)}"]


def _lavaan_words(words: tuple[str, ...]) -> list[str]:
    return [
        word.replace("lv_", "lv.").replace("residual_covariances", "residual.covariances")
        for word in words
    ]


def _vector(values: tuple[str, ...] | list[str]) -> str:
    return f"c({', '.join(_quoted(value) for value in values)})"


def _quoted(text: str) -> str:
    """An R string; JSON escapes the same characters."""
    return json.dumps(text, ensure_ascii=False)
