"""Responses as a table, streamed: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.exports.chosen import Chosen, ChosenQuery, chosen_surveys
from surveyapp.exports.csv_table import counted
from surveyapp.exports.questions import Question, questions
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.store.models import Response, Score, Touchpoint
from surveyapp.surveys.survey import Survey

_ABOUT = (
    Variable("response", "Number of the response, never given twice", Kind.INTEGER),
    Variable("response_id", "ID of the response, as in the API and webhooks", Kind.TEXT),
    Variable("journey", "Code of the journey", Kind.TEXT),
    Variable("stage", "Code of the stage; empty at the journey's end", Kind.TEXT),
    Variable("touchpoint", "Code of the touchpoint; empty at the journey's end", Kind.TEXT),
    Variable("channel", "Channel of the touchpoint", Kind.TEXT),
    Variable("survey", "Code of the survey", Kind.TEXT),
    Variable("source", "Link, invitation, import or simulation", Kind.TEXT),
    Variable("way", "Embed or kiosk; empty for the survey's page", Kind.TEXT),
    Variable("language", "Language of the page", Kind.TEXT),
    Variable("wording", "Wording of each instrument", Kind.TEXT),
    Variable("consent_version", "Version of the consent text", Kind.TEXT),
    Variable("started_at", "When the page was opened (UTC)", Kind.MOMENT, Measure.SCALE),
    Variable("submitted_at", "When the answers were sent (UTC)", Kind.MOMENT, Measure.SCALE),
    Variable(
        "corrected_at", "When the customer last changed them (UTC)", Kind.MOMENT, Measure.SCALE
    ),
    Variable("seconds", "Seconds from opening to sending", Kind.INTEGER, Measure.SCALE),
    Variable("attention", "Attention check: passed or failed", Kind.TEXT),
    Variable(
        "preselected", "Item answered by a click in a message, and whether confirmed", Kind.TEXT
    ),
    Variable("not_applicable", "Items answered with 'not applicable'", Kind.TEXT),
    Variable("import", "Number of the import that it came in by", Kind.INTEGER),
)
_CUSTOMER = (
    Variable("customer", "Pseudonym of the customer", Kind.TEXT),
    Variable("run", "Number of the customer's passage through the journey", Kind.INTEGER),
    Variable("run_started_at", "When that passage began (UTC)", Kind.MOMENT, Measure.SCALE),
)
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


@dataclass(frozen=True)
class _Row:
    """How a response becomes a row."""

    places: Mapping[int, tuple[str, ...]]
    customers: bool
    attributes: Mapping[str, Kind]
    questions: Sequence[Question]
    scales: Sequence[str]

    def variables(self) -> list[Variable]:
        return [
            *_ABOUT,
            *(_CUSTOMER if self.customers else ()),
            *(
                Variable(
                    f"attribute.{name}",
                    name,
                    kind,
                    Measure.NOMINAL if kind is Kind.TEXT else Measure.SCALE,
                )
                for name, kind in self.attributes.items()
            ),
            *(variable for question in self.questions for variable in question.variables),
            *(
                Variable(f"score.{scale}", f"Score of {scale}", Kind.NUMBER, Measure.SCALE)
                for scale in self.scales
            ),
        ]

    def cells(self, found: Row[Any], scores: Mapping[tuple[int, str], float]) -> list[Cell]:
        paradata = found.paradata
        refused = frozenset(paradata.get("not_applicable", ()))
        attributes, number = found.attributes, found.id
        run = (found.customer_ref, found.journey_run_id, found.run_started)
        return [
            *(number, found.public_id, *self.places[found.survey_id]),
            *(found.source, paradata.get("way"), found.language),
            "; ".join(f"{code}:{id}" for code, id in sorted(found.wordings.items())),
            found.consent_version,
            *(found.started_at, found.submitted_at, found.corrected_at),
            _seconds(found.started_at, found.submitted_at),
            paradata.get("attention"),
            _preselected(paradata.get("preselected")),
            "; ".join(sorted(refused)) or None,
            found.import_batch_id,
            *(run if self.customers else ()),
            *[_told(attributes.get(name), kind) for name, kind in self.attributes.items()],
            *[
                cell
                for question in self.questions
                for cell in question.cells(found.answers, refused)
            ],
            *[scores.get((number, scale)) for scale in self.scales],
        ]


def responses_table(session: Session, wanted: Chosen, *, library: Library) -> Table:
    """The journey's responses, one a row, oldest first, and how many there are.

    Columns: what identifies the response and how it was given, ``customers`` adds the pseudonym and
    the passage through the journey that join answers of one customer; ``attribute.<name>``,
    ``<instrument>.<item>``, of a multiple choice also ``<instrument>.<item>.<choice>``,
    ``score.<scale>``. An item that does not apply holds NOT_APPLICABLE. The
    columns must stand before the first row does, so the rows are read twice: ``session`` reads one
    snapshot.
    Reading the rows raises Truncated when they end before the last one.
    """
    surveys = chosen_surveys(session, wanted)
    ids = [each.id for each in surveys]
    chosen = ChosenQuery.of(session, wanted, ids)
    count, kinds = _attributes(session, chosen)
    row = _Row(
        _places(session, surveys),
        wanted.customers,
        {name: kinds[name] for name in sorted(kinds)},
        questions(surveys, library),
        _scales(session, ids),
    )
    return Table(row.variables(), count, counted(_cells(session, chosen, row), count))


def answers_table(session: Session, wanted: Chosen, *, library: Library) -> Table:
    """The same responses with one answer a row, for programs that want data in long form.

    Of several choices each is a row. ``number`` holds points and yes or no, ``text`` the rest,
    ``missing`` says of an item that it did not apply. Attributes and scores are in the other form,
    joined by ``response``.
    """
    surveys = chosen_surveys(session, wanted)
    asked = questions(surveys, library)
    chosen = ChosenQuery.of(session, wanted, [each.id for each in surveys])
    count = sum(len(_long(found, asked)) for found in chosen.rows(session))
    places = {row.id: row.code for row in surveys}

    def rows() -> Iterator[list[Cell]]:
        for found in chosen.rows(session):
            run = (found.customer_ref, found.journey_run_id) if wanted.customers else ()
            about = (found.id, found.public_id, *run, places[found.survey_id], found.submitted_at)
            for cells in _long(found, asked):
                yield [*about, found.language, *cells]

    by_name = {variable.name: variable for variable in (*_ABOUT, *_CUSTOMER)}
    run = ("customer", "run") if wanted.customers else ()
    about = ("response", "response_id", *run, "survey", "submitted_at", "language")
    return Table([*(by_name[name] for name in about), *_ANSWER], count, counted(rows(), count))


def _long(found: Row[Any], asked: Sequence[Question]) -> list[tuple[Cell, ...]]:
    """Instrument, item, number, text and missing of each answer that a response holds."""
    refused = frozenset(found.paradata.get("not_applicable", ()))
    cells: list[tuple[Cell, ...]] = []
    for question in asked:
        own = (question.instrument, question.item)
        value: Any = found.answers.get(question.instrument, {}).get(question.item)
        if isinstance(value, list):
            cells += [(*own, None, each, None) for each in value]
        elif isinstance(value, str):
            cells.append((*own, None, value, None))
        elif value is not None:
            cells.append((*own, value, None, None))
        elif question.sent in refused:
            cells.append((*own, None, None, "not applicable"))
    return cells


def _cells(session: Session, chosen: ChosenQuery, row: _Row) -> Iterator[list[Cell]]:
    for batch in chosen.batches(session):
        scores = _scores(session, [response.id for response in batch])
        for response in batch:
            yield row.cells(response, scores)


def _attributes(session: Session, chosen: ChosenQuery) -> tuple[int, dict[str, Kind]]:
    """How many responses there are, and of all their attributes the name and what they hold."""
    found: dict[str, Kind] = {}
    count = 0
    for attributes in chosen.attributes(session):
        count += 1
        for name, value in attributes.items():
            kind = _kind(value)
            if kind is not None and found.get(name) is not Kind.TEXT:
                found[name] = kind if found.get(name, kind) is kind else _common(kind, found[name])
    return count, found


def _kind(value: object) -> Kind | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Kind.TEXT
    return Kind.INTEGER if isinstance(value, int) and abs(value) < 2**31 else Kind.NUMBER


def _common(one: Kind, other: Kind) -> Kind:
    return Kind.TEXT if Kind.TEXT in (one, other) else Kind.NUMBER


def _scales(session: Session, survey_ids: Sequence[int]) -> list[str]:
    query = (
        select(Score.scale)
        .join(Response, Response.id == Score.response_id)
        .where(Response.survey_id.in_(survey_ids))
        .distinct()
    )
    return sorted(session.scalars(query))


def _scores(session: Session, response_ids: Sequence[int]) -> dict[tuple[int, str], float]:
    query = select(Score.response_id, Score.scale, Score.value)
    rows = session.execute(query.where(Score.response_id.in_(response_ids)))
    return {(row[0], row[1]): row[2] for row in rows}


def _seconds(began: datetime | None, sent: datetime) -> int | None:
    return None if began is None else max(0, round((sent - began).total_seconds()))


def _preselected(found: Mapping[str, Any] | None) -> str | None:
    if not found:
        return None
    return f"{found.get('item')}: {'changed' if found.get('changed') else 'confirmed'}"


def _told(value: Any, kind: Kind) -> Cell:
    """An attribute as its column holds it: where some are texts, all are."""
    if value is None or kind is not Kind.TEXT or isinstance(value, str):
        return value  # type: ignore[no-any-return]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
