"""Scores with weights by population shares, beside those without; only where a report was asked to weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Block, Cell, Column, Heading, Paragraph, Table, Tone
from surveyapp.reports.journeys.scores import score
from surveyapp.results import phrases
from surveyapp.results.drivers.associations import Associations
from surveyapp.results.scale_titles import label, short
from surveyapp.results.view_models import Figure, JourneyOverview, Margin
from surveyapp.results.weights import phrases as weight_phrases


def weighted(
    overview: JourneyOverview,
    margins: Sequence[Margin],
    words: Words = ENGLISH,
    *,
    associations: Associations | None = None,
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
            Column(words.say("Score"), 0.28),
            Column(words.say("Not weighted"), 0.12, align="r"),
            Column(words.say("Weighted"), 0.12, align="r"),
            Column(words.say("95% CI"), 0.14, align="r"),
            Column(words.say("Effective n"), 0.11, words.count),
            Column(words.say("Change with weights"), 0.23),
        ],
        cells=rows,
    )
    yield from _correlations(associations, words)
    yield Paragraph(
        words.say(
            "The intervals of weighted scores allow for the weights (linearised, Student's t). The effective"
            " n is how many answers of equal weight would say as much. Changes with weights are tested together"
            " (Holm). Where this report has findings and trends, they have weights, too; its other chapters are not"
            " weighted."
        ),
        Tone.NOTE,
    )


def _correlations(found: Associations | None, words: Words) -> Iterator[Block]:
    """Each score's correlation with the outcome, without and with weights."""
    shown = [
        (one, one.figure.weighted)
        for kind in (found.kinds if found else ())
        for one in kind.shown
        if one.figure.weighted and one.figure.weighted.figure
    ]
    if not shown or found is None:
        return
    yield Table(
        title=words.say(
            "Correlations with {outcome} without and with weights",
            outcome=short(found.outcome, words),
        ),
        columns=[
            Column(words.say("Score"), 0.4),
            Column(words.say("Not weighted"), 0.15, align="r"),
            Column(words.say("Weighted"), 0.15, align="r"),
            Column(words.say("95% CI"), 0.18, align="r"),
            Column(words.say("Effective n"), 0.12, words.count),
        ],
        cells=[
            [
                words.name(one.label),
                score(one.figure, words=words),
                score(own.figure, words=words),
                phrases.interval(own.figure, words=words),
                own.effective_n,
            ]
            for one, own in shown
            if own.figure
        ],
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
            "",
        ]
    change = [
        phrases.change(found.figure, words=words),
        phrases.change_numbers(found.figure, words=words),
    ]
    return [
        name,
        score(figure, words=words),
        score(found.figure, words=words),
        phrases.interval(found.figure, words=words),
        found.effective_n,
        ": ".join(filter(None, change)),
    ]
