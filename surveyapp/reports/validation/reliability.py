"""The reliability and convergent validity of each factor."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.reliability import ReliabilitySection
from surveyapp.i18n.words import Words, msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Column, Interval, Look, Table, Text, filled
from surveyapp.reports.validation.part import (
    CONVERGENT,
    RELIABILITY,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import (
    interval_column,
    interval_of_three_digits,
    name,
    of_three_digits,
)

_LEVEL = 0.95  # of intervals from the model's estimates


def _table(section: ReliabilitySection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    rows, words, write = section.rows, study.words, Apa(study.words)
    level = rows[0].alpha_level if rows else 0.95
    three = of_three_digits(words)
    yield Table(
        number=next(number),
        title=words.say("Reliability and Convergent Validity"),
        columns=[
            Column(words.say("Factor"), 0.25),
            Column(words.say("Items"), 0.08, write.count),
            Column(apa.ALPHA, 0.10, three),
            interval_column(0.18, interval_of_three_digits(words), words, level=level),
            Column(
                filled(words.say("Ordinal {alpha}", alpha="{alpha}"), alpha=write.symbol("α")),
                0.12,
                three,
            ),
            Column(apa.OMEGA, 0.09, three),
            Column("CR", 0.09, three),
            Column("AVE", 0.09, three),
        ],
        cells=[
            [
                name(row.factor, words),
                row.n_items,
                row.alpha,
                Interval(row.alpha_lower, row.alpha_upper),
                row.alpha_ordinal,
                row.omega,
                row.cr,
                row.ave,
            ]
            for row in rows
        ],
        note=words.say(
            "Interval of alpha by Feldt; ordinal alpha from polychoric correlations, for items of up to"
            " ten answers {work}; CR = composite reliability and AVE = average variance extracted, both"
            " from standardised loadings.",
            work=cited("zumbo-2007"),
        ),
        look=Look.APA,
    )
    if any(row.omega_lower is not None for row in rows):
        yield _intervals(section, words, next(number))


def _intervals(section: ReliabilitySection, words: Words, number: int) -> Table:
    """The coefficients that follow from the confirmatory model, with their intervals."""
    write, three = Apa(words), interval_of_three_digits(words)
    heads = [_headed(measure, words) for measure in (write.symbol("ω"), "CR", "AVE")]
    return Table(
        number=number,
        title=words.say("Intervals of Omega, Composite Reliability and Average Variance Extracted"),
        columns=[
            Column(words.say("Factor"), 0.25),
            *(Column(head, 0.25, three) for head in heads),
        ],
        cells=[
            [
                name(row.factor, words),
                Interval(row.omega_lower, row.omega_upper),
                Interval(row.cr_lower, row.cr_upper),
                Interval(row.ave_lower, row.ave_upper),
            ]
            for row in section.rows
        ],
        note=words.say(
            "From the sampling covariance of the model's estimates (delta method), on the logit."
        ),
        look=Look.APA,
    )


def _headed(measure: Text, words: Words) -> Text:
    level = words.percent(100 * _LEVEL)
    return filled(
        words.say("{measure} {level} CI", measure="{measure}", level=level), measure=measure
    )


PARTS = (Part(ReliabilitySection, Chapter.VALIDITY, 10, _table, explained=True),)
CRITERIA = (
    Criterion("alpha", msg("Cronbach's alpha"), RELIABILITY, 10),
    Criterion("omega", msg("McDonald's omega"), RELIABILITY, 20),
    Criterion("cr", msg("Composite reliability"), RELIABILITY, 30),
    Criterion("ave", msg("Average variance extracted"), CONVERGENT, 20),
)
