"""The beginning of an import: the file is looked at from end to end before the first row is stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.responses.columns import EXTERNAL_ID, Columns
from surveyapp.responses.import_choices import ImportChoices
from surveyapp.responses.personal_columns import is_personal, shared_columns
from surveyapp.responses.row_facts import TIMES, RowFacts
from surveyapp.responses.rows import Reading
from surveyapp.responses.waves import RowIds, Wave, row_ids
from surveyapp.surveys.survey import Survey
from surveyapp.tables.missing import UserMissing
from surveyapp.tables.table import DataTable, heading_of
from surveyapp.tables.typed_columns import TypedColumns


def begin_reading(
    installation: Installation,
    survey: Survey,
    table: DataTable,
    columns: Columns,
    choices: ImportChoices,
) -> Reading:
    """The reader of a file's rows, which knows what their columns hold and which rows are stored. That
    a file without ids came is noted in a transaction of its own: looking at a file may take long.

    Raises Invalid where the file has two readings.
    """
    secret_key = installation.secret_key
    wave = Wave(secret_key)
    identity = columns.about.get(EXTERNAL_ID)

    def watch(rows: Sequence[list[str]]) -> None:
        for cells in rows:
            if identity is None or not cells[identity].strip():
                wave.add(cells)

    codes = {each.code: each.missing_codes for each, _ in survey.asked(installation.library)}
    table = table.declaring(
        {
            place: UserMissing.of(codes[instrument])
            for place, (instrument, _) in columns.items.items()
            if codes[instrument]
        }
    )
    dated = [columns.about[name] for name in TIMES if name in columns.about]
    typed = TypedColumns(table, choices.reading, columns.attributes, dated, watch)
    chosen = {heading_of(name).lower() for name in choices.attributes}
    chosen |= {heading_of(name).lower() for name in choices.columns}
    chosen |= {heading_of(name).lower() for name in choices.attribute_columns or ()}
    kept, left_out = _kept(survey, typed, columns, chosen, installation.settings.minimum_cell)
    ids = RowIds(wave)
    if wave.rows:
        with installation.store.writing() as session:
            ids = row_ids(session, survey, wave, secret_key=secret_key, overlap=choices.overlap)
    facts = RowFacts(installation, survey, kept, typed, choices.reading, ids)
    return Reading(survey, kept, typed, facts, left_out, installation.library)


def _kept(
    survey: Survey,
    typed: TypedColumns,
    columns: Columns,
    chosen: Collection[str],
    minimum_cell: int,
) -> tuple[Columns, list[str]]:
    """The columns without the attributes that tell who somebody is, and notes about these."""
    headings, notes = columns.headings, []
    personal = {
        place
        for place in columns.attributes
        if headings[place].lower() not in chosen
        and not columns.own
        and is_personal(headings[place], typed.profiles[place])
    }
    if personal:
        notes.append(
            f"Left out, as they look like personal data: {_named(personal, headings)};"
            " --attribute stores one."
        )
    columns = columns.without(frozenset(personal))
    if survey.anonymity != "anonymous" or not columns.attributes:
        return columns, notes
    found = {place: typed.profiles[place] for place in columns.attributes}
    rare = set(columns.attributes) - set(shared_columns(typed.table, found, minimum_cell))
    wanted = {place for place in rare if headings[place].lower() in chosen}
    if wanted:
        raise Invalid(
            f"{_named(wanted, headings)}: fewer than {minimum_cell} rows share a value, which could"
            " identify customers in an anonymous survey; leave the column out or make its values"
            " coarser.",
            field="attributes",
        )
    if rare:
        notes.append(
            f"Left out of an anonymous survey, as fewer than {minimum_cell} rows share a value:"
            f" {_named(rare, headings)}."
        )
    return columns.without(frozenset(rare)), notes


def _named(places: Collection[int], headings: Sequence[str]) -> str:
    return ", ".join(headings[place] for place in sorted(places))
