"""Responses as a table, streamed: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.exports.chosen import (
    Chosen,
    ChosenResponses,
    FlagReader,
    ScoreReader,
    chosen_surveys,
)
from surveyapp.exports.columns import (
    ABOUT,
    CUSTOMER,
    Batch,
    Column,
    answer_columns,
    attribute_column,
    careless_columns,
    score_column,
)
from surveyapp.exports.comment_codes import code_columns
from surveyapp.exports.csv_table import counted
from surveyapp.exports.questions import Question, questions
from surveyapp.exports.table import BlockRows, Table
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.exports.weights import check_weights, weight_column
from surveyapp.results.cells import RESPONSES, sums
from surveyapp.results.facets import WITH_FLAGGED
from surveyapp.store.models import EVERYBODY, CarelessFlag, Response, Touchpoint
from surveyapp.surveys.survey import Survey

_ANSWER = (
    Variable("instrument", "Code of the instrument", Kind.TEXT),
    Variable("item", "Code of the item", Kind.TEXT),
    Variable("number", "The answer, where it is a number", Kind.INTEGER, Measure.ORDINAL),
    Variable("text", "The answer, where it is a choice or a text", Kind.TEXT),
    Variable("missing", "Why there is no answer", Kind.TEXT),
)


def _places(session: Session, surveys: Sequence[Survey]) -> dict[int, tuple[str, ...]]:
    """Where each survey asks: codes of journey, stage and touchpoint, channel, the survey's own code."""
    numbers = [each.touchpoint_id for each in surveys if each.touchpoint_id is not None]
    query = select(Touchpoint.id, Touchpoint.channel).where(Touchpoint.id.in_(numbers))
    channels = {number: channel for number, channel in session.execute(query)}  # noqa: C416 - rows
    return {
        each.id: (
            *(each.journey_code, each.stage_code or "", each.touchpoint_code or ""),
            *(channels.get(each.touchpoint_id or 0, ""), each.code),
        )
        for each in surveys
    }


def responses_table(session: Session, wanted: Chosen, *, library: Library) -> Table:
    """The journey's responses, one a row, oldest first, and how many there are.

    Columns: what identifies the response and how it was given, ``customers`` adds the pseudonym and
    the passage through the journey that join answers of one customer; ``attribute.<name>``,
    ``<instrument>.<item>``, of a multiple choice also ``<instrument>.<item>.<choice>``,
    ``codes.<instrument>.<item>`` where comments are coded, ``score.<scale>``, ``weight`` where the scope is weighted; where validations flag careless answers ``careless.<instrument>.<sign>``, and
    ``.validation`` with the number of the newest one. An item that does not apply holds NOT_APPLICABLE. The columns must stand before
    the first row does, so the database is asked several times: ``session`` reads one snapshot.
    Reading the rows raises Truncated when they end before the last one.
    """
    surveys = chosen_surveys(session, wanted)
    ids = [each.id for each in surveys]
    chosen = ChosenResponses.of(session, wanted, ids)
    columns = [
        *ABOUT,
        *(CUSTOMER if wanted.customers else ()),
        *(attribute_column(name, kind) for name, kind in chosen.kinds.items()),
        *(
            column
            for question in questions(surveys, library)
            for column in answer_columns(question)
        ),
        *code_columns(session, surveys, library),
        *(score_column(scale) for scale in _scales(session, ids)),
    ]
    if wanted.scope.weighted:
        columns.append(weight_column(session, wanted, surveys))
    flagged = _flagged(session, ids) if wanted.careless else []
    columns += [column for code in flagged for column in careless_columns(code)]
    blocks = _blocks(session, chosen, columns, _places(session, surveys), are_flagged=bool(flagged))
    rows = BlockRows(blocks, chosen.count)
    return Table([each.variable for each in columns], chosen.count, rows)


def _blocks(
    session: Session,
    chosen: ChosenResponses,
    columns: Sequence[Column],
    places: Mapping[int, tuple[str, ...]],
    *,
    are_flagged: bool,
) -> Iterator[Sequence[Sequence[Cell]]]:
    scores, flags = ScoreReader(session), FlagReader(session)
    for stored in chosen.batches(session):
        numbers = stored["id"]
        flagged = flags.of(numbers) if are_flagged else {}
        batch = Batch(stored, places, scores.of(numbers), flagged)
        yield [column.cells(batch) for column in columns]


def answers_table(session: Session, wanted: Chosen, *, library: Library) -> Table:
    """The same responses with one answer a row, for programs that want data in long form.

    Of several choices each is a row. ``number`` holds points and yes or no, ``text`` the rest,
    ``missing`` says of an item that it did not apply. Attributes and scores are in the other form,
    joined by ``response``.
    """
    check_weights(session, wanted, long=True)
    surveys = chosen_surveys(session, wanted)
    asked = questions(surveys, library)
    chosen = ChosenResponses.of(session, wanted, [each.id for each in surveys])
    run = ("customer", "run") if wanted.customers else ()
    about = ("response", "response_id", *run, "survey", "submitted_at", "language")
    columns = [each for each in (*ABOUT, *CUSTOMER) if each.variable.name in about]
    columns.sort(key=lambda each: about.index(each.variable.name))
    places = _places(session, surveys)
    count = sum(
        len(_long(answers, paradata, asked))
        for stored in chosen.batches(session)
        for answers, paradata in zip(stored["answers"], stored["paradata"], strict=True)
    )

    def rows() -> Iterator[list[Cell]]:
        for stored in chosen.batches(session):
            batch = Batch(stored, places, {}, {})
            own = zip(*(column.cells(batch) for column in columns), strict=True)
            given = zip(own, stored["answers"], stored["paradata"], strict=True)
            for cells, answers, paradata in given:
                for answer in _long(answers, paradata, asked):
                    yield [*cells, *answer]

    variables = [*(each.variable for each in columns), *_ANSWER]
    return Table(variables, count, counted(rows(), count))


def _long(
    answers: Mapping[str, Mapping[str, Any]],
    paradata: Mapping[str, Any],
    asked: Sequence[Question],
) -> list[tuple[Cell, ...]]:
    """Instrument, item, number, text and missing of each answer that a response holds."""
    refused = frozenset(paradata.get("not_applicable", ()))
    cells: list[tuple[Cell, ...]] = []
    for question in asked:
        own = (question.instrument, question.item)
        value: Any = answers.get(question.instrument, {}).get(question.item)
        if isinstance(value, list):
            cells += [(*own, None, each, None) for each in value]
        elif isinstance(value, str):
            cells.append((*own, None, value, None))
        elif value is not None:
            cells.append((*own, value, None, None))
        elif question.sent in refused:
            cells.append((*own, None, None, "not applicable"))
    return cells


def _flagged(session: Session, survey_ids: Sequence[int]) -> list[str]:
    """The questionnaires for which validations have flagged, or not flagged, responses."""
    query = (
        select(CarelessFlag.instrument)
        .join(Response, Response.id == CarelessFlag.response_id)
        .where(Response.survey_id.in_(survey_ids))
        .distinct()
    )
    return sorted(session.scalars(query))


def _scales(session: Session, survey_ids: Sequence[int]) -> list[str]:
    """The scales of which there are scores, by the rollups: looking at each score takes minutes of many."""
    counted = sums(session, survey_ids, [EVERYBODY], facets=WITH_FLAGGED)[EVERYBODY]
    return sorted({scale for (_, scale), own in counted.items() if own.n and scale != RESPONSES})
