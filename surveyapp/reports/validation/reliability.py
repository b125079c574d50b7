"""The reliability and convergent validity of each factor."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.reliability import ReliabilitySection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Column, Interval, Look, Table
from surveyapp.reports.validation.part import (
    CONVERGENT,
    RELIABILITY,
    Chapter,
    Criterion,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import name


def _table(section: ReliabilitySection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    rows = section.rows
    level = f"{rows[0].alpha_level:.0%}" if rows else "95%"
    yield Table(
        number=next(number),
        title="Reliability and Convergent Validity",
        columns=[
            Column("Factor", 0.25),
            Column("Items", 0.08, apa.count),
            Column(apa.ALPHA, 0.10, apa.BOUNDED_3),
            Column(f"{level} CI", 0.18, apa.INTERVAL_3),
            Column(("Ordinal ", *apa.ALPHA), 0.12, apa.BOUNDED_3),
            Column(apa.OMEGA, 0.09, apa.BOUNDED_3),
            Column("CR", 0.09, apa.BOUNDED_3),
            Column("AVE", 0.09, apa.BOUNDED_3),
        ],
        cells=[
            [
                name(row.factor),
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
        note="Interval of alpha by Feldt; ordinal alpha from polychoric correlations, for items of up "
        f"to ten answers {cited('zumbo-2007')}; CR = composite reliability and AVE = average variance "
        "extracted, both from standardised loadings.",
        look=Look.APA,
    )
    if any(row.omega_lower is not None for row in rows):
        yield _intervals(section, next(number))


def _intervals(section: ReliabilitySection, number: int) -> Table:
    """The coefficients that follow from the confirmatory model, with their intervals."""
    return Table(
        number=number,
        title="Intervals of Omega, Composite Reliability and Average Variance Extracted",
        columns=[
            Column("Factor", 0.25),
            Column((*apa.OMEGA, " 95% CI"), 0.25, apa.INTERVAL_3),
            Column("CR 95% CI", 0.25, apa.INTERVAL_3),
            Column("AVE 95% CI", 0.25, apa.INTERVAL_3),
        ],
        cells=[
            [
                name(row.factor),
                Interval(row.omega_lower, row.omega_upper),
                Interval(row.cr_lower, row.cr_upper),
                Interval(row.ave_lower, row.ave_upper),
            ]
            for row in section.rows
        ],
        note="From the sampling covariance of the model's estimates (delta method), on the logit.",
        look=Look.APA,
    )


PARTS = (Part(ReliabilitySection, Chapter.VALIDITY, 10, _table, explained=True),)
CRITERIA = (
    Criterion("alpha", "Cronbach's alpha", RELIABILITY, 10),
    Criterion("omega", "McDonald's omega", RELIABILITY, 20),
    Criterion("cr", "Composite reliability", RELIABILITY, 30),
    Criterion("ave", "Average variance extracted", CONVERGENT, 20),
)
