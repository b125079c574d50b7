"""The items' descriptive statistics."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.items import ItemsSection
from surveyapp.reports import apa
from surveyapp.reports.document import Look, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy

_MANY = 0.15  # of the answers at one end of the scale, Terwee et al. 2007


def _table(section: ItemsSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    rows = section.rows
    flagged = [row.item for row in rows if max(row.floor or 0, row.ceiling or 0) > _MANY]
    said = (
        (
            "More than 15% of answers at one end of the scale (Terwee et al., 2007):"
            f" {', '.join(flagged)}."
        )
        if flagged
        else "No item has more than 15% of answers at one end of the scale (Terwee et al., 2007)."
    )
    yield Table(
        number=next(number),
        title="Descriptive Statistics of the Items",
        head=["Item", apa.N, apa.M, apa.SD, "Median", "Skew", "Kurtosis", "Floor %", "Ceiling %"],
        rows=[
            [
                row.item,
                apa.count(row.n),
                apa.number(row.mean),
                apa.number(row.sd),
                apa.number(row.median, 0),
                apa.number(row.skew),
                apa.number(row.kurtosis),
                apa.number(None if row.floor is None else 100 * row.floor, 1),
                apa.number(None if row.ceiling is None else 100 * row.ceiling, 1),
            ]
            for row in rows
        ],
        align="lrrrrrrrr",
        widths=[0.14, 0.09, 0.10, 0.10, 0.11, 0.11, 0.12, 0.11, 0.12],
        note=f"Kurtosis is excess kurtosis; skew and kurtosis are of type 3 (b). {said}",
        look=Look.APA,
    )


PARTS = (Part(ItemsSection, Chapter.ITEMS, 10, _table),)
