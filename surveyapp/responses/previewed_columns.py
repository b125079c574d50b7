"""A file's columns as somebody checks them: what each is taken for, how that was found, what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from surveyapp.responses.columns import Columns
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.known_exports import ABOUT
from surveyapp.responses.personal_columns import is_personal
from surveyapp.tables.dates import DAY_FIRST, MONTH_FIRST, moment_in
from surveyapp.tables.profile import ColumnProfile
from surveyapp.tables.table import DataTable, column_letters, heading_of

ITEM, ABOUT_ROW, ATTRIBUTE, LEFT_OUT, UNASSIGNED = (
    "item",
    "about",
    "attribute",
    "left_out",
    "unassigned",
)
KEPT = "kept"  # what our own export says of a response, and nobody can assign
_EXAMPLES = 3
_LOOKED_AT = 100  # cells, by which a column of dates is known
_LONGEST = 40


@dataclass(frozen=True)
class ColumnPreview:
    """``role`` is one of the above, ``target`` the item, the fact or the attribute that it becomes.

    ``found`` says how that was found, ``reason`` why it is left out. ``type`` is what its cells are,
    ``examples`` are the first of them, none where they look like personal data.
    """

    place: str
    heading: str
    role: str
    target: str
    found: str
    type: str
    examples: tuple[str, ...] = ()
    reason: str = ""


class Samples:
    """What all columns hold, collected while their rows are read."""

    def __init__(self, width: int) -> None:
        self.profiles = [ColumnProfile() for _ in range(width)]
        self.first: list[dict[str, None]] = [{} for _ in range(width)]
        self.rows = 0

    def watch(self, rows: Sequence[list[str]]) -> None:
        self.rows += len(rows)
        for place, profile in enumerate(self.profiles):
            cells = [cells[place] for cells in rows]
            profile.add(cells)
            first = self.first[place]
            for cell in cells:
                if len(first) >= _LOOKED_AT:
                    break
                if cell.strip():
                    first.setdefault(cell.strip())

    def look(self) -> None:
        for profile in self.profiles:
            profile.look()

    def type_of(self, place: int) -> str:
        """What the cells of a column are, in a word."""
        profile, first = self.profiles[place], list(self.first[place])
        if not first:
            return "empty"
        if profile.signs is not None and profile.signs.found:
            return "decimal numbers" if profile.signs.example else "whole numbers"
        for order in (DAY_FIRST, MONTH_FIRST):
            if all(_is_moment(cell, order) for cell in first):
                return "dates"
        return "text"


def column_previews(
    table: DataTable,
    samples: Samples,
    choices: ImportChoices,
    columns: Columns | None,
    reasons: Mapping[int, str] | None = None,
) -> list[ColumnPreview]:
    """Each column of the table; ``columns`` None: nothing could be assigned. ``reasons`` are why some
    attributes are left out.
    """
    samples.look()
    about = {place: what for what, place in columns.about.items()} if columns else {}
    found = []
    for place, heading in enumerate(table.headings):
        role, target, way = UNASSIGNED, "", ""
        reason = (reasons or {}).get(place, "")
        if columns is not None:
            role, target = _role(columns, place, about, reason)
            way = _way(columns, choices, place, role)
        personal = is_personal(heading, samples.profiles[place]) and role != ITEM
        examples = [] if personal else list(samples.first[place])[:_EXAMPLES]
        found.append(
            ColumnPreview(
                column_letters(place),
                heading,
                role,
                target,
                way,
                samples.type_of(place),
                tuple(_short(each) for each in examples),
                reason,
            )
        )
    return found


def _role(columns: Columns, place: int, about: Mapping[int, str], reason: str) -> tuple[str, str]:
    if place in columns.items:
        return ITEM, ".".join(columns.items[place])
    if place in about:
        return (ABOUT_ROW if about[place] in ABOUT else KEPT), about[place]
    if reason:
        return LEFT_OUT, ""
    if place in columns.attributes:
        return ATTRIBUTE, columns.attributes[place]
    if columns.headings[place] in columns.unmatched:
        return UNASSIGNED, ""
    return LEFT_OUT, ""


def _way(columns: Columns, choices: ImportChoices, place: int, role: str) -> str:
    heading = columns.headings[place].lower()
    by_hand = {
        heading_of(name).lower()
        for name in (*choices.columns, *choices.attributes, *choices.left_out, choices.id_column)
    }
    if heading in by_hand and heading:
        return "by hand"
    if role == ITEM:
        return "by its question" if place in columns.by_words else "by its code"
    if columns.known is not None and (role == ABOUT_ROW or columns.known.leaves_out(heading)):
        return f"known from {columns.known.program}"
    if columns.own and role in {ABOUT_ROW, KEPT, LEFT_OUT}:
        return "known from our own export"
    return "by its name" if role == ABOUT_ROW else ""


def _is_moment(cell: str, order: str) -> bool:
    try:
        moment_in(cell, order)
    except ValueError:
        return False
    return True


def _short(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
