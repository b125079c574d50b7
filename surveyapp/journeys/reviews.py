"""When a journey is looked at again: how often, done today, due and overdue."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.store.audit import record
from surveyapp.store.models import Journey

# Months from one review to the next.
CADENCES: Mapping[str, int] = MappingProxyType(
    {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}
)
LONGEST_NOTICE = 90  # days


def next_day(day: date, every: str) -> date:
    """The day of the review after one on ``day``; the end of a month that has no such day.

    >>> next_day(date(2026, 8, 31), "half-yearly")
    datetime.date(2027, 2, 28)
    """
    months = day.year * 12 + day.month - 1 + CADENCES[every]
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_overdue(next_review: date | None, today: date) -> bool:
    """Whether the day of the review is over."""
    return next_review is not None and next_review < today


def notice_day(journey: Journey) -> date | None:
    """From when on its owner is reminded."""
    if journey.next_review is None:
        return None
    return journey.next_review - timedelta(days=journey.review_notice_days)


def set_cadence(
    journey: Journey, *, every: str, notice_days: int, today: date | None = None
) -> None:
    """Say how often a journey is reviewed, "" for not regularly, and when its owner is reminded.

    Without a day for the next review the first one is a cadence from ``today``. Raises Invalid.
    """
    if every and every not in CADENCES:
        raise Invalid(
            f"{every[:20]!r} is no cadence; use {', '.join(CADENCES)} or nothing.",
            field="review_every",
        )
    if not 0 <= notice_days <= LONGEST_NOTICE:
        raise Invalid(
            f"{notice_days} days is no time to be reminded before; use 0 to {LONGEST_NOTICE}.",
            field="review_notice_days",
        )
    journey.review_every, journey.review_notice_days = every, notice_days
    if every and journey.next_review is None and today is not None:
        journey.next_review = next_day(today, every)


def review_journey(
    session: Session, journey: Journey, *, today: date, user_id: int | None
) -> date | None:
    """Note that a journey was reviewed today; the day of the next review, None without a cadence.

    A second time on the same day changes nothing.
    """
    if journey.reviewed_on == today:
        return journey.next_review
    journey.reviewed_on = today
    journey.next_review = next_day(today, journey.review_every) if journey.review_every else None
    session.flush()
    record(
        session,
        user_id,
        "review journey",
        f"journey {journey.code}",
        next_review=journey.next_review.isoformat() if journey.next_review else None,
    )
    return journey.next_review
