"""The reliability and convergent validity of each factor."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.reliability import ReliabilitySection
from surveyapp.reports import apa
from surveyapp.reports.document import Look, Table
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
        head=["Factor", "Items", apa.ALPHA, f"{level} CI", ("Ordinal ", *apa.ALPHA), apa.OMEGA, "CR", "AVE"],
        rows=[
            [
                name(row.factor),
                str(row.n_items),
                apa.bounded(row.alpha, 3),
                apa.between(row.alpha_lower, row.alpha_upper, 3),
                apa.bounded(row.alpha_ordinal, 3),
                apa.bounded(row.omega, 3),
                apa.bounded(row.cr, 3),
                apa.bounded(row.ave, 3),
            ]
            for row in rows
        ],
        align="lrrrrrrr",
        widths=[0.25, 0.08, 0.10, 0.18, 0.12, 0.09, 0.09, 0.09],
        note="Interval of alpha by Feldt; ordinal alpha from polychoric correlations, for items of up "
        "to ten answers (Zumbo et al., 2007); CR = composite reliability and AVE = average variance "
        "extracted, both from standardised loadings.",
        look=Look.APA,
    )  # fmt: skip


PARTS = (Part(ReliabilitySection, Chapter.VALIDITY, 10, _table, explained=True),)
CRITERIA = (
    Criterion("alpha", "Cronbach's alpha", RELIABILITY, 10),
    Criterion("omega", "McDonald's omega", RELIABILITY, 20),
    Criterion("cr", "Composite reliability", RELIABILITY, 30),
    Criterion("ave", "Average variance extracted", CONVERGENT, 20),
)
