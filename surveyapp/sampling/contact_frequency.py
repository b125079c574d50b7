"""When a customer who is asked now and then may be asked again: rest between, and a limit a year."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

YEAR = timedelta(days=365)


def rests(asked: Collection[datetime], moment: datetime, rest: timedelta) -> bool:
    """Whether one of ``asked``, past or planned, is nearer to ``moment`` than the rest."""
    return any(abs(each - moment) < rest for each in asked)


def after_rest(
    asked: Collection[datetime],
    moment: datetime,
    rest: timedelta,
    allowed: Callable[[datetime], datetime],
) -> datetime:
    """The first moment from ``moment`` on that leaves the rest to every one of ``asked``.

    ``allowed`` moves a moment on to where something else, such as quiet hours, allows it.
    """
    moment = allowed(moment)
    for each in sorted(asked):
        if abs(each - moment) < rest:
            moment = allowed(each + rest)
    return moment


def asked_within_a_year(asked: Collection[datetime], moment: datetime) -> int:
    """How many of ``asked`` may share 365 days with ``moment``; planned ones count as well."""
    return sum(abs(each - moment) < YEAR for each in asked)
