"""HTMT with its bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.digits import digits_beside
from analysis.scale.sections.htmt_intervals import HtmtIntervalsSection
from analysis.scale.study import Number
from surveyapp.reports import apa, research_charts
from surveyapp.reports.document import Block, Cell, Chart, Column, Interval, Look, Quantity, Table
from surveyapp.reports.measured_models import label
from surveyapp.reports.validation.part import (
    DISCRIMINANT,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import pair

_CUT = 0.85  # Henseler et al. 2015


def _drawn(section: HtmtIntervalsSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    yield from _chart(section)
    yield _table(section, next(number))


def _chart(section: HtmtIntervalsSection) -> Iterator[Chart]:
    rows = [
        research_charts.Interval(
            f"{label(one.first)} and {one.second}", one.estimate, one.lower, one.upper
        )
        for one in section.pairs
        if one.estimate is not None and one.lower is not None and one.upper is not None
    ]
    if not rows:
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
        f"Percentile intervals of {section.level:.0%} from {section.reps:,} resamples.",
    )


def _table(section: HtmtIntervalsSection, number: int) -> Table:
    level = f"{section.level:.0%}"
    return Table(
        number=number,
        title="HTMT With Bootstrap Intervals",
        columns=[
            Column("Factors", 0.5),
            Column("HTMT", 0.2, apa.BOUNDED_3),
            Column(f"{level} CI", 0.3, apa.INTERVAL_3),
        ],
        cells=[
            [pair(one.first, one.second), one.estimate, _interval(one.lower, one.upper)]
            for one in section.pairs
        ],
        note=f"Percentile intervals of {section.reps:,} resamples, "
        f"{section.inadmissible:,} inadmissible ones left out.",
        look=Look.APA,
    )


def _interval(low: Number, high: Number) -> Cell:
    """The interval, with the digits that keep its upper end on its side of the chart's line."""
    digits = 3 if high is None else digits_beside(high, _CUT)
    return Quantity(Interval(low, high), apa.between(low, high, digits))


PARTS = (Part(HtmtIntervalsSection, Chapter.VALIDITY, 50, _drawn),)
CRITERIA = (
    Criterion("htmt_upper", "HTMT, upper end of its interval", DISCRIMINANT, 20, subjects="pairs"),
)
