"""Which numbers of an analysis would come out differently by today's rules."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Block, Callout, Paragraph, Tone
from surveyapp.results.analyses.rules_changed import RulesUsed
from surveyapp.results.analyses.study_phrases import in_english


def changes_told(rules: RulesUsed, words: Words = ENGLISH) -> Iterator[Block]:
    """The numbers that changed since, with what they were and why; nothing where none did."""
    if not rules.changes:
        return
    yield Callout(
        words.say("Computed by earlier rules"),
        words.say(
            "This analysis was computed by version {version} of the rules; version {current} is current."
            " Compute it again for these numbers:",
            version=words.number(rules.version),
            current=words.number(rules.current),
        ),
    )
    for change in rules.changes:
        said = f"{change.sentence}."
        yield Paragraph(said if words.is_english else in_english(said, words), Tone.BULLET)


def rules_named(rules: RulesUsed, words: Words = ENGLISH) -> str:
    """The version of the rules, and whether it is today's."""
    numbers = {"version": words.number(rules.version), "current": words.number(rules.current)}
    if rules.version == rules.current:
        return words.say("version {version}", **numbers)
    return words.say("version {version}; {current} is current", **numbers)
