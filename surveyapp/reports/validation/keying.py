"""Items that run against the others of their factor, and how to turn them."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.keying import KeyingSection
from surveyapp.reports import apa
from surveyapp.reports.document import Block, Callout, Column, Look, Table
from surveyapp.reports.validation.part import (
    KEYING,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import name


def _opposed(section: KeyingSection, _: ValidationStudy, number: Numbers) -> Iterator[Block]:
    if not section.opposed:
        return
    for sentence in section.suggestions:
        yield Callout("Items that run against the others", f"{sentence}.")
    yield Table(
        number=next(number),
        title="Items That Run Against the Others of Their Factor",
        columns=[
            Column("Item", 0.18),
            Column("Factor", 0.26),
            Column("Item-rest correlation", 0.18, apa.bounded),
            Column("Loading", 0.12, apa.bounded),
            Column(apa.ALPHA, 0.12, apa.BOUNDED_3),
            Column((*apa.ALPHA, " if turned"), 0.14, apa.BOUNDED_3),
        ],
        cells=[
            [
                row.item,
                name(row.factor),
                row.item_rest_correlation,
                row.loading,
                row.alpha,
                row.alpha_turned,
            ]
            for row in section.opposed
        ],
        note="The item-rest correlation counts each of the others in the direction of most. Alpha is the "
        "factor's, as its answers are and with all its items of this table turned. Nothing was turned.",
        look=Look.APA,
    )


PARTS = (Part(KeyingSection, Chapter.ITEMS, 5, _opposed),)
CRITERIA = (
    Criterion("opposed_items", "Items that run against their factor", KEYING, 10, Form.COUNT),
)
