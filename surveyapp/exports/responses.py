"""Responses as a table, streamed: memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from instruments.schema import Instrument, Item, ItemKind, Wording
from surveyapp.exports.csv_table import counted
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Measure, Variable
from surveyapp.journeys.queries import segment
from surveyapp.journeys.segments import Rule, parse
from surveyapp.results.scope import Scope
from surveyapp.store.models import JourneyRun, Response, Score, Touchpoint
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

_BATCH = 1000
NOT_APPLICABLE = -97  # where a file has values for "no answer"; no scale has points below 0
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
# Columns instead of entities: nothing is kept in the session, and a batch costs a third.
_READ = (
    *(Response.id, Response.public_id, Response.survey_id, Response.source, Response.language),
    *(Response.wordings, Response.consent_version, Response.started_at, Response.submitted_at),
    *(Response.corrected_at, Response.paradata, Response.attributes, Response.answers),
    *(Response.journey_run_id, JourneyRun.customer_ref, JourneyRun.started_at.label("run_started")),
)


@dataclass(frozen=True)
class Question:
    """An item as its survey asks it: ``worded`` has the wordings that the survey reads.

    ``sent`` is the item's name among the answers of a page.
    """

    worded: Instrument
    item: str
    sent: str
    variable: Variable
    filled: Mapping[str, str]  # what stands for {provider} and {touchpoint}

    @property
    def instrument(self) -> str:
        return self.worded.code

    @classmethod
    def of(
        cls, worded: Instrument, item: Item, language: str, filled: Mapping[str, str]
    ) -> Question:
        name, sent = f"{worded.code}.{item.code}", f"{worded.code}-{item.code}"
        wording = worded.wording(language)
        label = filled_in(wording.items.get(item.code, ""), filled)
        return cls(worded, item.code, sent, _variable(name, label, item, wording), filled)

    def answer(self, answers: Mapping[str, Mapping[str, Any]], refused: frozenset[str]) -> Cell:
        value: Any = answers.get(self.instrument, {}).get(self.item)
        if isinstance(value, list):
            return "; ".join(value)
        if value is None and self.variable.missing and self.sent in refused:
            return NOT_APPLICABLE
        answer: Cell = value
        return answer


def filled_in(text: str, filled: Mapping[str, str]) -> str:
    """The text with the names that its survey shows in it."""
    for name, value in filled.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _variable(name: str, label: str, item: Item, wording: Wording) -> Variable:
    if item.kind in {ItemKind.OPEN_TEXT, ItemKind.MULTIPLE_CHOICE}:
        return Variable(name, label, Kind.TEXT)
    missing = {NOT_APPLICABLE: "Not applicable"}
    choices = wording.choices.get(item.code, {})
    if item.scale is not None:
        labels: dict[Any, str] = {**wording.labels.get(item.scale.code, {})}
        return Variable(name, label, Kind.INTEGER, Measure.ORDINAL, labels, missing)
    if item.kind is ItemKind.YES_NO:
        labels = {int(code): choices.get(code, ("No", "Yes")[int(code)]) for code in item.choices}
        return Variable(name, label, Kind.INTEGER, Measure.NOMINAL, labels, missing)
    return Variable(name, label, Kind.TEXT, Measure.NOMINAL, {**choices})


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
            *(question.variable for question in self.questions),
            *(
                Variable(f"score.{scale}", f"Score of {scale}", Kind.NUMBER, Measure.SCALE)
                for scale in self.scales
            ),
        ]

    def cells(self, found: Row[Any], scores: Mapping[tuple[int, str], float]) -> list[Cell]:
        paradata = found.paradata
        refused = frozenset(paradata.get("not_applicable", ()))
        run = (found.customer_ref, found.journey_run_id, found.run_started)
        return [
            *(found.id, found.public_id, *self.places[found.survey_id]),
            *(found.source, paradata.get("way"), found.language),
            "; ".join(f"{code}:{id}" for code, id in sorted(found.wordings.items())),
            found.consent_version,
            *(found.started_at, found.submitted_at, found.corrected_at),
            _seconds(found.started_at, found.submitted_at),
            paradata.get("attention"),
            _preselected(paradata.get("preselected")),
            "; ".join(sorted(refused)) or None,
            *(run if self.customers else ()),
            *(_told(found.attributes.get(name), kind) for name, kind in self.attributes.items()),
            *(question.answer(found.answers, refused) for question in self.questions),
            *(scores.get((found.id, scale)) for scale in self.scales),
        ]


@dataclass(frozen=True)
class Chosen:
    """Which responses: the scope's, of one survey where it is named; with what joins a customer's."""

    scope: Scope
    survey_id: int | None = None
    customers: bool = False

    def rule(self, session: Session) -> Rule | None:
        """The segment's rule; None for everybody. Raises NotFound for an unknown segment."""
        if self.scope.of_everybody:
            return None
        return parse(segment(session, self.scope.segment_id).rule)


def responses_table(session: Session, wanted: Chosen, *, library: Library) -> Table:
    """The journey's responses, one a row, oldest first, and how many there are.

    Columns: what identifies the response and how it was given, ``customers`` adds the pseudonym and
    the passage through the journey that join answers of one customer; ``attribute.<name>``,
    ``<instrument>.<item>``, ``score.<scale>``. An item that does not apply holds NOT_APPLICABLE. The
    columns must stand before the first row does, so the rows are read twice: ``session`` reads one
    snapshot.
    Reading the rows raises Truncated when they end before the last one.
    """
    surveys = chosen_surveys(session, wanted)
    ids = [each.id for each in surveys]
    chosen = _Query.of(session, wanted, ids)
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
    chosen = _Query.of(session, wanted, [each.id for each in surveys])
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


def _cells(session: Session, chosen: _Query, row: _Row) -> Iterator[list[Cell]]:
    for batch in chosen.batches(session):
        scores = _scores(session, [response.id for response in batch])
        for response in batch:
            yield row.cells(response, scores)


def chosen_surveys(session: Session, wanted: Chosen) -> list[Survey]:
    """The surveys whose responses are chosen."""
    every = surveys_of(session, wanted.scope.journey_id)
    return [each for each in every if wanted.survey_id in (None, each.id)]


@dataclass(frozen=True)
class _Query:
    """The chosen responses, oldest first: rows of ``select`` that obey the segment's rule."""

    select: Select[Any]
    rule: Rule | None

    @classmethod
    def of(cls, session: Session, wanted: Chosen, survey_ids: Sequence[int]) -> _Query:
        query = (
            select(*_READ)
            .outerjoin(JourneyRun, JourneyRun.id == Response.journey_run_id)
            .where(Response.survey_id.in_(survey_ids))
        )
        when = wanted.scope.period
        if when.begin is not None:
            query = query.where(Response.submitted_at >= when.begin)
        if when.end is not None:
            query = query.where(Response.submitted_at < when.end)
        return cls(query.order_by(Response.id), wanted.rule(session))

    def batches(self, session: Session) -> Iterator[list[Row[Any]]]:
        with session.execute(self.select.execution_options(yield_per=_BATCH)) as found:
            for batch in found.partitions():
                yield [each for each in batch if self._holds(each.attributes)]

    def rows(self, session: Session) -> Iterator[Row[Any]]:
        for batch in self.batches(session):
            yield from batch

    def attributes(self, session: Session) -> Iterator[Mapping[str, Any]]:
        """What is known of whoever gave each response; nothing else of it is read."""
        query = self.select.with_only_columns(Response.attributes, maintain_column_froms=True)
        query = query.order_by(None).execution_options(yield_per=_BATCH)
        return (each for each in session.scalars(query) if self._holds(each))

    def _holds(self, attributes: Mapping[str, Any]) -> bool:
        return self.rule is None or self.rule.matches(attributes)


def questions(surveys: Sequence[Survey], library: Library) -> list[Question]:
    """Everything asked, in the order of the questionnaires; worded as the first survey that asks it.

    A question that is asked at several touchpoints keeps the place of their names.
    """
    at: dict[str, set[str]] = {}
    for survey in surveys:
        for ask in survey.asks:
            at.setdefault(ask.instrument, set()).add(survey.touchpoint)
    found: dict[str, Question] = {}
    for survey in surveys:
        for instrument, key in survey.asked(library):
            places = at[instrument.code]
            filled = {"provider": survey.provider}
            filled |= {"touchpoint": survey.touchpoint} if len(places) == 1 else {}
            for item in instrument.asked(key):
                question = Question.of(instrument, item, survey.language, filled)
                found.setdefault(question.sent, question)
    return list(found.values())


def _attributes(session: Session, chosen: _Query) -> tuple[int, dict[str, Kind]]:
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
