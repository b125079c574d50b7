"""The report's chapter on targets: each with its gap, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from surveyapp.reports.scores import score
from surveyapp.results import phrases, target_phrases
from surveyapp.results.standing import Standing
from surveyapp.results.target_rows import TargetRow
from surveyapp.results.view_models import State


def targets(rows: Sequence[TargetRow], few: int) -> Iterator[Block]:
    """Nothing where no target is set."""
    if not rows:
        return
    yield Heading("Targets")
    counts = [
        (sum(row.gap.standing is standing for row in rows), standing) for standing in Standing
    ]
    shown = sum(count for count, _ in counts)
    many = "one target" if len(rows) == 1 else f"{len(rows)} targets"
    parts = ", ".join(f"{count} {standing}" for count, standing in counts)
    hidden = f", {len(rows) - shown} without a score" if shown < len(rows) else ""
    yield Paragraph(f"Of {many}: {parts}{hidden}.", Tone.LEAD)
    yield Table(
        title="Scores and their targets",
        columns=[
            Column("Measure", 0.15),
            Column("Place", 0.21),
            Column("Score", 0.16, align="r"),
            Column("Target", 0.09, align="r"),
            Column("Gap", 0.17, align="r"),
            Column("Standing", 0.10),
            Column("By", 0.12),
        ],
        cells=[_row(row, few) for row in rows],
        note=f"{target_phrases.EXPLAINED} The gap is the score minus the target, with the score's"
        " interval.",
    )


def _row(row: TargetRow, few: int) -> list[Cell]:
    figure, found, target = row.figure, row.gap, row.target
    gap = Estimate(found.difference, found.low, found.high)
    due = phrases.day(target.due) or "no date"
    return [
        row.metric,
        phrases.named(row.place),
        score(figure, few=few) if figure else State.UNASKED.value,
        target_phrases.amount(figure.definition, target)
        if figure
        else phrases.number(target.value),
        Quantity(gap, target_phrases.gap_numbers(found).replace(", ", "\n", 1)),
        found.standing or "",
        f"{due}\n{phrases.named(target.owner)}" if target.owner else due,
    ]
