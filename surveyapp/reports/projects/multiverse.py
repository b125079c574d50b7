"""The multiverse of a project's model as a figure and its tables, from the stored result."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.charts.multiverse_charts import specification_curve
from surveyapp.reports.document import Cell, Chart, Column, Interval, Look, Table
from surveyapp.results.projects.multiverse import stored_multiverse
from surveyapp.results.projects.multiverse_phrases import failures_line, multiverse_line

Section = Mapping[str, Any]


def curve(result: Section) -> Chart:
    """The specification curve under what it says."""
    found = stored_multiverse(result)
    said = [
        multiverse_line(found, result["parameter"]),
        failures_line(found),
        "Standardised, with 95% intervals; grey where the interval holds zero.",
    ]
    title = f"{result['parameter']} in every universe"
    return Chart(title, specification_curve(found), " ".join(filter(None, said)))


def by_choice(result: Section, number: int) -> Table:
    """What each alternative gave over all others."""
    found = stored_multiverse(result)
    cells: list[tuple[Cell, ...]] = []
    for name, alternatives in found.dimensions.items():
        for alternative in alternatives:
            own = [each for each in found.universes if each.choices[name] == alternative]
            fitted = [each.headline.estimate for each in own if each.headline is not None]
            if own:
                middle = median(fitted) if fitted else None
                ends = Interval(min(fitted), max(fitted)) if fitted else Interval(None, None)
                cells.append((name, alternative, len(own), len(fitted), middle, ends))
    return Table(
        number=number,
        title=f"{result['parameter']} by Choice",
        columns=[
            Column("Choice", 0.34),
            Column("Alternative", 0.18),
            Column("Universes", 0.12, apa.count),
            Column("Fitted", 0.1, apa.count),
            Column("Median", 0.1, apa.BOUNDED_3),
            Column("Lowest to highest", 0.16, apa.interval),
        ],
        cells=cells,
        note=failures_line(found),
        look=Look.APA,
    )


def every_universe(result: Section, number: int) -> Table:
    """Each universe in the order of its estimate, those that failed last."""
    found = stored_multiverse(result)
    names = list(found.dimensions)
    cells: list[tuple[Cell, ...]] = []
    for each in found.universes:
        one, choices = each.headline, [each.choices[name] for name in names]
        if one is None:
            cells.append(("failed", None, Interval(None, None), None, *choices))
        else:
            cells.append(("", one.estimate, Interval(one.low, one.high), one.n, *choices))
    share = 0.6 / len(names)
    return Table(
        number=number,
        title=f"{result['parameter']} in Every Universe",
        columns=[
            Column("", 0.08, name="state"),
            Column("Estimate", 0.1, apa.BOUNDED_3),
            Column("95% CI", 0.14, apa.interval),
            Column("n", 0.08, apa.count),
            *(Column(name, share) for name in names),
        ],
        cells=cells,
        look=Look.APA,
    )
