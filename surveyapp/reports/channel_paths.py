"""The benchmark report's table of scores by the channels that customers came by."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.reports.document import Block, Cell, Heading, Paragraph, Table, Tone
from surveyapp.reports.scores import score
from surveyapp.reports.tested import tested, tested_columns
from surveyapp.results import phrases
from surveyapp.results.channel_path_json import BASIS, corrected_said
from surveyapp.results.channel_paths import ChannelPaths

MOST_ANSWERS = 50_000  # whose events are read for a report: three seconds


def channel_paths(found: ChannelPaths | None, few: int, *, too_many: bool) -> Iterator[Block]:
    """Each path beside the other customers whose path is known; nothing where no path is."""
    if too_many:
        yield Heading("Scores by channel path")
        yield Paragraph(
            f"Not computed in reports on journeys with more than {MOST_ANSWERS:,} answers at their end;"
            " the results page shows them on request.",
            Tone.NOTE,
        )
    if found is None:
        return
    yield Heading("Scores by channel path", new_page=True)
    yield Paragraph(BASIS, Tone.NOTE)
    rows: list[list[Cell]] = []
    groups = []
    for at, definition in enumerate(found.definitions):
        groups.append(len(rows))
        rows.append([definition.label, *[""] * 6])
        for row in found.rows:
            each = row.figures[at]
            if each.beside is not None:
                said = phrases.beside(each, few=few) if each.shown else ""
                cells = tested(each.definition, each.beside.contrast, said)
                rest = score(each.beside.rest, few=few)
                rows.append([phrases.named(row.label), score(each, few=few), rest, *cells])
    yield Table(
        title="Channel paths and the other customers whose path is known",
        columns=tested_columns("Path", "Others", "Result", what="Channel path"),
        cells=rows,
        groups=frozenset(groups),
        note=corrected_said(found),
    )
