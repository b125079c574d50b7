"""The duty that flushes and releases anonymous surveys, at set times that no answer decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from surveyapp.installation import Installation
from surveyapp.journeys.calendar import Calendar
from surveyapp.responses import release
from surveyapp.responses.counting import countings
from surveyapp.store.counters import advance, last
from surveyapp.store.shared_epoch_keys import SharedEpochKeys
from surveyapp.surveys import queries, redemption
from surveyapp.surveys.redemption import Flush
from surveyapp.surveys.survey import Survey

_PERIOD = "release"  # the counter of periods
_FORGOTTEN_SECONDS = 3600.0  # a key that no epoch has by then was left by a killed process


def release_due(installation: Installation, now: datetime) -> int:
    """``release_all`` once in each period of the setting ``release_minutes``, by one worker of all; how
    many answers were released.
    """
    period = int(now.timestamp() // (60 * installation.settings.release_minutes))
    with installation.store.reading() as session:
        if last(session.connection(), _PERIOD) >= period:
            return 0  # without waiting for the lock of who writes
    with installation.store.writing() as session:
        if not advance(session.connection(), _PERIOD, period):
            return 0
    return release_all(installation, now)


def release_all(installation: Installation, now: datetime) -> int:
    """Flush every anonymous survey's epoch and release its answers; how many.

    Customers and answers are dealt with in transactions of their own, all customers before all
    answers, each time a minimum cell of them or more.
    """
    store, seal = installation.store, installation.epoch_keys.seal
    minimum = installation.settings.minimum_cell
    with store.reading() as session:
        connection = session.connection()
        begun, holding = redemption.begun(session), release.holding(session)
        surveys = queries.surveys(connection, begun | holding)
        calendars = {number: each.calendar for number, each in countings(connection).items()}
    for number in sorted(begun):
        _flush(installation, surveys[number], calendars[surveys[number].journey_id], now)
    released = 0
    for number in sorted(holding):
        final = _is_final(installation, surveys[number], now)
        while True:
            with store.writing() as session:
                count = release.release(
                    session, surveys[number], seal, minimum=minimum, final=final, now=now
                )
            released += count
            if not count:
                break
            store.give_way()
    _forget_keys(installation)
    return released


def copy_keys(installation: Installation, _now: datetime) -> int:
    """Keep this host's copies of the keys that hosts share in the database; how many changed."""
    keys = installation.epoch_keys
    if not isinstance(keys, SharedEpochKeys):
        return 0
    with installation.store.reading() as session:
        names = redemption.names(session)
    return keys.copy(names)


def _flush(installation: Installation, survey: Survey, calendar: Calendar, now: datetime) -> None:
    how = Flush(
        installation.settings.minimum_cell,
        _is_final(installation, survey, now),
        calendar.coarse(now).date(),
    )
    keys = installation.epoch_keys
    with installation.store.writing() as session:
        over = redemption.flush(session, survey, keys, how)
    for name in over:
        keys.destroy(name)


def _is_final(installation: Installation, survey: Survey, now: datetime) -> bool:
    """Whether no more answers come: the survey is closed, and the time of grace is over."""
    if not survey.is_over(now):
        return False
    grace = timedelta(minutes=installation.settings.close_grace_minutes)
    return survey.closes_at is None or now >= survey.closes_at + grace


def _forget_keys(installation: Installation) -> None:
    """Destroy keys whose epoch is gone, or never was committed."""
    keys = installation.epoch_keys
    old = keys.old(_FORGOTTEN_SECONDS)
    if old:
        with installation.store.reading() as session:
            old -= redemption.names(session)
    for name in old:
        keys.destroy(name)
