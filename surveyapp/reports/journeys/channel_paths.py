"""The benchmark report's table of scores by the channels that customers came by."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Block, Cell, Heading, Paragraph, Table, Tone
from surveyapp.reports.journeys.scores import score
from surveyapp.reports.tested import tested, tested_columns
from surveyapp.results import phrases
from surveyapp.results.funnels.channel_path_json import BASIS, corrected_said, path_said
from surveyapp.results.funnels.channel_paths import ChannelPaths
from surveyapp.results.scale_titles import label

MOST_ANSWERS = 50_000  # whose events are read for a report: three seconds


def channel_paths(
    found: ChannelPaths | None, few: int, *, too_many: bool, words: Words = ENGLISH
) -> Iterator[Block]:
    """Each path beside the other customers whose path is known; nothing where no path is."""
    title = words.say("Scores by channel path")
    if too_many:
        yield Heading(title)
        yield Paragraph(
            words.say(
                "Not computed in reports on journeys with more than {n} answers at their end; the results"
                " page shows them on request.",
                n=words.number(MOST_ANSWERS),
            ),
            Tone.NOTE,
        )
    if found is None:
        return
    yield Heading(title, new_page=True)
    yield Paragraph(words.say(BASIS), Tone.NOTE)
    rows: list[list[Cell]] = []
    groups = []
    for at, definition in enumerate(found.definitions):
        groups.append(len(rows))
        rows.append([label(definition, words), *[""] * 6])
        for row in found.rows:
            each = row.figures[at]
            if each.beside is not None:
                said = phrases.beside(each, few=few, words=words) if each.shown else ""
                cells = tested(each.definition, each.beside.contrast, said, words)
                own, rest = (score(one, few=few, words=words) for one in (each, each.beside.rest))
                rows.append([path_said(row.label, words), own, rest, *cells])
    heads = (words.say("Path"), words.say("Others"), words.say("Result"))
    yield Table(
        title=words.say("Channel paths and the other customers whose path is known"),
        columns=tested_columns(*heads, what=words.say("Channel path"), words=words),
        cells=rows,
        groups=frozenset(groups),
        note=corrected_said(found, words),
    )
