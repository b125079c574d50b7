"""What both chapters are written with: marked blanks for what nobody told, and tables of two columns."""

from __future__ import annotations

from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.document import Column, Styled, Table, Text


def blank(what: str, words: Words = ENGLISH) -> tuple[str | Styled, ...]:
    """A place that the operator fills in; ``what`` is said already."""
    return (Styled(words.say("[To be filled in: {what}]", what=what)),)


def rows(title: str, words: Words, *told: tuple[str, Text]) -> Table:
    """A table of a name and what is to be said of it."""
    columns = [Column(words.say("What"), 0.28), Column(words.say("Details"), 0.72)]
    return Table(columns, [list(row) for row in told], title=title)
