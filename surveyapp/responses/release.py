"""The release of anonymous answers: those that have waited become responses, a group at a time.

A figure that is published moves by a minimum cell of answers or by none: a group has one source,
channel, language and set of attributes, so that this holds of every part that is shown. All that a
response keeps of its time is the day of the release.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from secrets import SystemRandom
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.orm import Session

from surveyapp.comments.rows import Written, keep_comments
from surveyapp.responses import rollups
from surveyapp.responses.counting import Counting, countings
from surveyapp.responses.numbers import random_number
from surveyapp.responses.scores import keep_scores
from surveyapp.responses.tally import Tally
from surveyapp.responses.waiting import CONTENT, read_content
from surveyapp.store import events
from surveyapp.store.inserts import insert
from surveyapp.store.models import HeldResponse, Response
from surveyapp.store.padded_seal import PaddedSeal
from surveyapp.store.public_ids import random_id
from surveyapp.surveys.survey import Survey

log = logging.getLogger(__name__)

MOST = 500  # answers in a transaction: customers who answer meanwhile wait for its end
WAY = "way"  # the channel, in the paradata
_RESPONSES = cast(Table, Response.__table__)
_HELD = cast(Table, HeldResponse.__table__)


class Held(NamedTuple):
    """An answer that waits."""

    id: int
    external_id: str | None
    attributes: Mapping[str, Any]
    content: Mapping[str, Any]


def holding(session: Session) -> set[int]:
    """The surveys that have answers waiting."""
    return set(session.scalars(select(HeldResponse.survey_id).distinct()))


def release(
    session: Session, survey: Survey, seal: PaddedSeal, *, minimum: int, final: bool, now: datetime
) -> int:
    """Release a survey's answers that wait in groups of ``minimum`` or more, MOST of them or a few more;
    how many. In the caller's transaction, which must be one that writes.

    ``final``, once the survey takes no more answers, joins what is left of groups that differ in
    attributes and channel alone, and leaves both out. What is fewer even then is never shown.
    """
    waiting = _waiting(session, survey, seal)
    SystemRandom().shuffle(waiting)
    ready = _ready(waiting, _whole, minimum)
    if final and not ready:
        ready = [_coarsened(each) for each in _ready(waiting, _coarse, minimum)]
    if not ready:
        return 0
    connection = session.connection()
    rollups.begin(connection)
    counting = countings(connection)[survey.journey_id]
    day = counting.calendar.coarse(now)
    responses = {random_number(): each for each in ready}
    rows = [_row(survey, number, each, day) for number, each in sorted(responses.items())]
    stored = _insert(connection, rows)
    _count(connection, stored, responses, counting)
    if survey.listened:
        told = {"survey_id": survey.id, "day": day.date().isoformat()}
        events.publish_all(connection, "response", [told] * len(stored))
    gone = [each.id for each in ready]
    session.execute(delete(_HELD).where(_HELD.c.id.in_(gone)))
    return len(gone)


def _waiting(session: Session, survey: Survey, seal: PaddedSeal) -> list[Held]:
    """The survey's answers that wait; what cannot be read stays and is logged."""
    own = _HELD.c
    query = select(own.id, own.external_id, own.attributes, own.content)
    mine = query.where(own.survey_id == survey.id)
    # Locked, and in this order: a flag that comes meanwhile waits, and is set on the response.
    rows = session.execute(mine.order_by(own.submission_key).with_for_update()).all()
    read = [(row, read_content(row.content, seal)) for row in rows]
    readable = [
        Held(row.id, row.external_id, row.attributes, content)
        for row, content in read
        if content is not None
    ]
    if len(readable) < len(rows):
        log.error(
            "%d waiting answers of the survey %s were sealed by another secret key; they stay until"
            " it is back.",
            *(len(rows) - len(readable), survey.code),
        )
    return readable


def _ready(rows: Sequence[Held], kind: Callable[[Held], str], minimum: int) -> list[Held]:
    """Whole groups of rows of a kind, until there are MOST; of a longer one so many that enough stay."""
    groups: dict[str, list[Held]] = {}
    for row in rows:
        groups.setdefault(kind(row), []).append(row)
    ready: list[Held] = []
    for group in groups.values():
        if len(group) >= minimum and len(ready) < MOST:
            more = len(group) > MOST + minimum
            ready += group[:MOST] if more else group
    return ready


def _whole(held: Held) -> str:
    content = held.content
    way = content["paradata"].get(WAY)
    parts = [content["source"], content["language"], way, held.attributes]
    return json.dumps(parts, sort_keys=True)


def _coarse(held: Held) -> str:
    return json.dumps([held.content["source"], held.content["language"]])


def _coarsened(held: Held) -> Held:
    paradata = {name: told for name, told in held.content["paradata"].items() if name != WAY}
    return held._replace(attributes={}, content={**held.content, "paradata": paradata})


def _row(survey: Survey, number: int, held: Held, day: datetime) -> dict[str, Any]:
    return {
        **{name: held.content[name] for name in (*CONTENT, "submission_key")},
        "id": number,
        "public_id": random_id(),
        "survey_id": survey.id,
        "external_id": held.external_id,
        "attributes": held.attributes,
        "submitted_at": day,
    }


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Insert rows, in the order of their random numbers; those that were not there.

    A kiosk's answer may have been brought in from its file meanwhile.
    """
    statement = insert(_RESPONSES, connection.dialect.name).on_conflict_do_nothing()
    stored = set(connection.execute(statement.returning(_RESPONSES.c.id), rows).scalars())
    return [row for row in rows if row["id"] in stored]


def _count(
    connection: Connection,
    stored: Sequence[Mapping[str, Any]],
    responses: Mapping[int, Held],
    counting: Counting,
) -> None:
    """Store scores and comments, and add the scores to the rollups."""
    scores = {row["id"]: responses[row["id"]].content["scores"] for row in stored}
    keep_scores(connection, scores.items())
    # An answer that was held by an earlier version has no comments of its own: the job finds them.
    said = {row["id"]: responses[row["id"]].content.get("comments", {}) for row in stored}
    keep_comments(connection, [Written(row["id"], row, said[row["id"]]) for row in stored])
    rules, tally = rollups.segment_rules(connection), Tally()
    for row in stored:
        days = counting.days(row["id"], row["submitted_at"], anonymous=True)
        rollups.count(tally, row, scores[row["id"]], rules, days)
    rollups.increase(connection, tally)
