"""A fitted model as an R script that gives the same numbers in lavaan and semTools."""

from __future__ import annotations

import json
import math

from analysis.covariance.exploratory.rotation import Rotation
from analysis.covariance.sem import SemFit

_LAVAAN_ROTATIONS = {
    "bi-geomin": "bigeomin",
    "bi-quartimin": "biquartimin",
    "bi-target": "target",
}

CLUSTERS_IGNORED = "# lavaan 0.6-14 takes no notice of cluster with ordinal items: its numbers are those of independent rows"


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
    if settings.missing == "pairwise":
        arguments.append('missing = "pairwise"')
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
    if fit.rotation is not None:
        arguments += _rotation(fit.rotation)
    lines = [
        "# install.packages(c('lavaan', 'semTools'))",
        *(["# composites.cov needs lavaan 0.7"] if fit.table.composites else []),
        *([CLUSTERS_IGNORED] if ordinal and settings.cluster is not None else []),
        *(
            ["# CFI and TLI here are those of semTools::auxiliary, whose baseline correlates"]
            if settings.auxiliary
            else []
        ),
        "library(lavaan)",
        f"data <- read.csv({_quoted(file)})",
        *(
            f"data[[{_quoted(item)}]] <- {point:.15g} - data[[{_quoted(item)}]]  # reversed"
            for item, point in fit.turning_points.items()
        ),
        *_target(fit),
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
    if not (fit.table.composites or fit.rotation):
        lines += ["library(semTools)", "compRelSEM(fit)", "AVE(fit)"]
    if bootstrap > 0:
        if settings.seed is not None:
            lines.append(f"set.seed({settings.seed})  # R draws other resamples than Python")
        lines.append(
            f"boot <- bootstrapLavaan(fit, R = {bootstrap}); apply(boot, 2, quantile, c(.025, .975))"
        )
    return "\n".join(lines) + "\n"


def _rotation(rotation: Rotation) -> list[str]:
    """lavaan's arguments for the same rotation; its bordered errors leave the factors' correlations out
    of the items' variances, so that its delta method is asked for.
    """
    options = [
        f"orthogonal = {str(rotation.keeps_angles).upper()}",
        f"std.ov = {str(rotation.standardised).upper()}",
        f"rstarts = {rotation.starts}",
        "gpa.tol = 1e-6",
    ]
    if rotation.by_geomin:
        options.append(f"geomin.epsilon = {rotation.epsilon:.15g}")
    if rotation.method == "oblimin":
        options.append(f"oblimin.gamma = {rotation.gamma:.15g}")
    if rotation.to_target:
        options.append("target = target")
    if rotation.to_target or rotation.bifactor:
        options.append('order.lv.by = "none"')  # columns keep their meaning
    return [
        f"rotation = {_quoted(_LAVAAN_ROTATIONS.get(rotation.method, rotation.method))}",
        f"rotation.args = list({', '.join(options)})",
        'rotation.se = "delta"',
    ]


def _target(fit: SemFit) -> list[str]:
    """The target of the first block; lavaan has one for all."""
    if fit.target is None:
        return []
    block = fit.solution.rotations[0]
    chosen = fit.target.loc[list(block.items), list(block.factors)]
    cells = ", ".join(
        "NA" if math.isnan(value) else f"{value:.15g}" for value in chosen.to_numpy().ravel()
    )
    several = len({one.name for one in fit.solution.rotations}) > 1
    return [
        *(
            ["# lavaan rotates all blocks to one target: this is that of the first"]
            if several
            else []
        ),
        f"target <- matrix(c({cells}), ncol = {len(block.factors)}, byrow = TRUE)",
    ]


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
