"""The benchmark report's map: its lanes in drawings that fit a page, and the emotion line in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Estimate,
    Heading,
    Paragraph,
    Quantity,
    Table,
    Tone,
)
from surveyapp.reports.maps.sheet import Part, parts
from surveyapp.reports.maps.svg import map_svg
from surveyapp.results.maps import emotion_phrases
from surveyapp.results.maps.emotion_line import EmotionLine, Feeling
from surveyapp.results.maps.grid import MapGrid


def journey_map(grid: MapGrid | None, *, few: int, words: Words = ENGLISH) -> Iterator[Block]:
    """The map with the report's scores; nothing without stages. No card is cut by the end of a page."""
    if grid is None or not grid.stages:
        return
    yield Heading(words.say("Journey map"), new_page=True)
    yield Paragraph(emotion_phrases.measured_by(grid.line, words=words), Tone.NOTE)
    drawn = parts(grid, few=few, words=words)
    label = _spoken(grid.line.points, few, words)
    for number, part in enumerate(drawn, 1):
        title = _title(part, number, len(drawn), words)
        note = _note(grid, words) if number == 1 else ""
        svg = map_svg([part.sheet], label=label if number == 1 else title)
        yield Chart(title, svg, note, fixed=True)
    if grid.line.points:
        yield _table(grid.line, few, words)


def _title(part: Part, number: int, count: int, words: Words) -> str:
    first, last = words.name(part.first), words.name(part.last)
    whole = first if part.first == part.last else words.between(first, last)
    if count == 1:
        return words.say("The journey from {first} to {last}", first=first, last=last)
    at, of = words.number(number), words.number(count)
    return words.say("{stages}, part {at} of {of} of the map", stages=whole, at=at, of=of)


def _note(grid: MapGrid, words: Words) -> str:
    said = words.say(
        "Dots are measured feelings with their 95% intervals, diamonds assumed ones; \N{NOT EQUAL TO} marks"
        " where they differ. A text that ends in three dots is longer on the map itself."
    )
    return said if grid.line.definition else ""


def _spoken(points: Sequence[Feeling], few: int, words: Words) -> str:
    """What a screen reader says of the drawing: each touchpoint with its number."""
    said = (
        words.say(
            "{place}: {said}",
            place=words.name(each.name),
            said=emotion_phrases.measured(each, few=few, words=words),
        )
        for each in points
    )
    return "; ".join(said)


def _table(line: EmotionLine, few: int, words: Words) -> Table:
    rows: list[list[Cell]] = [
        [
            words.alone(each.name),
            _measured(each, few, words),
            "" if each.n is None or each.estimate is None else each.n,
            emotion_phrases.assumed(each.assumed, words=words),
            emotion_phrases.mismatch(each, words=words),
        ]
        for each in line.points
    ]
    return Table(
        title=words.say("Emotion line: measured and assumed feelings"),
        columns=[
            Column(words.say("Touchpoint"), 0.27),
            Column(words.say("Measured"), 0.22),
            Column("n", 0.09, words.count),
            Column(words.say("Assumed"), 0.18),
            Column(words.say("Mismatch"), 0.24),
        ],
        cells=rows,
        note=emotion_phrases.explained(words=words),
    )


def _measured(feeling: Feeling, few: int, words: Words) -> Cell:
    """The number with its interval, or why there is none."""
    if feeling.estimate is None:
        return emotion_phrases.unmeasured(feeling, few=few, words=words)
    value, low, high = (
        None if each is None else words.number(each, 1, signed=True)
        for each in (feeling.estimate, feeling.low, feeling.high)
    )
    said = str(value)
    if low is not None and high is not None:
        said = f"{value}\n{words.between(low, high)}"
    return Quantity(Estimate(feeling.estimate, feeling.low, feeling.high), said)
