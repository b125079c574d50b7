"""The drawings of a scale validation, for page and paper alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.design_tokens import TEXT_WIDTH
from surveyapp.reports import apa, research_charts, validation_charts
from surveyapp.reports.document import Chart
from surveyapp.reports.measured_models import cfa_diagram, label
from surveyapp.reports.path_diagram import path_diagram

_MOST_DRAWN = 40  # items; more are a page of hairs
_MOST_MAPPED = 60
_LARGE = 0.10  # Kline 2016: of a residual correlation
_CUT = 0.85  # Henseler et al. 2015
Section = Mapping[str, Any]


def scree(document: Section) -> Iterator[Chart]:
    """Eigenvalues beside those of random data."""
    found = document["factor_count"]
    if found is None:
        return
    wanted, factors = document["sample"]["n_factors"], found["factors"]["suggested"]
    title = f"Parallel analysis of common factors finds {factors}, the scale intends {wanted}"
    if wanted == factors:
        title = f"Parallel analysis of common factors finds the {wanted} that the scale intends"
    components = found["components"]
    yield Chart(
        title,
        validation_charts.scree(
            components["observed"], components["threshold"], suggested=components["suggested"]
        ),
        f"Principal components: {components['suggested']}; common factors: {factors}; minimum average "
        f"partial: {found['map']['suggested']}. n = {found['n']:,}; {found['draws']:,} draws.",
    )


def loadings(document: Section) -> Iterator[Chart]:
    """Standardised loadings with their intervals."""
    rows = [
        (label(row["factor"]), row["item"], row["std_all"], row.get("std_se"))
        for row in (document["cfa"] or {"loadings": []})["loadings"]
        if row["std_all"] is not None
    ]
    if not rows:
        return
    below = [item for _, item, value, _ in rows if value < 0.70]
    title = f"All {len(rows)} items load above .70 on their factor"
    if below:
        title = f"{len(below)} of {len(rows)} items load below .70: {', '.join(below)}"
    yield Chart(
        title,
        validation_charts.loadings(rows),
        "Standardised loadings with 95% intervals; the dashed line is the usual cut-off of .70.",
    )


def model(document: Section) -> Iterator[Chart]:
    """The confirmatory model with its estimates; nothing for a model too large to read."""
    cfa = document["cfa"]
    if cfa is None or len(cfa["items"]) > _MOST_DRAWN:
        return
    between = [row["r"] for row in cfa["factor_correlation_intervals"] if row["r"] is not None]
    title = f"{len(cfa['items'])} items show {len(cfa['factors'])} factors"
    if len(cfa["factors"]) == 1:
        title = f"{len(cfa['items'])} items show one factor"
    elif between:
        title += f" that correlate {_span(between)}"
    yield Chart(
        title,
        path_diagram(cfa_diagram(cfa)),
        f"Standardised estimates, n = {cfa['n']:,}. Ellipses: factors; boxes: items; arcs: "
        "correlations. Dashed: not significant (.05).",
        width=TEXT_WIDTH * 0.88,  # room for the table of loadings on the same page
    )


def _span(values: list[float]) -> str:
    low, high = apa.bounded(min(values)), apa.bounded(max(values))
    return low if low == high else f"{low} to {high}"


def residuals(document: Section) -> Iterator[Chart]:
    """What the confirmatory model leaves unexplained between two items."""
    cfa = document["cfa"]
    matrix = cfa["residual_correlations"] if cfa is not None else None
    if matrix is None or not 1 < len(cfa["items"]) <= _MOST_MAPPED:
        return
    large = sum(abs(value or 0.0) >= _LARGE for i, row in enumerate(matrix) for value in row[:i])
    pairs = len(matrix) * (len(matrix) - 1) // 2
    title = (
        "No residual correlation is .10 or more"
        if not large
        else f"{large} of {pairs} residual correlations {'is' if large == 1 else 'are'} .10 or more"
    )
    yield Chart(
        title,
        research_charts.residual_map(cfa["items"], matrix),
        "Observed minus implied correlations: blue where two items share more than"
        " the model implies, orange where less; full colour at .20. Figures are shown"
        " from .10 (Kline, 2016).",
    )


def htmt(document: Section) -> Iterator[Chart]:
    """The heterotrait-monotrait ratios with their bootstrap intervals."""
    section = document.get("htmt_intervals")
    rows = [
        research_charts.Interval(
            f"{label(pair['first'])} and {pair['second']}",
            pair["estimate"],
            pair["lower"],
            pair["upper"],
        )
        for pair in (section or {"pairs": []})["pairs"]
        if None not in (pair["estimate"], pair["lower"], pair["upper"])
    ]
    if section is None or not rows:
        return
    reaching = sum(row.high >= _CUT for row in rows)
    if not reaching:
        title = "Every HTMT interval ends below .85: the factors are distinct"
    else:
        verb = "reaches" if reaching == 1 else "reach"
        title = f"{reaching} of {len(rows)} intervals of HTMT {verb} .85"
    yield Chart(
        title,
        research_charts.intervals(rows, cut=_CUT, cut_label=".85"),
        f"Percentile intervals of {section['level']:.0%} from {section['reps']:,} resamples.",
    )
