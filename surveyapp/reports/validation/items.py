"""The items' descriptive statistics."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.items import ItemsSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import told
from surveyapp.reports.document import Column, Look, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import name

_MANY = 0.15  # of the answers at one end; of total scores, the rule of Terwee et al. 2007


def _table(section: ItemsSection, _: ValidationStudy, number: Numbers) -> Iterator[Table]:
    rows = section.rows
    flagged = [row.item for row in rows if max(row.floor or 0, row.ceiling or 0) > _MANY]
    which = f"of {', '.join(flagged)}" if flagged else "of no item"
    said = (
        f"More than 15% of the answers are at one end of the scale {which}. The 15% of "
        f"{told('terwee-2007')} are a rule for total scores; for single items they only say where to "
        "look."
    )
    yield Table(
        number=next(number),
        title="Descriptive Statistics of the Items",
        columns=[
            Column("Item", 0.14),
            Column(apa.N, 0.09, apa.count),
            Column(apa.M, 0.10, apa.number),
            Column(apa.SD, 0.10, apa.number),
            Column("Median", 0.11, apa.NUMBER_0),
            Column("Skew", 0.11, apa.number),
            Column("Kurtosis", 0.12, apa.number),
            Column("Floor %", 0.11, apa.NUMBER_1),
            Column("Ceiling %", 0.12, apa.NUMBER_1),
        ],
        cells=[
            [
                row.item,
                row.n,
                row.mean,
                row.sd,
                row.median,
                row.skew,
                row.kurtosis,
                None if row.floor is None else 100 * row.floor,
                None if row.ceiling is None else 100 * row.ceiling,
            ]
            for row in rows
        ],
        note=f"Kurtosis is excess kurtosis; skew and kurtosis are of type 3 (b). {said}",
        look=Look.APA,
    )


def _wordings(section: ItemsSection, study: ValidationStudy, number: Numbers) -> Iterator[Table]:
    """What was asked; nothing for a model of one's own, whose wording is not known."""
    settings = study.document.settings
    if settings.instrument is None:
        return
    instrument = study.library.load(settings.instrument, settings.instrument_version)
    wording = next(iter(instrument.wordings.values()))
    turned = set(settings.reversed)
    yield Table(
        number=next(number),
        title="Wording of the Items",
        columns=[Column("Item", 0.12), Column("Factor", 0.2), Column("Wording", 0.68)],
        cells=[
            [
                row.item,
                name(row.factor),
                wording.items.get(row.item, "") + (" (reversed)" if row.item in turned else ""),
            ]
            for row in section.rows
        ],
        note=f"{instrument.code} {instrument.version}, {wording.language}. What stands in braces is "
        "filled in for each survey; wordings in other languages are the instrument's.",
        look=Look.APA,
    )


PARTS = (
    Part(ItemsSection, Chapter.ITEMS, 10, _table),
    Part(ItemsSection, Chapter.ANNEX, 5, _wordings),
)
