"""The tables of an exploratory factor analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.document import Column, Look, Table

Section = Mapping[str, Any]
_EXTRACTED = {
    "minres": "Minimum residuals",
    "ml": "Maximum likelihood",
    "principal_axis": "Principal axis",
    "principal": "Principal components",
}


def exploratory_loadings(result: Section, number: int) -> Table:
    """Rotated loadings by item, with communalities."""
    names = [f"F{at}" for at in range(1, len(result["loadings"][0]) + 1)]
    suited, told = result["adequacy"], result["suggested"]
    note = (
        f"{_EXTRACTED[result['method']]}, {_rotated(result)}, n = {result['n']:,}; loadings of the pattern. KMO ="
        f" {apa.bounded(suited['kmo'])}; Bartlett's test χ²({suited['df']}) ="
        f" {apa.number(suited['chisq'])}. Suggested number of factors: {told['parallel_factors']} by"
        f" parallel analysis of common factors{_taken(result)}, {told['parallel_components']} of components,"
        f" {told['minimum_average_partial']} by minimum average partial. Seed {result['seed']}."
    )
    width = 0.64 / len(names)
    return Table(
        number=number,
        title="Exploratory Factor Loadings",
        columns=[
            Column("Item", 0.2),
            *(Column(name, width, apa.bounded) for name in names),
            Column("Communality", 0.16, apa.bounded),
        ],
        cells=[
            [item, *row, shared]
            for item, row, shared in zip(
                result["items"], result["loadings"], result["communalities"], strict=True
            )
        ],
        note=note,
        look=Look.APA,
    )


def _rotated(result: Section) -> str:
    return "unrotated" if result["rotation"] == "none" else f"{result['rotation']} rotation"


def _taken(result: Section) -> str:
    """Whether the suggested number was taken."""
    suggested, taken = result["suggested"]["parallel_factors"], len(result["loadings"][0])
    return " (taken)" if taken == suggested else f" (asked for: {taken})"


def exploratory_factors(result: Section, number: int) -> Table:
    """Variance and correlations of the factors."""
    names = [f"F{at}" for at in range(1, len(result["phi"]) + 1)]
    return Table(
        number=number,
        title="Exploratory Factors",
        columns=[
            Column("Measure", 0.3),
            *(Column(name, 0.7 / len(names), apa.bounded) for name in names),
        ],
        cells=[
            ["Variance explained", *result["variance"]],
            *(
                [f"Correlation with {name}", *row]
                for name, row in zip(names, result["phi"], strict=True)
                if len(names) > 1
            ),
        ],
        note=f"Root mean square of the residual correlations {apa.BOUNDED_3(result['residual_rms'])}.",
        look=Look.APA,
    )
