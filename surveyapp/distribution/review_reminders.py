"""Remind owners of the reviews of their journeys: some days before, and once the day is over."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.installation import Installation
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.reviews import is_overdue, notice_day
from surveyapp.store.models import Journey, OutgoingMessage, User

KIND = "review"


def remind(installation: Installation, now: datetime) -> int:
    """Write the reminders that are due, each once for a day of review; how many.

    A journey without an owner who may read it reminds nobody, and does once it has one; so does an
    installation without a mail server.
    """
    if not installation.settings.smtp_url:
        return 0
    query = select(Journey).where(
        Journey.next_review.is_not(None),
        Journey.owner_id.is_not(None),
        Journey.state != "archived",
    )
    with installation.store.reading() as session:
        due = [each.id for each in session.scalars(query) if _due(each, now)]
    done = 0
    for number in due:
        with installation.store.writing() as session:
            done += _remind(session, number, installation, now)
    return done


def _due(journey: Journey, now: datetime) -> str:
    """The reminder that is to be written: "overdue", "before" or none."""
    today, review, begins = calendar_of(journey).day(now), journey.next_review, notice_day(journey)
    if is_overdue(review, today):
        return "overdue" if journey.review_overdue_for != review else ""
    if begins is not None and begins <= today and journey.review_noticed_for != review:
        return "before"
    return ""


def _remind(session: Session, number: int, installation: Installation, now: datetime) -> int:
    journey = session.get(Journey, number, with_for_update=True, populate_existing=True)
    if journey is None or journey.next_review is None or journey.owner_id is None:
        return 0
    what, owner = _due(journey, now), session.get(User, journey.owner_id)
    if not what or owner is None:
        return 0
    if not may_on(session, account_of(owner), Permission.READ_JOURNEYS, journey.id):
        return 0
    review = journey.next_review
    journey.review_noticed_for = review
    if what == "overdue":
        journey.review_overdue_for = review
    session.add(
        OutgoingMessage(
            key=f"review {journey.id} {what} {review} {now:%Y-%m-%dT%H:%M:%S}",
            kind=KIND,
            channel="email",
            content={
                "to": owner.email,
                "subject": " ".join(_subject(journey, what, review).split()),
                "text": _text(journey, what, review, installation),
            },
            due_at=now,
            created_at=now,
        )
    )
    return 1


def _subject(journey: Journey, what: str, review: date) -> str:
    if what == "overdue":
        return f"The review of {journey.name} is overdue"
    return f"{journey.name} is to be reviewed by {_day(review)}"


def _text(journey: Journey, what: str, review: date, installation: Installation) -> str:
    base = installation.settings.base_url.rstrip("/")
    last = f"It was last reviewed on {_day(journey.reviewed_on)}." if journey.reviewed_on else ""
    due = "was due on" if what == "overdue" else "is due on"
    return "\n".join(
        (
            f"You own the journey {journey.name}. Its review {due} {_day(review)}. {last}".rstrip(),
            "",
            "Check that the map is still true, that measures still fit, and what became of actions.",
            "Then press Reviewed today on its page, which sets the next day.",
            "",
            f"Open journey: {base}/journeys/{journey.id}",
            "",
        )
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
