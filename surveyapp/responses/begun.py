"""The beginning of an import: the file is looked at from end to end before the first row is stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.columns import EXTERNAL_ID, Columns
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.personal_columns import is_personal, shared_columns
from surveyapp.responses.row_facts import TIMES, RowFacts
from surveyapp.responses.rows import Reading
from surveyapp.responses.waves import RowIds, Wave, knows_cells
from surveyapp.surveys.survey import Survey
from surveyapp.tables.missing import UserMissing
from surveyapp.tables.profile import Watch
from surveyapp.tables.table import DataTable, heading_of
from surveyapp.tables.typed_columns import TypedColumns


@dataclass(frozen=True)
class Looked:
    """A file that has been looked at from end to end: what its columns hold, which are kept.

    ``personal`` and ``rare`` are the places of attributes that are left out; ``wave`` are the rows
    without an id.
    """

    installation: Installation
    survey: Survey
    choices: ImportChoices
    columns: Columns
    typed: TypedColumns
    wave: Wave
    personal: frozenset[int] = frozenset()
    rare: frozenset[int] = frozenset()

    def reading(self, ids: RowIds) -> Reading:
        """The reader of the file's rows, whose ids are these; a new one for each time they are read."""
        typed = self.typed.uncounted()
        facts = RowFacts(
            self.installation, self.survey, self.columns, typed, self.choices.reading, ids
        )
        library = self.installation.library
        return Reading(self.survey, self.columns, typed, facts, self._left_out(), library)

    def _left_out(self) -> list[str]:
        headings, notes = self.columns.headings, []
        if self.personal:
            notes.append(
                f"Left out, as they look like personal data: {_named(self.personal, headings)};"
                " --attribute stores one."
            )
        if self.rare:
            minimum = self.installation.settings.minimum_cell
            notes.append(
                f"Left out of an anonymous survey, as fewer than {minimum} rows share a value:"
                f" {_named(self.rare, headings)}."
            )
        return notes


def look(
    installation: Installation,
    survey: Survey,
    table: DataTable,
    columns: Columns,
    choices: ImportChoices,
    watch: Watch | None = None,
) -> Looked:
    """Look at a file from end to end; ``watch`` is given its rows meanwhile. Stores nothing.

    Raises Invalid where the file has two readings.
    """
    dated = [columns.about[name] for name in TIMES if name in columns.about]
    wave = _wave(installation, survey, dated)
    identity = columns.about.get(EXTERNAL_ID)

    def watching(rows: Sequence[list[str]]) -> None:
        for cells in rows:
            if identity is None or not cells[identity].strip():
                wave.add(cells)
        if watch is not None:
            watch(rows)

    codes = {each.code: each.missing_codes for each, _ in survey.asked(installation.library)}
    table = table.declaring(
        {
            place: UserMissing.of(codes[instrument])
            for place, (instrument, _) in columns.items.items()
            if codes[instrument]
        }
    )
    typed = TypedColumns(table, choices.reading, columns.attributes, dated, watching)
    chosen = {heading_of(name).lower() for name in choices.attributes}
    chosen |= {heading_of(name).lower() for name in choices.columns}
    chosen |= {heading_of(name).lower() for name in choices.attribute_columns or ()}
    minimum = installation.settings.minimum_cell
    personal, rare = _left_out(survey, typed, columns, chosen, minimum)
    kept = columns.without(personal | rare)
    return Looked(installation, survey, choices, kept, typed, wave, personal, rare)


def _wave(installation: Installation, survey: Survey, dated: Sequence[int]) -> Wave:
    """No rows yet; where earlier imports knew rows by their cells, these are known by both."""
    key = installation.secret_key
    with installation.store.reading() as session:
        both = knows_cells(session, survey)
    return Wave(key, dated=dated, as_written=Wave(key, by_value=False) if both else None)


def _left_out(
    survey: Survey,
    typed: TypedColumns,
    columns: Columns,
    chosen: Collection[str],
    minimum_cell: int,
) -> tuple[frozenset[int], frozenset[int]]:
    """The attributes that tell who somebody is, and those that too few rows share."""
    headings = columns.headings
    personal = frozenset(
        place
        for place in columns.attributes
        if headings[place].lower() not in chosen
        and not columns.own
        and is_personal(headings[place], typed.profiles[place])
    )
    left = columns.without(personal).attributes
    if survey.anonymity != "anonymous" or not left:
        return personal, frozenset()
    found = {place: typed.profiles[place] for place in left}
    rare = frozenset(set(left) - set(shared_columns(typed.table, found, minimum_cell)))
    wanted = {place for place in rare if headings[place].lower() in chosen}
    if wanted:
        raise Invalid(
            f"{_named(wanted, headings)}: fewer than {minimum_cell} rows share a value, which could"
            " identify customers in an anonymous survey; leave the column out or make its values"
            " coarser.",
            field="attributes",
        )
    return personal, rare


def _named(places: Collection[int], headings: Sequence[str]) -> str:
    return ", ".join(headings[place] for place in sorted(places))
