"""The report's chapter on targets: each with its gap, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import (
    Block,
    Cell,
    Column,
    Estimate,
    Heading,
    Paragraph,
    Quantity,
    Table,
    Tone,
)
from surveyapp.reports.journeys.scores import score
from surveyapp.results.scale_titles import short
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.rows import TargetRow
from surveyapp.results.targets.standing import Standing
from surveyapp.results.view_models import State


def targets(rows: Sequence[TargetRow], few: int, words: Words = ENGLISH) -> Iterator[Block]:
    """Nothing where no target is set."""
    if not rows:
        return
    yield Heading(words.say("Targets"))
    counts = [
        (sum(row.gap.standing is standing for row in rows), standing) for standing in Standing
    ]
    shown = sum(count for count, _ in counts)
    parts = [f"{words.number(count)} {words.say(standing)}" for count, standing in counts]
    if shown < len(rows):
        parts.append(words.say("{number} without a score", number=words.number(len(rows) - shown)))
    yield Paragraph(
        words.say_count(
            "Of one target: {counts}.",
            "Of {n} targets: {counts}.",
            n=len(rows),
            counts=words.joined(parts),
        ),
        Tone.LEAD,
    )
    yield Table(
        title=words.say("Scores and their targets"),
        columns=[
            Column(words.say("Measure"), 0.15),
            Column(words.say("Place"), 0.21),
            Column(words.say("Score"), 0.16, align="r"),
            Column(words.say("Target"), 0.09, align="r"),
            Column(words.say("Gap"), 0.17, align="r"),
            Column(words.say("Standing"), 0.10),
            Column(words.say("By"), 0.12),
        ],
        cells=[_row(row, few, words) for row in rows],
        note=words.say(
            "{explained} The gap is the score minus the target, with the score's interval.",
            explained=words.say(target_phrases.EXPLAINED),
        ),
    )


def _row(row: TargetRow, few: int, words: Words) -> list[Cell]:
    figure, found, target = row.figure, row.gap, row.target
    gap = Estimate(found.difference, found.low, found.high)
    due = words.day(target.due) or words.say("no date")
    # The interval stands on a line of its own.
    ends = target_phrases.gap_numbers(found, words=words)
    return [
        short(figure.definition, words) if figure else row.metric,
        words.say(row.place) if target.place == "" else words.name(row.place),
        score(figure, few=few, words=words) if figure else words.say(State.UNASKED.value),
        target_phrases.amount(figure.definition, target, words=words)
        if figure
        else words.number(target.value),
        Quantity(gap, _two_lines(ends)),
        words.say(found.standing) if found.standing else "",
        f"{due}\n{words.name(target.owner)}" if target.owner else due,
    ]


def _two_lines(numbers: str) -> str:
    """A number, and its interval below it."""
    comma = "، " if "، " in numbers else ", "
    return numbers.replace(comma, "\n", 1)
