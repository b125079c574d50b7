"""What both chapters are written with: marked blanks for what nobody told, and tables of two columns."""

from __future__ import annotations

from surveyapp.reports.document import Column, Styled, Table, Text


def blank(what: str) -> tuple[str | Styled, ...]:
    """A place that the operator fills in."""
    return (Styled(f"[To be filled in: {what}]"),)


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "person", "people"), counted(1_200, "answer")
    ('1 person', '1,200 answers')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def rows(title: str, *told: tuple[str, Text]) -> Table:
    """A table of a name and what is to be said of it."""
    columns = [Column("What", 0.28), Column("Details", 0.72)]
    return Table(columns, [list(row) for row in told], title=title)
