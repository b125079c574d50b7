"""Cut-offs of fit indices for this model and this number of answers."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.covariance.dynamic_cutoffs import Cutoff
from analysis.covariance.factor_population import Omitted
from analysis.scale.sections.dynamic_cutoffs import DynamicCutoffsSection
from surveyapp.reports import apa
from surveyapp.reports.bibliography import cited
from surveyapp.reports.document import Block, Cell, Column, Look, Paragraph, Table
from surveyapp.reports.validation.part import Chapter, Numbers, Part, ValidationStudy
from surveyapp.reports.validation.wording import plain
from surveyapp.results import phrases

INDICES = ("srmr", "rmsea", "cfi")


def _drawn(section: DynamicCutoffsSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    yield Table(
        number=next(number),
        title="Dynamic Cut-Offs of Fit Indices",
        columns=[
            Column("Level", 0.09),
            Column("Omitted from the model", 0.31),
            *(
                column
                for index in INDICES
                for column in (
                    Column(index.upper(), 0.11, apa.BOUNDED_3),
                    Column("Share", 0.09, apa.percent),
                )
            ),
        ],
        cells=[*_rows(section), _own(section)],
        note=_note(section),
        look=Look.APA,
    )
    yield Paragraph((_reading(section),))


def _rows(section: DynamicCutoffsSection) -> Iterator[list[Cell]]:
    for level in section.levels:
        added = ", ".join(_omission(one) for one in level.added)
        row: list[Cell] = [str(level.level), added or "nothing"]
        for index in INDICES:
            cutoff: Cutoff = getattr(level, index)
            row += [cutoff.value, cutoff.sensitivity]
        yield row


def _own(section: DynamicCutoffsSection) -> list[Cell]:
    row: list[Cell] = ["Model", ""]
    for index in INDICES:
        row += [section.fit.get(index), ""]
    return row


def _omission(one: Omitted) -> str:
    value = apa.bounded(one.value)
    if one.op == "=~":
        return f"{one.rhs} on {plain(one.lhs)} ({value})"
    return f"{one.lhs} with {one.rhs} ({value})"


def _note(section: DynamicCutoffsSection) -> str:
    errors = [
        cutoff.error
        for level in section.levels
        for cutoff in (level.srmr, level.rmsea, level.cfi)
        if cutoff.error is not None
    ]
    largest = f" Their standard error by simulation is at most {apa.bounded(max(errors), 4)}."
    return (
        f"{section.reps:,} simulated samples of n = {section.n:,} a level, seed {section.seed}. "
        "Level 0 is the model itself: the share is that of its samples within the cut-off. Above it, "
        "levels add to each other what the model omits, as standardised cross-loadings or residual "
        "correlations; the share is that of misspecified samples which the cut-off finds while it "
        "passes 95% of the model's own. It is lowered from 95% where both overlap; no cut-off below "
        f"50%.{largest}"
    )


def _reading(section: DynamicCutoffsSection) -> str:
    highest = section.levels[-1].level
    reached = {index.upper(): section.reached.get(index, 0) for index in INDICES}
    source = (
        "Dynamic cut-offs are simulated for this model and sample size; conventional ones come from "
        f"other models {cited('mcneish-2023')}."
    )
    if not any(reached.values()):
        names = phrases.listed(list(reached))
        return f"{names} of the model are better than the cut-offs of every level. {source}"
    if len(set(reached.values())) == 1:
        level = max(reached.values())
        told = f"{phrases.listed(list(reached))} of the model reach the cut-off of level {level} of {highest}"
    else:
        each = [
            f"{index} reaches that of {f'level {level}' if level else 'no level'}"
            for index, level in reached.items()
        ]
        told = f"Of the cut-offs of {highest} levels, {phrases.listed(each)}"
    return (
        f"{told}. A model that reaches a level's cut-off fits no better than one from which everything up "
        "to that level was omitted. "
        f"{source}"
    )


PARTS = (Part(DynamicCutoffsSection, Chapter.CONFIRMATORY, 15, _drawn, explained=True),)
