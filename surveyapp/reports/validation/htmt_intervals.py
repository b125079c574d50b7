"""HTMT with its bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import digits_beside
from analysis.scale.sections.htmt_intervals import HtmtIntervalsSection
from analysis.scale.study import Number
from surveyapp.i18n.words import Words, msg
from surveyapp.reports.apa import Apa
from surveyapp.reports.charts import research_charts
from surveyapp.reports.document import Block, Cell, Chart, Column, Interval, Look, Quantity, Table
from surveyapp.reports.projects.measured_models import label
from surveyapp.reports.validation.part import (
    DISCRIMINANT,
    PAIRS,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import (
    interval_column,
    interval_of_three_digits,
    of_three_digits,
    pair,
    plain,
)

_CUT = 0.85  # Henseler et al. 2015


def _drawn(
    section: HtmtIntervalsSection, study: ValidationStudy, number: Numbers
) -> Iterator[Block]:
    yield from _chart(section, study.words)
    yield _table(section, next(number), study.words)


def _chart(section: HtmtIntervalsSection, words: Words) -> Iterator[Chart]:
    rows = [
        research_charts.Interval(
            _both(one.first, one.second, words), one.estimate, one.lower, one.upper
        )
        for one in section.pairs
        if one.estimate is not None and one.lower is not None and one.upper is not None
    ]
    if not rows:
        return
    reaching, cut = sum(row.high >= _CUT for row in rows), Apa(words).bounded(_CUT)
    if not reaching:
        title = words.say("Every HTMT interval ends below {cut}: the factors are distinct", cut=cut)
    else:
        title = words.say_count(
            "{n} of {total} intervals of HTMT reaches {cut}",
            "{n} of {total} intervals of HTMT reach {cut}",
            n=reaching,
            total=words.number(len(rows)),
            cut=cut,
        )
    yield Chart(
        title,
        research_charts.intervals(rows, cut=_CUT, cut_label=cut, words=words),
        words.say(
            "Percentile intervals of {level} from {n} resamples.",
            level=words.percent(100 * section.level),
            n=words.number(section.reps),
        ),
    )


def _both(first: str, second: str, words: Words) -> str:
    """Both factors of a pair, in the chart."""
    other = second if words.is_english else plain(second, words)
    return words.say("{first} and {second}", first=label(first, words), second=other)


def _table(section: HtmtIntervalsSection, number: int, words: Words) -> Table:
    return Table(
        number=number,
        title=words.say("HTMT With Bootstrap Intervals"),
        columns=[
            Column(words.say("Factors"), 0.5),
            Column("HTMT", 0.2, of_three_digits(words)),
            interval_column(0.3, interval_of_three_digits(words), words, level=section.level),
        ],
        cells=[
            [
                pair(one.first, one.second, words),
                one.estimate,
                _interval(one.lower, one.upper, words),
            ]
            for one in section.pairs
        ],
        note=words.say(
            "Percentile intervals of {n} resamples, {inadmissible} inadmissible ones left out.",
            n=words.number(section.reps),
            inadmissible=words.number(section.inadmissible),
        ),
        look=Look.APA,
    )


def _interval(low: Number, high: Number, words: Words) -> Cell:
    """The interval, with the digits that keep its upper end on its side of the chart's line."""
    digits = 3 if high is None else digits_beside(high, _CUT)
    return Quantity(Interval(low, high), Apa(words).between(low, high, digits))


PARTS = (Part(HtmtIntervalsSection, Chapter.VALIDITY, 50, _drawn),)
CRITERIA = (
    Criterion(
        "htmt_upper", msg("HTMT, upper end of its interval"), DISCRIMINANT, 20, subjects=PAIRS
    ),
)
