"""What the report says of a factor above or beside the factors: may one total be reported?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports import validation_tables as tables
from surveyapp.reports.document import Block, Heading, Look, Paragraph, Styled, Table, Text, italic

Section = Mapping[str, Any]
_MOSTLY = 0.80  # of omega hierarchical, Reise, Scheines, Widaman & Haviland 2013


def general(document: Section, number: tables.Numbers) -> Iterator[Block]:
    """Second order, bifactor and Schmid-Leiman, as far as they could be computed."""
    second, both = document.get("second_order"), document.get("bifactor")
    leiman = document.get("general_factor")
    if not (second or both or leiman):
        return
    yield Heading("A general factor", level=2)
    if both and both["omega_hierarchical"] is not None:
        yield Paragraph((Styled(_total(both)),))
    if leiman:
        yield Paragraph(
            f"By Schmid and Leiman's transformation of the exploratory solution the general factor "
            f"accounts for {apa.percent(leiman['ecv'])} of the common variance; hierarchical omega "
            f"{apa.bounded(leiman['omega_hierarchical'])}, total omega "
            f"{apa.bounded(leiman['omega_total'])}."
        )
    if second:
        yield _second_order(second, number.next())
    if both:
        yield _bifactor(both, number.next())


def _total(both: Section) -> str:
    share = 100 * both["omega_hierarchical"]
    if both["omega_hierarchical"] >= _MOSTLY:
        return (
            f"A total score can be reported: {share:.0f}% of the variance of the sum"
            " of all items is common to all of them."
        )
    return (
        f"A total score hides differences: only {share:.0f}% of the variance of the"
        " sum of all items is common to all of them."
    )


def _fit(section: Section) -> tuple[str | Styled, ...]:
    fit = section["fit"]
    return (
        *apa.chi_square(fit["chisq"], fit["df"], fit["pvalue"]),
        f", CFI = {apa.bounded(fit['cfi'], 3)}, RMSEA = {apa.bounded(fit['rmsea'], 3)}, SRMR = "
        f"{apa.bounded(fit['srmr'], 3)}",
    )


def _second_order(section: Section, number: int) -> Table:
    return Table(
        number=number,
        title="Second-Order Model: Loadings of the Factors",
        head=["Factor", "Standardised", italic("SE"), apa.P, (*italic("R"), "²")],
        rows=[
            [
                tables.name(row["factor"]),
                apa.bounded(row["std_all"]),
                apa.bounded(row["std_se"]),
                apa.pvalue(row["pvalue"]),
                apa.bounded(row["r_squared"]),
            ]
            for row in section["loadings"]
        ],
        align="lrrrr",
        widths=[0.36, 0.18, 0.14, 0.16, 0.16],
        note=(
            *_fit(section),
            f". Omega of the general factor: {apa.bounded(section['omega_l1'])} of the sum of all items, "
            f"{apa.bounded(section['omega_l2'])} of the sum of the factors, "
            f"{apa.bounded(section['partial_omega_l1'])} of the items' sum without what belongs to "
            "single factors. With three factors the fit equals that of the correlated factors.",
        ),
        look=Look.APA,
    )


def _bifactor(section: Section, number: int) -> Table:
    rows: list[list[Text]] = []
    groups = []
    omega = {row["factor"]: row["omega"] for row in section["omega_hierarchical_subscale"]}
    factor = None
    for row in section["items"]:
        if row["factor"] != factor:
            factor = row["factor"]
            groups.append(len(rows))
            rows.append([f"{tables.name(factor)}, own omega {apa.bounded(omega[factor])}", "", ""])
        rows.append([tables.indented(row["item"]), apa.bounded(row["general"]), apa.bounded(row["group"])])  # fmt: skip
    ended = "" if section["converged"] else " The estimation did not converge; do not interpret it."
    return Table(
        number=number,
        title="Bifactor Model: Standardised Loadings",
        head=["Item", "General factor", "Own factor"],
        rows=rows,
        align="lrr",
        widths=[0.5, 0.25, 0.25],
        groups=frozenset(groups),
        note=(
            *_fit(section),
            f". Omega hierarchical {apa.bounded(section['omega_hierarchical'])}, omega total "
            f"{apa.bounded(section['omega_total'])}, explained common variance "
            f"{apa.bounded(section['ecv'])}, share of correlations between factors "
            f"{apa.bounded(section['puc'])} (Rodriguez et al., 2016).{ended}",
        ),
        look=Look.APA,
    )
