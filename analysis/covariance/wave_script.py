"""The ladder over waves as an R script that gives the same numbers in lavaan."""

from __future__ import annotations

import json
from collections.abc import Sequence

from analysis.covariance.longitudinal import Longitudinal


def wave_script(
    found: Longitudinal,
    items: Sequence[str],
    *,
    file: str = "data.csv",
    person: str | None = None,
    wave: str | None = None,
) -> str:
    """R code that reads ``file``, fits every step, tests their differences and prints the changes.

    ``person`` and ``wave``: the columns of a file with a row for each person and wave; without, its
    columns end in the wave. The text names the numbers to expect.
    """
    settings = found.steps[0].fit.settings
    arguments = [f'estimator = "{settings.estimator}"', "meanstructure = TRUE"]
    if settings.missing == "fiml":
        arguments.append('missing = "ml"')
    drawn = {"sampling.weights": settings.sampling_weights, "cluster": settings.cluster}
    kept = [name for name in drawn.values() if name is not None]
    arguments += [f"{word} = {_quoted(name)}" for word, name in drawn.items() if name is not None]
    lines = ["# install.packages('lavaan')", "library(lavaan)"]
    lines.append(f"data <- read.csv({_quoted(file)}, check.names = FALSE)")
    if person is not None and wave is not None:
        columns = ", ".join(_quoted(name) for name in (person, wave, *items, *kept))
        chosen = ", ".join(_quoted(label) for label in found.waves)
        lines += [
            f"data <- data[data[[{_quoted(wave)}]] %in% c({chosen}), c({columns})]",
            f"data <- reshape(data, idvar = {_quoted(person)}, timevar = {_quoted(wave)},"
            ' direction = "wide", sep = "_"'
            + (f", v.names = c({', '.join(_quoted(item) for item in items)}))" if kept else ")"),
            'names(data) <- gsub("[^[:alnum:]_.]", ".", names(data))',
        ]
    for item, point in found.turning_points.items():
        for name in found.names:
            column = _quoted(f"{item}_{name}")
            lines.append(f"data[[{column}]] <- {point:.15g} - data[[{column}]]  # reversed")
    fits = {step.name: step.fit for step in found.steps}
    if found.partial is not None:
        fits["partial"] = found.partial
    for name, fit in fits.items():
        measures = ("chisq", "df", "chisq_scaled", "cfi", "rmsea", "srmr")
        known = [
            f"{key.replace('_', '.')} = {fit.fit[key]:.6g}" for key in measures if key in fit.fit
        ]
        lines += [
            f"{name} <- lavaan('",
            *(f"  {line}" for line in fit.model.lavaan_text.splitlines()),
            f"', data = data, auto.var = TRUE, auto.cov.lv.x = TRUE, {', '.join(arguments)})",
            f"# expected: n = {fit.n}, {', '.join(known)}",
            f"fitMeasures({name})",
        ]
    lines.append(f"lavTestLRT({', '.join(step.name for step in found.steps)})")
    last = "partial" if found.partial is not None else "scalar"
    lines.append(f'subset(parameterEstimates({last}), op == ":=")')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """An R string; JSON escapes the same characters."""
    return json.dumps(text, ensure_ascii=False)
