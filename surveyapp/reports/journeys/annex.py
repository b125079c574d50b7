"""The manager's page on whether the scale can be trusted, from a stored scale validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from analysis.scale.document import ScaleValidation
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.reliability import ReliabilityRow, ReliabilitySection
from analysis.scale.sections.sample import SampleSection
from surveyapp.i18n.words import ENGLISH, MINUS, Words, msg
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
    words: Words = ENGLISH,
) -> Iterator[Block]:
    """Reliability and factor structure in plain words with their numbers; ``labels``: what factors
    are called; ``cut``: the report is about some of the answers only, the validation about all.
    """
    called = labels or {}
    yield Heading(words.say("Reliability and validity"))
    if validation is None:
        yield Paragraph(
            words.say(
                "The scale's reliability and structure have not been examined with these answers. A"
                " researcher can run a scale validation; the next report will then include it here."
            )
        )
        return
    document, when = validation
    yield Paragraph(_verdict(document, called, words), Tone.BODY)
    if cut:
        said = words.say(
            "The validation used the answers of all customers, not only those in this report."
        )
        yield Paragraph(said, Tone.NOTE)
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
    write = partial(_statistic, words=words)
    yield Table(
        title=words.say("Reliability of each dimension"),
        columns=[
            Column(words.say("Dimension"), 0.28),
            Column(words.say("Items"), 0.09, words.count),
            Column(words.say("Alpha"), 0.11, write),
            Column(words.say("95% CI"), 0.20, partial(_between, words=words)),
            Column(words.say("Omega"), 0.11, write),
            Column("CR", 0.10, write),
            Column("AVE", 0.11, write),
        ],
        cells=rows,
        note=words.say(
            "Alpha, omega and CR (composite reliability): how consistently the items of a dimension measure"
            " it; .70 or more is usual. AVE (average variance extracted): how much of the items' variance"
            " the dimension explains; .50 or more is usual. n = {n}; computed on {day}. The scale"
            " validation report has the details.",
            n=words.number(document[SampleSection].n_complete),
            day=words.day(when),
        ),
    )
    cfa = document.get(CfaSection)
    if cfa is not None:
        yield Paragraph(_fit(cfa, words), Tone.NOTE)


def _statistic(value: float | None, digits: int = 2, *, words: Words) -> str:
    """A statistic that cannot exceed one; only English leaves its zero out."""
    if words.is_english or value is None:
        return statistic(value, digits)
    return words.number(value, digits)


def _between(found: Interval, *, words: Words) -> str:
    low, high = (_statistic(end, words=words) for end in (found.low, found.high))
    return words.between(low, high)


def _name(row: ReliabilityRow, called: Mapping[str, str]) -> str:
    return called.get(row.factor) or row.factor.replace("_", " ").capitalize()


def _verdict(document: ScaleValidation, called: Mapping[str, str], words: Words) -> str:
    rows = [row for row in document[ReliabilitySection].rows if row.n_items > 1]
    single = [_name(row, called) for row in document[ReliabilitySection].rows if row.n_items == 1]
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
            words.say(
                msg(
                    "With these answers, {scores} fell short of the usual cut-offs: interpret its scores"
                    " with caution."
                )
                if len(weak) == 1
                else msg(
                    "With these answers, {scores} fell short of the usual cut-offs: interpret their scores"
                    " with caution."
                ),
                scores=words.listed(weak),
            )
        )
    if good:
        said.append(
            words.say(
                msg("{scores} is measured consistently, at or above the usual cut-offs.")
                if len(good) == 1
                else msg("{scores} are measured consistently, at or above the usual cut-offs."),
                scores=words.listed(good),
            )
        )
    if undefined:
        names = words.listed(undefined)
        said.append(words.say("For {scores} CR or AVE could not be computed.", scores=names))
    if single:
        said.append(
            words.say(
                msg(
                    "{scores} is one question, whose reliability cannot be estimated from a single survey."
                )
                if len(single) == 1
                else msg(
                    "{scores} are one question each, whose reliability cannot be estimated from a single"
                    " survey."
                ),
                scores=words.listed(single),
            )
        )
    return " ".join(said)


def _fit(cfa: CfaSection, words: Words) -> str:
    fit = cfa.fit
    chisq, df = fit["chisq"], fit["df"]
    numbers = {
        name: _statistic(fit[key], 3, words=words)
        for name, key in (
            ("cfi", "cfi"), ("tli", "tli"), ("rmsea", "rmsea"), ("low", "rmsea_ci_lower"),
            ("high", "rmsea_ci_upper"), ("srmr", "srmr"),
        )
    }  # fmt: skip
    return words.say(
        "Confirmatory factor analysis of {count} factors (maximum likelihood, n = {n}): chi-square {chisq}"
        " with {df} degrees of freedom, CFI {cfi}, TLI {tli}, RMSEA {rmsea} (90% CI {low} to {high}),"
        " SRMR {srmr}.",
        count=words.number(len(cfa.factors)),
        n=words.number(cfa.n),
        chisq=apa.number(chisq, 1) if words.is_english or chisq is None else words.number(chisq, 1),
        df=words.count(df),
        **numbers,
    )
