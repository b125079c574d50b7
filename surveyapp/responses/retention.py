"""The duty that lets old answers go, each night, some in a transaction.

Of an anonymous survey answers of one day that have source, channel, language and attributes in common go
together, as they came: a figure that is published moves by a minimum cell of answers or by none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.orm import Session

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses.anonymising import anonymise_all
from surveyapp.responses.counting import countings
from surveyapp.responses.erasures import Reason, Removal, erase_all
from surveyapp.responses.release import WAY
from surveyapp.responses.retention_rules import NOTICE, KeepRule, Method, keep_rule, to_go
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Case,
    HeldResponse,
    Response,
    RetentionRound,
    RetentionRule,
)
from surveyapp.surveys import queries
from surveyapp.surveys.survey import Survey

AT_ONCE = 50  # responses that one transaction takes: customers who answer meanwhile wait for it
NIGHT = timedelta(hours=2)  # after midnight by the journey's clock
# Of one round, after which another goes on: a month of millions takes hours, and a duty that is at one round
# for a quarter of an hour counts as stuck.
ROUND_SECONDS = 300.0


@dataclass(frozen=True)
class Night:
    """A night in which one survey's rule is carried out; answers before ``before`` go."""

    survey: Survey
    rule: KeepRule
    day: date
    before: date
    moment: datetime  # the first one that is kept


def carry_out(installation: Installation, now: datetime) -> int:
    """Let go what each survey's rule says, once a night, for ROUND_SECONDS at most; how many answers went."""
    over, gone = monotonic() + ROUND_SECONDS, 0
    for night in _nights(installation, now):
        gone += _carry_out(installation, night, now, over)
        if monotonic() >= over:
            break
    return gone


def _nights(installation: Installation, now: datetime) -> list[Night]:
    """The rules that were announced long enough ago and have not been looked at this night."""
    with installation.store.reading() as session:
        rows = session.scalars(
            select(RetentionRule)
            .where(RetentionRule.announced_at <= now - NOTICE)
            .order_by(RetentionRule.survey_id)
        ).all()
        surveys = queries.surveys(session, [row.survey_id for row in rows])
        calendars = {key: each.calendar for key, each in countings(session.connection()).items()}
        found = [
            (row, _night(surveys[row.survey_id], keep_rule(row), calendars, now)) for row in rows
        ]
        return [night for row, night in found if row.done_on is None or row.done_on < night.day]


def _night(survey: Survey, rule: KeepRule, calendars: dict[int, Calendar], now: datetime) -> Night:
    calendar = calendars[survey.journey_id]
    day = calendar.day(now - NIGHT)
    before = rule.before(day)
    return Night(survey, rule, day, before, calendar.begin(before, anonymous=survey.is_anonymous))


def _carry_out(installation: Installation, night: Night, now: datetime, over: float) -> int:
    """Of one survey, until the clock of ``monotonic`` says ``over``; it is finished where nothing is left."""
    store, gone = installation.store, 0
    for numbers in _parts(installation, night):
        with store.writing() as session:
            if not _stands(session, night):
                return gone
            gone += _let_go(session, installation, night, numbers, now)
        if monotonic() >= over:
            return gone
        store.give_way()
    with store.writing() as session:
        if _stands(session, night):
            _finish(session, night, now)
    return gone


def _stands(session: Session, night: Night) -> bool:
    """Whether the survey still has this rule, held until the transaction's end: what somebody has just
    changed is not carried out as it was.
    """
    row = session.get(RetentionRule, night.survey.id, with_for_update=True, populate_existing=True)
    return row is not None and row.announced_at is not None and keep_rule(row) == night.rule


def _parts(installation: Installation, night: Night) -> Iterator[Sequence[int]]:
    """The numbers of the responses that go, in the parts that go together."""
    if night.survey.is_anonymous:
        yield from _parts_of_days(installation, night)
        return
    own = [*to_go(night.survey, night.rule), Response.submitted_at < night.moment]
    columns = (Response.submitted_at, Response.id)
    query = select(*columns).where(*own).order_by(*columns).limit(AT_ONCE)
    # Each part is looked for behind the one before: from the first answer on, all that have been anonymised
    # in years would be read for it.
    last: tuple[datetime, int] | None = None
    while True:
        behind = query if last is None else query.where(tuple_(*columns) > last)
        with installation.store.reading() as session:
            rows = session.execute(behind).all()
        if rows:
            yield [number for _, number in rows]
        elif last is None:
            return
        last = (rows[-1].submitted_at, rows[-1].id) if rows else None


def _parts_of_days(installation: Installation, night: Night) -> Iterator[Sequence[int]]:
    own = [*to_go(night.survey, night.rule), Response.submitted_at < night.moment]
    last: datetime | None = None
    while True:
        behind = own if last is None else [*own, Response.submitted_at > last]
        with installation.store.reading() as session:
            day = session.scalar(select(func.min(Response.submitted_at)).where(*behind))
            if day is None and last is None:
                return
            last = day
            columns = (Response.id, Response.source, Response.language)
            rows = session.execute(
                select(*columns, Response.paradata, Response.attributes).where(
                    *own, Response.submitted_at == day
                )
            ).all()
        groups: dict[str, list[int]] = {}
        for number, source, language, paradata, attributes in rows:
            alike = json.dumps([source, language, paradata.get(WAY), attributes], sort_keys=True)
            groups.setdefault(alike, []).append(number)
        yield from parted(list(groups.values()), installation.settings.minimum_cell)


def parted(groups: Sequence[Sequence[int]], minimum: int) -> list[list[int]]:
    """Groups in parts of AT_ONCE or a few more, none of which holds fewer than ``minimum`` of a group.

    Groups that are smaller than that, as earlier editions left some, go together.

    >>> parted([[1, 2], [3, 4, 5, 6, 7]], 5)
    [[1, 2, 3, 4, 5, 6, 7]]
    """
    most = max(AT_ONCE, minimum)
    parts: list[list[int]] = [[]]
    for group in sorted(groups, key=len):
        left = list(group)
        while left:
            taken = left if len(left) - most < minimum else left[:most]
            left = left[len(taken) :]
            if len(parts[-1]) >= most and len(taken) >= minimum:
                parts.append([])
            parts[-1] += taken
    if len(parts) > 1 and len(parts[-1]) < minimum:
        parts[-2] += parts.pop()
    return [part for part in parts if part]


def _let_go(
    session: Session,
    installation: Installation,
    night: Night,
    numbers: Sequence[int],
    now: datetime,
) -> int:
    cases = session.scalar(select(func.count()).where(Case.response_id.in_(numbers))) or 0
    if night.rule.method is Method.ANONYMISE:
        gone = anonymise_all(*(session, night.survey, numbers), installation=installation, now=now)
    else:
        removal = Removal(Reason.RETENTION, None)
        gone = erase_all(
            *(session, night.survey, numbers),
            now=now,
            secret_key=installation.secret_key,
            removal=removal,
        )
    receipt = _receipt(session, night)
    receipt.responses += gone
    receipt.cases += cases
    return gone


def _finish(session: Session, night: Night, now: datetime) -> None:
    """Note that the night is over, and in the audit log what went in it and in nights before that were not
    enough, if anything did.
    """
    waiting = _drop_waiting(session, night, now)
    if waiting:
        _receipt(session, night).waiting += waiting
    row = session.get_one(RetentionRule, night.survey.id)
    # Nothing goes on the day of the announcement.
    told = row.done_on or (row.announced_at or now).date()
    row.done_on = night.day
    own = (RetentionRound.survey_id == night.survey.id, RetentionRound.night > told)
    untold = select(RetentionRound).where(*own, RetentionRound.night <= night.day)
    for receipt in session.scalars(untold.order_by(RetentionRound.id)).all():
        detail = {"method": receipt.method, "before": receipt.before.isoformat()}
        counts = {
            "responses": receipt.responses,
            "waiting": receipt.waiting,
            "cases": receipt.cases,
        }
        record(
            session, None, "carry out retention", f"survey {night.survey.code}", **detail, **counts
        )


def _drop_waiting(session: Session, night: Night, now: datetime) -> int:
    """Delete answers that have waited for others since before the survey closed, which is as long ago
    as the rule says; they hold no time of their own.
    """
    survey = night.survey
    if not survey.is_over(now) or survey.closes_at is None or survey.closes_at >= night.moment:
        return 0
    gone = delete(HeldResponse).where(HeldResponse.survey_id == survey.id)
    return len(session.scalars(gone.returning(HeldResponse.id)).all())


def _receipt(session: Session, night: Night) -> RetentionRound:
    """The night's receipt, begun where there is none yet."""
    own = select(RetentionRound).where(
        RetentionRound.survey_id == night.survey.id,
        RetentionRound.night == night.day,
        RetentionRound.method == night.rule.method,
    )
    found = session.scalar(own)
    if found is None:
        found = RetentionRound(
            survey_id=night.survey.id,
            night=night.day,
            method=night.rule.method,
            before=night.before,
            responses=0,
            waiting=0,
            cases=0,
        )
        session.add(found)
    return found
