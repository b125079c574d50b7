"""What pilots showed, as a chapter of a scale's evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import (
    Block,
    Callout,
    Column,
    Heading,
    Interval,
    Look,
    Paragraph,
    Table,
    italic,
)
from surveyapp.reports.scale_rounds import counted_items
from surveyapp.scale_development.evidence import Evidence

Section = Mapping[str, Any]


def pilot_blocks(found: Evidence, number: Iterator[int]) -> Iterator[Block]:
    """The chapter of a scale's pilots; those that were not analysed are left out."""
    yield Heading("Pilot")
    done = [each for each in found.pilots if each.result]
    if not done:
        yield Callout("No pilot", "No pilot has been analysed.")
        return
    names = {each.code: each.name for each in found.constructs}
    for pilot in done:
        result: Section = pilot.result or {}
        yield Heading(pilot.name, level=2)
        yield Paragraph(_pilot_said(result, names))
        for reason in result["refused"].values():
            yield Callout("Not analysed", f"{reason[:1].upper()}{reason[1:]}.")
        yield _item_table(result, names, next(number))
        if result["efa"]:
            yield _efa_table(result["efa"], next(number))
        if result["cfa"]:
            yield _cfa_table(result["cfa"], names, next(number))
        if result["short_form"]:
            yield from _short_form(result["short_form"], names, next(number))


def _pilot_said(result: Section, names: Mapping[str, str]) -> str:
    first, second = result["halves"]
    said = [
        f"{result['n']:,} respondents; seed {result['seed']} splits them into {first:,} whose answers are"
        f" explored and {second:,} whose answers confirm."
    ]
    for each in result["reliability"]:
        alpha, name = each["alpha"], names.get(each["dimension"], each["dimension"])
        said.append(
            f"{name}: Cronbach's α is {apa.bounded(alpha['estimate'])}, 95% CI"
            f" {apa.between(alpha['lower'], alpha['upper'])} (n = {each['n']:,})."
        )
    if result["efa"]:
        said.append(f"Of the number of factors, {result['efa']['suggested']}.")
    if result["cfa"]:
        fit = result["cfa"]["fit"]
        ends = apa.between(fit["rmsea_ci_lower"], fit["rmsea_ci_upper"], 3)
        said.append(
            f"The model of the dimensions has χ²({apa.count(fit['df'])}) = {apa.number(fit['chisq'])},"
            f" p {apa.equals(fit['pvalue'])}, CFI = {apa.bounded(fit['cfi'], 3)}, RMSEA ="
            f" {apa.bounded(fit['rmsea'], 3)}, 90% CI {ends}, SRMR = {apa.bounded(fit['srmr'], 3)}"
            f" (n = {result['cfa']['n']:,})."
        )
    return " ".join(said)


def _item_table(result: Section, names: Mapping[str, str], number: int) -> Table:
    rest = {
        one["item"]: one["item_rest_correlation"]
        for each in result["reliability"]
        for one in each["items"]
    }
    dimension = {item: name for name, items in result["model"].items() for item in items}
    return Table(
        number=number,
        title="Items in the Pilot",
        columns=[
            Column("Item", 0.14),
            Column("Dimension", 0.22),
            Column(italic("n"), 0.1, apa.count),
            Column(italic("M"), 0.1, apa.number),
            Column(italic("SD"), 0.1, apa.number),
            Column("Skew", 0.1, apa.number),
            Column("Ceiling", 0.12, apa.percent),
            Column("r item-rest", 0.12, apa.bounded),
        ],
        cells=[
            [
                each["item"],
                names.get(dimension[each["item"]], dimension[each["item"]]),
                *(each[name] for name in ("n", "mean", "sd", "skew", "ceiling")),
                rest.get(each["item"]),
            ]
            for each in result["items"]
        ],
        look=Look.APA,
    )


def _efa_table(found: Section, number: int) -> Table:
    factors = found["factors"]
    return Table(
        number=number,
        title="Exploratory Factor Analysis of the First Half",
        columns=[
            Column("Item", 0.2),
            *(Column(f"Factor {n}", 0.6 / factors, apa.bounded) for n in range(1, factors + 1)),
            Column("Communality", 0.2, apa.bounded),
        ],
        cells=[
            [item, *found["loadings"][at], found["communalities"][at]]
            for at, item in enumerate(found["items"])
        ],
        note=f"n = {found['n']:,}; {found['method']}; KMO = {apa.bounded(found['kmo'])}.",
        look=Look.APA,
    )


def _cfa_table(found: Section, names: Mapping[str, str], number: int) -> Table:
    return Table(
        number=number,
        title="Confirmatory Factor Analysis of the Second Half",
        columns=[
            Column("Item", 0.25),
            Column("Dimension", 0.35),
            Column("Standardised loading", 0.2, apa.bounded),
            Column("95% CI", 0.2, apa.interval, "r"),
        ],
        cells=[
            [
                each["item"],
                names.get(each["factor"], each["factor"]),
                each["loading"],
                Interval(each["low"], each["high"]),
            ]
            for each in found["loadings"]
        ],
        note=f"n = {found['n']:,}; {found['estimator']}.",
        look=Look.APA,
    )


def _short_form(found: Section, names: Mapping[str, str], number: int) -> Iterator[Block]:
    corrected, raw = found["corrected"], found["raw"]
    yield Paragraph(
        f"A short form of {counted_items(len(found['items']))} was chosen in the first half for the highest omega"
        f" with at least {found['least']} of each dimension ({found['method']}, {found['tried']:,} tried)."
        f" In the second half (n = {found['n_checked']:,}) its omega is"
        f" {apa.bounded(found['omega_short'])}, that of the full scale"
        f" {apa.bounded(found['omega_full'])}. It correlates with the full scale at"
        f" {apa.bounded(corrected['estimate'])}, 95% CI"
        f" {apa.between(corrected['lower'], corrected['upper'])}, corrected for overlap {cited('levy-1967')};"
        f" uncorrected {apa.bounded(raw['estimate'])}, 95% CI"
        f" {apa.between(raw['lower'], raw['upper'])}."
    )
    yield Table(
        number=number,
        title="What the Short Form Keeps",
        columns=[
            Column("Dimension", 0.2),
            Column("Kept", 0.26),
            Column("Left out", 0.26),
            Column("ω short", 0.14, apa.bounded),
            Column("ω full", 0.14, apa.bounded),
        ],
        cells=[
            [
                names.get(name, name),
                ", ".join(each["kept"]) or apa.DASH,
                ", ".join(each["left_out"]) or apa.DASH,
                each["omega_short"],
                each["omega_full"],
            ]
            for name, each in found["dimensions"].items()
        ],
        look=Look.APA,
    )
