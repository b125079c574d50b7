"""Careless answers: signs of them, and the headline results without who shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.scale.conclusions import Conclusion
from analysis.scale.document import ScaleValidation
from analysis.scale.sections.careless import CarelessSection, WithoutFlagged
from analysis.scale.sections.cfa import CfaSection
from analysis.scale.sections.reliability import ReliabilitySection
from analysis.scale.sections.sample import SampleSection
from surveyapp.i18n.words import Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import source
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Look,
    Paragraph,
    Quantity,
    Table,
    Value,
)
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name, of_three_digits
from surveyapp.results.analyses.validation_phrases import clause

_SIGNS = {
    "longstring": msg("Long run of one answer"),
    "irv": msg("Little spread of answers"),
    "mahalanobis": msg("Unusual pattern"),
    "speed": msg("Speed"),
}


def _careless(section: CarelessSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    yield _signs(section, next(number), study.words)
    yield Paragraph(_flagged(section, study.words))
    if section.without is not None:
        yield _without(study.document, section.without, next(number), study.words)


def _flagged(careless: CarelessSection, words: Words) -> str:
    n = words.number(careless.n)
    if not careless.n_flagged:
        return words.say("None of {n} respondents shows a sign of careless answering.", n=n)
    return words.say_count(
        "{n} of {total} respondents ({share}) show a sign of careless answering.",
        "{n} of {total} respondents ({share}) show a sign of careless answering.",
        n=careless.n_flagged,
        total=n,
        share=words.percent(100 * careless.share_flagged),
    )


def _signs(section: CarelessSection, number: int, words: Words) -> Table:
    write = Apa(words)

    def cut(value: Value) -> str:
        return write.number(value, 2 if value and value % 1 else 0)

    return Table(
        number=number,
        title=words.say("Signs of Careless Answering"),
        columns=[
            Column(words.say("Sign"), 0.23),
            Column(words.say("Cut-off"), 0.1, cut),
            Column(words.say("Unit"), 0.29),
            Column(words.say("Source"), 0.27),
            Column(words.say("Flagged"), 0.11, write.count),
        ],
        cells=[
            [
                words.say(_SIGNS[row.indicator]) if row.indicator in _SIGNS else row.indicator,
                row.cut,
                clause(row.unit, words),
                source(row.source, words),
                row.n_flagged,
            ]
            for row in section.indicators
        ],
        note=words.say(
            "Flags are prompts to inspect a response, never a reason to delete it on their own."
        ),
        look=Look.APA,
    )


def _without(
    document: ScaleValidation, without: WithoutFlagged, number: int, words: Words
) -> Table:
    """The headline results of all respondents beside those of the unflagged ones."""
    cfa, reliability = document.get(CfaSection), document.get(ReliabilitySection)
    fits = (cfa.fit if cfa else {}), (without.fit or {})
    ns = document[SampleSection].n_complete, without.n_complete
    count = Apa(words).count
    rows: list[list[Cell]] = [
        [words.say("Complete respondents"), *(Quantity(n, count(n)) for n in ns)]
    ]
    for key, label in (("cfi", "CFI"), ("tli", "TLI"), ("rmsea", "RMSEA"), ("srmr", "SRMR")):
        rows.append([label, *(fit.get(key) for fit in fits)])
    again = {row.factor: row for row in without.reliability}
    for row in reliability.rows if reliability else ():
        other = again.get(row.factor)
        for label, value, left in (
            (msg("{factor}, alpha"), row.alpha, other.alpha if other else None),
            (msg("{factor}, AVE"), row.ave, other.ave if other else None),
        ):
            if value is not None:
                rows.append([words.say(label, factor=name(row.factor, words)), value, left])
    both = _core(document, without), without.conclusions
    rows.append([words.say("Criteria met"), *(_met(each, words) for each in both)])
    three = of_three_digits(words)
    return Table(
        number=number,
        title=words.say("Headline Results With and Without the Flagged Respondents"),
        columns=[
            Column(words.say("Headline result"), 0.5),
            Column(words.say("All"), 0.22, three),
            Column(words.say("Without the flagged"), 0.28, three),
        ],
        cells=rows,
        note=words.say("Only criteria that were judged both times are counted."),
        look=Look.APA,
    )


def _core(document: ScaleValidation, without: WithoutFlagged) -> list[Conclusion]:
    """The criteria that were asked again without the flagged rows."""
    again = {(row.measure, row.subject) for row in without.conclusions}
    return [row for row in document.conclusions if (row.measure, row.subject) in again]


def _met(conclusions: Sequence[Conclusion], words: Words) -> str:
    known = [row for row in conclusions if row.holds is not None]
    met = sum(bool(row.holds) for row in known)
    return words.say("{n} of {total}", n=words.number(met), total=words.number(len(known)))


PARTS = (Part(CarelessSection, Chapter.THREATS, 20, _careless, under=msg("Careless answers")),)
