""" "You said, we did": done actions and the scores before and after the change that came of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.reports.document import Block, Cell, Heading, Table
from surveyapp.reports.scores import score
from surveyapp.reports.tested import tested, tested_columns
from surveyapp.results import effect_phrases, phrases
from surveyapp.results.action_effects import ActionEffect


def actions_done(done: Sequence[ActionEffect], *, few: int) -> Iterator[Block]:
    """A table of actions with the scores that they concern; nothing without any."""
    rows: list[list[Cell]] = []
    groups = []
    for each in done:
        groups.append(len(rows))
        reason = f" ({phrases.named(each.reason)})" if each.reason else ""
        changed = f"{phrases.named(each.change.title)}, {phrases.days(each.change)}"
        rows.append([f"{phrases.named(each.title)}{reason}: {changed}", *[""] * 6])
        for row in each.effect.rows:
            cells = tested(row.definition, row.contrast, effect_phrases.verdict(row))
            before, after = (score(figure, few=few) for figure in (row.before, row.after))
            rows.append([phrases.named(row.label), before, after, *cells])
    if not rows:
        return
    yield Heading("You said, we did")
    yield Table(
        title="Scores before and after the changes that came of actions",
        columns=tested_columns("Before", "After", "Result"),
        cells=rows,
        groups=frozenset(groups),
        note=f"At most six whole months on each side, all customers, p after Holm correction for the"
        f" scores of one change. {effect_phrases.LIMIT_BEFORE_AFTER}",
    )
