"""Rows whose id is stored already, with other answers: found, listed, put in their place or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from sqlalchemy import Connection, Table, select
from sqlalchemy.orm import Session

from surveyapp.comments.intake import open_items, texts_of
from surveyapp.errors import Invalid
from surveyapp.responses.bulk import scores_of_all
from surveyapp.responses.columns import EXTERNAL_ID
from surveyapp.responses.corrections import Correction, hold
from surveyapp.responses.erased_ids import erased_among
from surveyapp.responses.erasures import Reason
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.row_facts import UUID
from surveyapp.responses.rows import Reading, Refusal
from surveyapp.store.db import Store
from surveyapp.store.models import Erasure, Response
from surveyapp.surveys.survey import Survey
from surveyapp.tables.table import DataTable, Row

REFUSE, KEEP, REPLACE = "refuse", "keep", "replace"
CONFLICTS = (REFUSE, KEEP, REPLACE)
_RESPONSES = cast(Table, Response.__table__)
_AT_ONCE = 500
_OTHER_ROW = "An earlier row of the file has this id with other answers."
_STORED = "This id is stored with other answers."
_ERASED = "This response was erased by its customer or removed by staff."
_CURES = {
    _OTHER_ROW: "Keep one of them.",
    _STORED: "Choose whether to keep or replace these.",
    _ERASED: "Remove the row from the file.",
}

Item = tuple[str, str]  # instrument, item
Parsed = tuple[Row, Prepared]


@dataclass(frozen=True)
class Difference:
    """An item that is answered otherwise; None where there is no answer."""

    item: str
    stored: Any
    in_file: Any


@dataclass(frozen=True)
class Conflict:
    """A row that has another row's, or a stored response's, id and other answers."""

    row: int
    place: str
    id: str
    differences: tuple[Difference, ...]
    with_row: int | None = None  # None: with what is stored


@dataclass(frozen=True)
class _Known:
    number: int
    answers: Mapping[str, Mapping[str, Any]]
    batch_id: int | None


@dataclass
class Settled:
    """What is to become of some rows: stored, put in the place of stored answers, or refused.

    ``already`` are stored as they are. ``conflicts`` are those that differ. ``replaced`` are the new
    answers by the numbers of the stored ones.
    """

    fresh: list[Prepared] = field(default_factory=list)
    replaced: dict[int, Prepared] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    already: int = 0


def settle(
    session: Session,
    reading: Reading,
    parsed: Sequence[Parsed],
    *,
    mode: str,
    batch_id: int | None = None,
) -> Settled:
    """Sort rows by what is stored under their ids; ``batch_id`` is the import that they belong to.

    A file may hold responses that were erased since, by the id of our own export or by the agency's:
    they do not come back, except those that went with their whole import.
    Two rows of one file with one id and other answers: the later one is refused, whatever the mode.
    Of an anonymous survey nothing is compared: whoever knows an id could find out its answers.
    """
    survey = reading.survey
    if survey.is_anonymous:
        return Settled(fresh=[prepared for _, prepared in parsed])
    known = _known(session.connection(), survey.id, [prepared for _, prepared in parsed])
    own_ids = [prepared.external_id or "" for _, prepared in parsed]
    unwanted = erased_among(session, survey, own_ids, secret_key=reading.secret_key)
    erased = _erased(session, [prepared for _, prepared in parsed])
    items, found = list(reading.columns.items.values()), Settled()
    seen: dict[str, Parsed] = {}
    for row, prepared in parsed:
        own = prepared.external_id or ""
        first = seen.setdefault(own, (row, prepared))
        if first[0] is not row:
            other: Mapping[str, Mapping[str, Any]] = first[1].answers
            with_row: int | None = first[0].number
        elif own in known:
            other, with_row = known[own].answers, None
        elif prepared.public_id in erased or own in unwanted:
            found.refused.append(reading.refused_whole(row, own, _ERASED, _CURES[_ERASED]))
            continue
        else:
            found.fresh.append(prepared)
            continue
        differences = _differences(items, other, prepared.answers)
        if not differences:
            found.already += 1
            continue
        of_this_file = with_row is not None or known[own].batch_id == batch_id is not None
        found.conflicts.append(Conflict(row.number, reading.place(row), own, differences, with_row))
        if of_this_file or mode == REFUSE:
            reason = _OTHER_ROW if of_this_file else _STORED
            found.refused.append(reading.refused_whole(row, own, reason, _CURES[reason]))
        elif mode == KEEP:
            found.already += 1
        else:
            found.replaced[known[own].number] = prepared
    return found


def refuse_conflicts(store: Store, reading: Reading, table: DataTable) -> None:
    """Raise Invalid for a file with rows that have the ids of stored responses and other answers.

    Only rows with such an id are read whole.
    """
    survey = reading.survey
    if survey.is_anonymous or EXTERNAL_ID not in reading.columns.about:
        return
    with store.reading() as session:
        any_id = select(_RESPONSES.c.id).where(_RESPONSES.c.survey_id == survey.id).limit(1)
        if session.scalar(any_id) is None:
            return
    count, first = 0, None
    for rows in _some(table):
        named = [(row, own) for row in rows if (own := reading.own_id(row))]
        with store.reading() as session:
            there = stored_ids(session.connection(), survey.id, [own for _, own in named])
            parsed = [
                (row, result)
                for row, own in named
                if own in there and isinstance(result := reading.read(row), Prepared)
            ]
            met = settle(session, reading, parsed, mode=KEEP).conflicts
        stored = [each for each in met if each.with_row is None]
        first = first or next(iter(stored), None)
        count += len(stored)
    if first is not None:
        raise Invalid(_question(count, first), field="conflicts")


def _question(count: int, first: Conflict) -> str:
    told = "; ".join(
        f"{each.item} is {_said(each.stored)}, in the file {_said(each.in_file)}"
        for each in first.differences[:3]
    )
    rows = "1 row has the id" if count == 1 else f"{count:,} rows have the ids"
    return (
        f"{rows} of stored responses and other answers. {first.place} ({first.id}): {told}. Choose what"
        " to do: keep the stored answers (--conflicts keep), or replace them as a correction"
        " (--conflicts replace)."
    )


def _said(value: Any) -> str:
    return "not answered" if value is None else str(value)[:60]


def _some(table: DataTable) -> Iterator[list[Row]]:
    source = (row for row in table.rows if not row.fault)
    while some := list(islice(source, _AT_ONCE)):
        yield some


def _differences(
    items: Sequence[Item],
    stored: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, Mapping[str, Any]],
) -> tuple[Difference, ...]:
    """The items among the file's columns that are answered otherwise."""
    pairs = (
        (item, stored.get(code, {}).get(item), given.get(code, {}).get(item))
        for code, item in items
    )
    return tuple(Difference(*each) for each in pairs if each[1] != each[2])


def _known(
    connection: Connection, survey_id: int, prepared: Sequence[Prepared]
) -> dict[str, _Known]:
    """What is stored under the ids of these responses, by the id that the file has."""
    own = _RESPONSES.c
    query = select(own.id, own.external_id, own.public_id, own.answers, own.import_batch_id)
    found: dict[str, _Known] = {}
    for column, ids in (
        (own.external_id, [each.external_id for each in prepared]),
        (own.public_id, [each.public_id for each in prepared]),
    ):
        wanted = [each for each in ids if each]
        here = query.where(own.survey_id == survey_id, column.in_(wanted))
        for row in connection.execute(here) if wanted else ():
            known = _Known(row.id, row.answers, row.import_batch_id)
            found |= {name: known for name in (row.external_id, str(row.public_id)) if name}
    return found


def _erased(session: Session, prepared: Sequence[Prepared]) -> set[str | None]:
    """The public ids among these of responses that somebody wanted gone, of whatever survey."""
    wanted = [each.public_id for each in prepared if each.public_id]
    if not wanted:
        return set()
    named = (Erasure.response_id.in_(wanted), Erasure.reason != Reason.IMPORT)
    return {str(each) for each in session.scalars(select(Erasure.response_id).where(*named))}


def stored_ids(connection: Connection, survey_id: int, ids: Sequence[str]) -> set[str]:
    """Those of these ids under which the survey has a response."""
    own = _RESPONSES.c
    found: set[str] = set()
    for column, wanted in (
        (own.external_id, ids),
        (own.public_id, [each for each in ids if UUID.fullmatch(each)]),
    ):
        here = select(column).where(own.survey_id == survey_id, column.in_(wanted))
        found |= {str(each) for each in connection.scalars(here)} if wanted else set()
    return found


def corrections_of(session: Session, reading: Reading, settled: Settled) -> list[Correction]:
    """The stored answers, held, with those of the file in the place of theirs."""
    wanted = settled.replaced
    if not wanted:
        return []
    items = list(reading.columns.items.values())
    rows = hold(session.connection(), reading.survey.id, list(wanted))
    given = [_merged(row.answers, wanted[row.id].answers, items) for row in rows]
    scores = scores_of_all(reading.survey, given, reading.library)
    asked = open_items(reading.survey, reading.library)
    return [
        Correction(
            *(row, answers, own, row.paradata),
            texts_of(asked, answers),
            wanted[row.id].originals,
        )
        for row, answers, own in zip(rows, given, scores, strict=True)
    ]


def _merged(
    stored: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, Mapping[str, Any]],
    items: Sequence[Item],
) -> dict[str, dict[str, Any]]:
    merged = {code: dict(answers) for code, answers in stored.items()}
    for code, item in items:
        merged.setdefault(code, {}).pop(item, None)
        if item in given.get(code, {}):
            merged[code][item] = given[code][item]
    return merged


def allowed_mode(survey: Survey, mode: str) -> str:
    """The mode, KEEP in an anonymous survey, whose answers are never compared.

    Raises Invalid where REPLACE was asked for there.
    """
    if survey.is_anonymous and mode == REPLACE:
        raise Invalid(
            "Answers of an anonymous survey are never corrected, as nobody may find out whose they are."
            " Remove the earlier import as a whole, then import the file.",
            field="conflicts",
        )
    return KEEP if survey.is_anonymous else mode
