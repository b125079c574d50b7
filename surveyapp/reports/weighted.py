"""Scores with weights by population shares, beside those without; only where a report was asked to weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Block, Cell, Column, Heading, Paragraph, Table, Tone
from surveyapp.reports.scores import score
from surveyapp.results import phrases, weight_phrases
from surveyapp.results.scale_titles import label
from surveyapp.results.view_models import Figure, JourneyOverview, Margin


def weighted(
    overview: JourneyOverview, margins: Sequence[Margin], words: Words = ENGLISH
) -> Iterator[Block]:
    """The chapter; nothing where no score was to be weighted."""
    if not any(figure.weighted for figure in overview.figures):
        return
    yield Heading(words.say("Weighted scores"))
    if said := weight_phrases.none_weighted(overview, words=words):
        yield Paragraph(said)
        return
    yield Paragraph(weight_phrases.population(margins, words=words))
    rows = [
        *(_row("", figure, words) for figure in overview.end if figure.shown),
        *(
            _row(point.name, figure, words)
            for point in overview.touchpoints
            for figure in point.figures
            if figure.shown
        ),
    ]
    yield Table(
        title=words.say("Scores without and with weights"),
        columns=[
            Column(words.say("Score"), 0.36),
            Column(words.say("Not weighted"), 0.14, align="r"),
            Column(words.say("Weighted"), 0.14, align="r"),
            Column(words.say("95% CI"), 0.20, align="r"),
            Column(words.say("Effective n"), 0.16, words.count),
        ],
        cells=rows,
    )
    yield Paragraph(
        words.say(
            "The intervals of weighted scores allow for the weights (linearised, Student's t). The effective"
            " n is how many answers of equal weight would say as much. All other chapters are not weighted."
        ),
        Tone.NOTE,
    )


def _row(place: str, figure: Figure, words: Words) -> list[Cell]:
    name = words.joined([label(figure.definition, words), *([words.name(place)] if place else [])])
    found = figure.weighted
    if found is None or found.figure is None:
        return [
            name,
            score(figure, words=words),
            words.say("not shown: a group of customers has too few answers"),
            "",
            None,
        ]
    return [
        name,
        score(figure, words=words),
        score(found.figure, words=words),
        phrases.interval(found.figure, words=words),
        found.effective_n,
    ]
