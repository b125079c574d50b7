"""Which numbers of an analysis would come out differently by today's rules."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.reports.document import Block, Callout, Paragraph, Tone
from surveyapp.results.rules_changed import RulesUsed


def changes_told(rules: RulesUsed) -> Iterator[Block]:
    """The numbers that changed since, with what they were and why; nothing where none did."""
    if not rules.changes:
        return
    yield Callout(
        "Computed by earlier rules",
        f"This analysis was computed by version {rules.version} of the rules; version {rules.current} "
        "is current. Compute it again for these numbers:",
    )
    for change in rules.changes:
        yield Paragraph(f"{change.sentence}.", Tone.BULLET)
