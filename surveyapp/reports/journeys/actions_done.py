""" "You said, we did": done actions and the scores before and after the change that came of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Block, Cell, Heading, Table
from surveyapp.reports.journeys.scores import score
from surveyapp.reports.tested import tested, tested_columns
from surveyapp.results import phrases
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.results.registered_changes.action_effects import ActionEffect


def actions_done(
    done: Sequence[ActionEffect], *, few: int, words: Words = ENGLISH
) -> Iterator[Block]:
    """A table of actions with the scores that they concern; nothing without any."""
    rows: list[list[Cell]] = []
    groups = []
    for each in done:
        groups.append(len(rows))
        reason = f" ({words.name(each.reason)})" if each.reason else ""
        when = phrases.days(each.change, words=words)
        changed = words.joined([words.name(each.change.title), when])
        action = f"{words.name(each.title)}{reason}"
        rows.append([words.say("{action}: {change}", action=action, change=changed), *[""] * 6])
        for row in each.effect.rows:
            said = effect_phrases.verdict(row, words)
            cells = tested(row.definition, row.contrast, said, words)
            before, after = (
                score(figure, few=few, words=words) for figure in (row.before, row.after)
            )
            rows.append([words.name(row.label), before, after, *cells])
    if not rows:
        return
    yield Heading(words.say("You said, we did"))
    heads = (words.say("Before"), words.say("After"), words.say("Result"))
    yield Table(
        title=words.say("Scores before and after the changes that came of actions"),
        columns=tested_columns(*heads, words=words),
        cells=rows,
        groups=frozenset(groups),
        note=words.say(
            "At most six whole months on each side, all customers, p after Holm correction for the scores"
            " of one change. {caution}",
            caution=words.say(effect_phrases.LIMIT_BEFORE_AFTER),
        ),
    )
