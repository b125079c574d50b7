"""The manager's page on whether the scale can be trusted, from a stored scale validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.reliability import ReliabilityRow, ReliabilitySection
from analysis.scale.sections.sample import SampleSection
from surveyapp.i18n.words import MINUS
from surveyapp.reports import apa
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Heading,
    Interval,
    Paragraph,
    Table,
    Tone,
)
from surveyapp.results import phrases


def statistic(value: float | None, digits: int = 2) -> str:
    """A statistic that cannot exceed one, as APA writes it: ".93"; "–" when undefined."""
    if value is None:
        return "\N{EN DASH}"
    text = f"{abs(value):.{digits}f}"
    if abs(value) < 1 and text.startswith("0"):
        text = text[1:]
    return (MINUS if value < 0 and float(text) else "") + text


def reliability(
    validation: tuple[ScaleValidation, date] | None,
    labels: Mapping[str, str] | None = None,
    *,
    cut: bool = False,
) -> Iterator[Block]:
    """Reliability and factor structure in plain words with their numbers; ``labels``: what factors
    are called; ``cut``: the report is about some of the answers only, the validation about all.
    """
    called = labels or {}
    yield Heading("Reliability and validity")
    if validation is None:
        yield Paragraph(
            "The scale's reliability and structure have not been examined with these"
            " answers. A researcher can run a scale validation; the next report will"
            " then include it here."
        )
        return
    document, when = validation
    yield Paragraph(_verdict(document, called), Tone.BODY)
    if cut:
        yield Paragraph(
            "The validation used the answers of all customers, not only those in this report.",
            Tone.NOTE,
        )
    rows: list[list[Cell]] = [
        [
            _name(row, called),
            row.n_items,
            row.alpha,
            "" if row.alpha is None else Interval(row.alpha_lower, row.alpha_upper),
            row.omega,
            row.cr,
            row.ave,
        ]
        for row in document[ReliabilitySection].rows
    ]
    yield Table(
        title="Reliability of each dimension",
        columns=[
            Column("Dimension", 0.28),
            Column("Items", 0.09, apa.count),
            Column("Alpha", 0.11, statistic),
            Column("95% CI", 0.20, _between),
            Column("Omega", 0.11, statistic),
            Column("CR", 0.10, statistic),
            Column("AVE", 0.11, statistic),
        ],
        cells=rows,
        note="Alpha, omega and CR (composite reliability): how consistently the items of a"
        " dimension measure it; .70 or more is usual. AVE (average variance"
        " extracted): how much of the items' variance the dimension explains; .50 or"
        f" more is usual. n = {document[SampleSection].n_complete:,}; computed on"
        f" {phrases.day(when)}. The scale validation report has the details.",
    )
    cfa = document.get(CfaSection)
    if cfa is not None:
        yield Paragraph(_fit(cfa), Tone.NOTE)


def _between(found: Interval) -> str:
    return f"{statistic(found.low)} to {statistic(found.high)}"


def _name(row: ReliabilityRow, called: Mapping[str, str]) -> str:
    return called.get(row.factor) or row.factor.replace("_", " ").capitalize()


def _verdict(document: ScaleValidation, called: Mapping[str, str]) -> str:
    rows = [row for row in document[ReliabilitySection].rows if row.n_items > 1]
    single = [_name(row, called) for row in document[ReliabilitySection].rows if row.n_items == 1]
    asked = ""
    if single:
        verb = "is one question" if len(single) == 1 else "are one question each"
        asked = (
            f" {phrases.listed(single)} {verb}, whose reliability cannot be estimated"
            " from a single survey."
        )
    weak: list[str] = []
    good: list[str] = []
    undefined: list[str] = []
    for row in rows:
        values = row.cr, row.ave
        if (values[0] is not None and values[0] < 0.70) or (
            values[1] is not None and values[1] < 0.50
        ):
            weak.append(_name(row, called))
        else:
            (undefined if None in values else good).append(_name(row, called))
    said = []
    if weak:
        said.append(
            f"With these answers, {phrases.listed(weak)} fell short of the usual"
            f" cut-offs: interpret {('its' if len(weak) == 1 else 'their')} scores"
            " with caution."
        )
    if good:
        verb = "is" if len(good) == 1 else "are"
        said.append(
            f"{phrases.listed(good)} {verb} measured consistently, at or above the usual cut-offs."
        )
    if undefined:
        said.append(f"For {phrases.listed(undefined)} CR or AVE could not be computed.")
    return " ".join(said) + (asked if said else asked.strip())


def _fit(cfa: CfaSection) -> str:
    fit = cfa.fit
    return (
        f"Confirmatory factor analysis of {len(cfa.factors)} factors (maximum likelihood, "
        f"n = {cfa.n:,}): chi-square {apa.number(fit['chisq'], 1)} with {apa.count(fit['df'])} degrees of freedom, "
        f"CFI {statistic(fit['cfi'], 3)}, TLI {statistic(fit['tli'], 3)}, RMSEA "
        f"{statistic(fit['rmsea'], 3)} (90% CI {statistic(fit['rmsea_ci_lower'], 3)} to "
        f"{statistic(fit['rmsea_ci_upper'], 3)}), SRMR {statistic(fit['srmr'], 3)}."
    )
