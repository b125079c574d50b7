"""The ladder over waves as an R script that gives the same numbers in lavaan."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.covariance.measurement_invariance.longitudinal import Longitudinal
from analysis.covariance.measurement_invariance.ordinal_longitudinal import (
    OrdinalLongitudinal,
    joined_waves,
)
from analysis.covariance.measurement_invariance.wave_model import WaveModel
from analysis.covariance.measurement_invariance.waves import Waves, reversed_at_all
from analysis.covariance.ordinal.ordinal_groups import STEPS, STRICT
from analysis.covariance.text.model import Model
from analysis.covariance.text.script import CLUSTERS_IGNORED
from analysis.covariance.text.syntax import as_model


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
    lines = _reading(found.waves, items, kept, file=file, person=person, wave=wave)
    lines += _reversed(found.turning_points, found.names)
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


def ordinal_wave_script(
    found: OrdinalLongitudinal,
    waves: Waves,
    model: str | Model,
    *,
    ordered: Sequence[str],
    free: Sequence[str] = (),
    missing: str = "listwise",
    sampling_weights: str | None = None,
    cluster: str | None = None,
    file: str = "data.csv",
    person: str | None = None,
    wave: str | None = None,
) -> str:
    """As ``wave_script``, of the ladder of ordinal items, alone or beside numbers, in the theta
    parametrisation; with what ``found`` was made of.
    """
    described = as_model(model)
    turned, points = reversed_at_all(waves, described.reversed_items)
    whole, _ = joined_waves(turned, ordered, missing=missing)
    repeated = WaveModel.of(replace(described, reversed_items=()), whole)
    columns = {item: [whole.column(item, each) for each in whole.names] for item in ordered}
    counts = {item: whole.frame[own[0]].nunique() - 1 for item, own in columns.items()}
    kept = [name for name in (sampling_weights, cluster) if name is not None]
    lines = _reading(found.waves, waves.items, kept, file=file, person=person, wave=wave)
    lines += _reversed(points, whole.names)
    before = turned.frame
    if missing == "listwise":
        before = before.dropna(subset=list(waves.columns))
    for own in columns.values():
        lines += _joins(before[own], whole.frame[own])
    if cluster is not None:
        lines.append(CLUSTERS_IGNORED)
    every = [name for item in columns for name in columns[item]]
    drawn = {"sampling.weights": sampling_weights, "cluster": cluster}
    arguments = [
        f"ordered = c({', '.join(map(_quoted, every))})",
        'estimator = "WLSMV"',
        'parameterization = "theta"',
        f"missing = {_quoted(missing)}",
        *(f"{word} = {_quoted(name)}" for word, name in drawn.items() if name is not None),
    ]
    texts = {
        name: repeated.mixed_text(equal, counts, free) for name, equal in (STEPS | STRICT).items()
    }
    expected = {step.name: step.fit for step in found.steps}
    if found.partial is not None:
        released = (*free, *(one.parameter for one in found.releases))
        texts["partial"] = repeated.mixed_text(STEPS["intercepts"], counts, released)
        expected["partial"] = found.partial
    for name, text in texts.items():
        known = ", ".join(
            f"{key.replace('_', '.')} = {expected[name][key]:.6g}"
            for key in ("chisq", "df", "chisq_scaled", "cfi_scaled", "rmsea_scaled", "srmr")
        )
        lines += [
            f"{name} <- lavaan('",
            *(f"  {line}" for line in text.splitlines()),
            f"', data = data, auto.var = TRUE, auto.cov.lv.x = TRUE, {', '.join(arguments)})",
            f"# expected: n = {found.n}, {known}",
            f"fitMeasures({name})",
        ]
    lines.append(f"lavTestLRT({', '.join(STEPS | STRICT)})")
    last = "intercepts" if found.partial is None else "partial"
    lines.append(f'subset(parameterEstimates({last}), op == ":=")')
    return "\n".join(lines) + "\n"


def _reading(
    labels: Sequence[str],
    items: Sequence[str],
    kept: Sequence[str],
    *,
    file: str,
    person: str | None,
    wave: str | None,
) -> list[str]:
    """The lines that read the file into a row for each person; ``kept``: columns of the persons."""
    lines = ["# install.packages('lavaan')", "library(lavaan)"]
    lines.append(f"data <- read.csv({_quoted(file)}, check.names = FALSE)")
    if person is not None and wave is not None:
        columns = ", ".join(_quoted(name) for name in (person, wave, *items, *kept))
        chosen = ", ".join(_quoted(label) for label in labels)
        lines += [
            f"data <- data[data[[{_quoted(wave)}]] %in% c({chosen}), c({columns})]",
            f"data <- reshape(data, idvar = {_quoted(person)}, timevar = {_quoted(wave)},"
            ' direction = "wide", sep = "_"'
            + (f", v.names = c({', '.join(_quoted(item) for item in items)}))" if kept else ")"),
            'names(data) <- gsub("[^[:alnum:]_.]", ".", names(data))',
        ]
    return lines


def _reversed(points: Mapping[str, float], names: Sequence[str]) -> list[str]:
    columns = [
        (_quoted(f"{item}_{name}"), point) for item, point in points.items() for name in names
    ]
    return [f"data[[{one}]] <- {point:.15g} - data[[{one}]]  # reversed" for one, point in columns]


def _joins(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """The lines that number an item's answers as the ladder joined them; none where it joined none."""
    own, numbers = before.to_numpy(dtype=float), after.to_numpy(dtype=float)
    answered = ~np.isnan(own)
    if (own[answered] == numbers[answered]).all():
        return []
    pairs = dict(zip(own[answered].tolist(), numbers[answered].tolist(), strict=True))
    named = ", ".join(f'"{answer:g}" = {pairs[answer]:g}' for answer in sorted(pairs))
    return [
        f"data[[{_quoted(name)}]] <- unname(c({named})[as.character(data[[{_quoted(name)}]])])"
        for name in before.columns
    ]


def _quoted(text: str) -> str:
    """An R string; JSON escapes the same characters."""
    return json.dumps(text, ensure_ascii=False)
