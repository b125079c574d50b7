"""Old responses that become nobody's: what was answered and its scores stay, all that leads to a person
goes.

An anonymised response is a new one: under its old name a program or an earlier export may know whose it
was. It has no customer, run, invitation, import, attributes, comments and no time but its day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, RowMapping, Table, insert, select
from sqlalchemy.orm import Session

from instruments.loader import InstrumentError, Library
from instruments.schema import ItemKind
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses import counted
from surveyapp.responses.counting import countings
from surveyapp.responses.erasures import Reason, Removal, erase_all
from surveyapp.responses.facets import FLAGS
from surveyapp.responses.numbers import random_number
from surveyapp.responses.release import WAY
from surveyapp.store.counters import take
from surveyapp.store.models import Response, Score
from surveyapp.store.public_ids import random_id
from surveyapp.surveys.survey import Survey

_RESPONSES = cast(Table, Response.__table__)
_SCORES = cast(Table, Score.__table__)
_KEPT = ("survey_id", "source", "wordings", "language", "consent_version")
_KEPT_PARADATA = (WAY, FLAGS, "attention", "not_applicable")
_NOON = timedelta(hours=12)  # the same date in the zones that a journey may change to


def anonymise_all(
    session: Session,
    survey: Survey,
    response_ids: Sequence[int],
    *,
    installation: Installation,
    now: datetime,
) -> int:
    """Put a response of nobody's in the place of each of these; how many there were.

    Other programs are told that the old ones are gone, and find the new ones among corrected responses.
    In the caller's transaction; a few hundred at most, as customers who answer meanwhile wait for its
    end.
    """
    connection = session.connection()
    own = select(_RESPONSES).where(
        _RESPONSES.c.id.in_(response_ids), _RESPONSES.c.survey_id == survey.id
    )
    rows = connection.execute(own.order_by(_RESPONSES.c.id).with_for_update()).mappings().all()
    if not rows:
        return 0
    scores = _scores(connection, [row["id"] for row in rows])
    removal = Removal(Reason.ANONYMISED, None)
    numbers = [row["id"] for row in rows]
    key = installation.secret_key
    erase_all(session, survey, numbers, now=now, secret_key=key, removal=removal)
    calendar = countings(connection)[survey.journey_id].calendar
    texts = _Texts(survey, installation.library)
    made = {
        random_number(): (_anonymised(row, survey, calendar, texts), scores.get(row["id"], ()))
        for row in rows
    }
    if not survey.is_anonymous:  # whose responses are no list by number
        last = take(connection, "corrections", len(made))
        for place, number in enumerate(sorted(made), start=last - len(made) + 1):
            made[number][0]["correction"] = place
    _store(connection, survey, made)
    session.expire_all()
    return len(made)


def _store(
    connection: Connection,
    survey: Survey,
    made: Mapping[int, tuple[dict[str, Any], Sequence[RowMapping]]],
) -> None:
    """Insert responses in the order of their random numbers, with their scores, and count them."""
    rows = [{"id": number, **made[number][0]} for number in sorted(made)]
    stored = connection.execute(insert(_RESPONSES).returning(*_RESPONSES.c), rows).all()
    scores = [
        {**score, "response_id": number} for number in sorted(made) for score in made[number][1]
    ]
    if scores:
        connection.execute(insert(_SCORES), scores)
    values = {number: {each["scale"]: each["value"] for each in made[number][1]} for number in made}
    counted.replace(connection, survey, (), [(row, values[row.id]) for row in stored])


def _scores(connection: Connection, numbers: Sequence[int]) -> dict[int, list[RowMapping]]:
    found: dict[int, list[RowMapping]] = {}
    query = select(_SCORES).where(_SCORES.c.response_id.in_(numbers))
    for row in connection.execute(query).mappings():
        found.setdefault(row["response_id"], []).append(row)
    return found


def _anonymised(
    row: RowMapping, survey: Survey, calendar: Calendar, texts: _Texts
) -> dict[str, Any]:
    """What stays of a response's row, under a new name."""
    moment = row["submitted_at"]
    if not survey.is_anonymous:
        moment = calendar.begin(calendar.day(moment)) + _NOON
    paradata = row["paradata"]
    return {
        **{name: row[name] for name in _KEPT},
        "public_id": random_id(),
        "answers": {code: texts.without(code, given) for code, given in row["answers"].items()},
        "attributes": {},
        "submitted_at": moment,
        "paradata": {name: paradata[name] for name in _KEPT_PARADATA if name in paradata},
        "version": 1,
        "anonymised": True,
        "correction": None,
    }


class _Texts:
    """Which answers are somebody's own words."""

    def __init__(self, survey: Survey, library: Library) -> None:
        self._versions = {ask.instrument: ask.version for ask in survey.asks}
        self._library = library
        self._kinds: dict[str, dict[str, ItemKind]] = {}

    def without(self, instrument: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answers that are not; of an item that is unknown, a text is taken for one."""
        kinds = self._kinds.setdefault(instrument, self._of(instrument))
        return {
            item: value
            for item, value in given.items()
            if kinds.get(item, ItemKind.OPEN_TEXT) is not ItemKind.OPEN_TEXT
            or not isinstance(value, str | list)
        }

    def _of(self, instrument: str) -> dict[str, ItemKind]:
        try:
            found = self._library.load(instrument, self._versions.get(instrument))
        except InstrumentError:
            return {}
        return {item.code: item.kind for item in found.items}
