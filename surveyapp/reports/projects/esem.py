"""Tables of a project's confirmatory model beside its exploratory structural equation model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.covariance.exploratory.rotation import BIFACTOR
from surveyapp.reports import apa
from surveyapp.reports.document import Cell, Column, Estimate, Look, Quantity, Table

Section = Mapping[str, Any]
_ROTATIONS = {
    "target": "target rotation to the model's own factors",
    "bi-target": "orthogonal target rotation with a general factor",
    "geomin": "oblique geomin rotation",
    "oblimin": "oblimin rotation",
    "bi-geomin": "geomin rotation with a general factor",
    "bi-quartimin": "quartimin rotation with a general factor",
}


def _rotated(result: Section) -> str:
    said = _ROTATIONS[result["rotation"]]
    return f"{said}, factors uncorrelated" if result.get("orthogonal") else said


def esem_fits(result: Section, number: int) -> Table:
    """Fit of both models and the test between them."""
    test = "_scaled" if result["fit"].get("chisq_scaled") is not None else ""
    index = "_robust" if result["fit"].get("cfi_robust") is not None else test

    def row(name: str, fit: Section) -> list[Cell]:
        return [
            name,
            fit.get(f"chisq{test}"),
            fit.get(f"df{test}") if fit.get(f"df{test}") is not None else fit.get("df"),
            fit.get(f"pvalue{test}"),
            fit.get(f"cfi{index}"),
            fit.get(f"tli{index}"),
            fit.get(f"rmsea{index}"),
            fit.get("srmr"),
        ]

    bifactor = result["rotation"] in BIFACTOR
    return Table(
        number=number,
        title="Fit of the Confirmatory Model and of the ESEM",
        columns=[
            Column("Model", 0.28),
            Column(apa.CHI, 0.12, apa.number),
            Column(apa.DF, 0.08, apa.count),
            Column(apa.P, 0.1, apa.pvalue),
            Column("CFI", 0.1, apa.BOUNDED_3),
            Column("TLI", 0.1, apa.BOUNDED_3),
            Column("RMSEA", 0.12, apa.BOUNDED_3),
            Column("SRMR", 0.1, apa.BOUNDED_3),
        ],
        cells=[
            row("Confirmatory", result["cfa_fit"]),
            row("Bifactor ESEM" if bifactor else "ESEM", result["fit"]),
        ],
        note=f"{esem_tested(result['difference'])} n = {result['n']:,}, {result['estimator']},"
        f" {_rotated(result)}; {result['reached']} of {result['starts']} starts reached the best"
        " rotation.",
        look=Look.APA,
    )


def esem_tested(found: Section) -> str:
    if "why" in found:
        return f"The two could not be tested against each other: {found['why']}."
    p = found["pvalue"]
    said = (
        "The ESEM fits significantly better"
        if p is not None and p < 0.05
        else "The ESEM does not fit significantly better"
    )
    return f"{said}, Δχ²({found['df']}) = {apa.number(found['chisq'])}, p {apa.equals(p)}."


def esem_loadings(result: Section, number: int) -> Table:
    """The items' standardised loadings in both models."""
    factors = result["factors"]
    width = 0.66 / (len(factors) + 1)

    def cell(loading: Section | None) -> Cell:
        if loading is None:
            return ""
        found = Estimate(loading["std"], loading["lower"], loading["upper"])
        return Quantity(found, apa.bounded(loading["std"]))

    return Table(
        number=number,
        title="Standardised Loadings",
        columns=[
            Column("Item", 0.16),
            Column("Its factor", 0.18),
            Column("Confirmatory", width, apa.bounded),
            *(Column(name, width, apa.bounded) for name in factors),
        ],
        cells=[
            [row["item"], row["factor"], cell(row["cfa"]), *(cell(one) for one in row["loadings"])]
            for row in result["items"]
        ],
        note=f"{_crossing(result)} The CSV file has the 95% intervals. n = {result['n']:,}.",
        look=Look.APA,
    )


def _crossing(result: Section) -> str:
    """The largest loading on a factor that is not the item's own; on none that is general."""
    crossing = [
        (abs(loading["std"]), loading["std"], row["item"], name)
        for row in result["items"]
        for name, loading in zip(result["factors"], row["loadings"], strict=True)
        if row["factor"] and name not in row["factor"].split(", ")
        if any(name in other["factor"].split(", ") for other in result["items"])
    ]
    if not crossing:
        return ""
    _, value, item, factor = max(crossing)
    return f"The largest cross-loading is that of {item} on {factor}, {apa.bounded(value)}."


def esem_correlations(result: Section, number: int) -> Table:
    """The factors' correlations in both models."""
    return Table(
        number=number,
        title="Correlations of the Factors",
        columns=[
            Column("Factors", 0.5),
            Column("Confirmatory", 0.25, apa.bounded),
            Column("ESEM", 0.25, apa.bounded),
        ],
        cells=[
            [f"{row['first']} with {row['second']}", row["cfa"], row["esem"]]
            for row in result["correlations"]
        ],
        note="Where cross-loadings are left out, factors tend to correlate too highly."
        f" n = {result['n']:,}.",
        look=Look.APA,
    )
