"""Items that run against the others of their factor, and how to turn them."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.scale.sections.keying import KeyingSection
from surveyapp.i18n.words import msg
from surveyapp.reports import apa
from surveyapp.reports.apa import Apa
from surveyapp.reports.document import Block, Callout, Column, Look, Table, filled
from surveyapp.reports.validation.part import (
    KEYING,
    Chapter,
    Criterion,
    Form,
    Numbers,
    Part,
    ValidationStudy,
)
from surveyapp.reports.validation.wording import name, of_three_digits
from surveyapp.results.analyses.validation_phrases import sentence


def _opposed(section: KeyingSection, study: ValidationStudy, number: Numbers) -> Iterator[Block]:
    if not section.opposed:
        return
    words, write = study.words, Apa(study.words)
    for said in section.suggestions:
        yield Callout(words.say("Items that run against the others"), sentence(said, words))
    three = of_three_digits(words)
    yield Table(
        number=next(number),
        title=words.say("Items That Run Against the Others of Their Factor"),
        columns=[
            Column(words.say("Item"), 0.18),
            Column(words.say("Factor"), 0.26),
            Column(words.say("Item-rest correlation"), 0.18, write.bounded),
            Column(words.say("Loading"), 0.12, write.bounded),
            Column(apa.ALPHA, 0.12, three),
            Column(
                filled(words.say("{alpha} if turned", alpha="{alpha}"), alpha=write.symbol("α")),
                0.14,
                three,
            ),
        ],
        cells=[
            [
                row.item,
                name(row.factor, words),
                row.item_rest_correlation,
                row.loading,
                row.alpha,
                row.alpha_turned,
            ]
            for row in section.opposed
        ],
        note=words.say(
            "The item-rest correlation counts each of the others in the direction of most. Alpha is the"
            " factor's, as its answers are and with all its items of this table turned. Nothing was turned."
        ),
        look=Look.APA,
    )


PARTS = (Part(KeyingSection, Chapter.ITEMS, 5, _opposed),)
CRITERIA = (
    Criterion("opposed_items", msg("Items that run against their factor"), KEYING, 10, Form.COUNT),
)
