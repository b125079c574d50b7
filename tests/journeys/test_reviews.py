"""A journey is reviewed by a cadence, and its owner is reminded once before the day and once after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from surveyapp.auth.grants import take
from surveyapp.distribution.review_reminders import remind
from surveyapp.errors import Invalid
from surveyapp.journeys.portfolio import place_journey
from surveyapp.journeys.reviews import next_day, review_journey, set_cadence
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, OutgoingMessage
from tests.installations import installation_on
from tests.journeys.test_actions import draw
from tests.web.world import add_user


@pytest.mark.parametrize(
    ("day", "every", "following"),
    [
        (date(2026, 1, 31), "monthly", date(2026, 2, 28)),
        (date(2027, 11, 30), "quarterly", date(2028, 2, 29)),
        (date(2026, 12, 1), "half-yearly", date(2027, 6, 1)),
        (date(2028, 2, 29), "yearly", date(2029, 2, 28)),
    ],
)
def test_the_next_day_is_so_many_months_later(day: date, every: str, following: date):
    assert next_day(day, every) == following


def test_a_cadence_that_is_none_is_refused():
    journey = Journey()
    for wanted, told in (({"every": "weekly"}, "no cadence"), ({"notice_days": 91}, "0 to 90")):
        with pytest.raises(Invalid, match=told):
            set_cadence(journey, **{"every": "monthly", "notice_days": 7, **wanted})
    set_cadence(journey, every="monthly", notice_days=0, today=date(2026, 3, 1))
    assert journey.next_review == date(2026, 4, 1)


def test_the_owner_is_reminded_once_before_the_day_and_once_after_it(store: Store):
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    installation = installation_on(
        store, smtp_url="smtp://localhost", mail_from="a@example.org", base_url="https://x.example"
    )
    with store.writing() as session:
        owner, stranger = (
            add_user(session, "manager", email=f"{name}@example.org") for name in ("own", "other")
        )
        number = draw(session).id
        draw(session, name="Other")  # has no day
        for grant in ("comments", "reader"):
            take(session, stranger.id, grant, None, by=None)

    def place(owner_id: int | None, review: date) -> None:
        with store.writing() as session:
            place_journey(
                *(session, session.get_one(Journey, number)),
                group="",
                tags="",
                owner_id=owner_id,
                next_review=review,
                review_every="quarterly",
                review_notice_days=7,
                user_id=None,
            )

    def told(days: int) -> list[str]:
        before = set(_mails(store))
        done = remind(installation, at + timedelta(days=days))
        new = [each for each in _mails(store) if each not in before]
        assert done == len(new)
        return [subject for _, _, subject, _ in new]

    place(stranger.id, date(2026, 3, 20))
    assert told(15) == []  # who may not read it is told nothing
    place(owner.id, date(2026, 3, 20))
    assert told(11) == []
    (before,) = told(12)
    assert before.endswith("is to be reviewed by 20 March 2026")
    assert told(12) == told(19) == []
    (after,) = told(20)
    assert after.endswith("is overdue")
    assert told(20) == told(90) == []
    with store.writing() as session:
        journey = session.get_one(Journey, number)
        for _ in range(2):
            assert review_journey(session, journey, today=date(2026, 4, 1), user_id=None) == (
                date(2026, 7, 1)
            )
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "review journey"))
        assert len(noted.all()) == 1
    assert told(60) == []
    assert len(told(116)) == 1
    assert {to for _, to, _, _ in _mails(store)} == {"own@example.org"}
    assert all("https://x.example/journeys/" in text for *_, text in _mails(store))


def test_an_archived_journey_and_a_server_without_mail_remind_nobody(store: Store):
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with store.writing() as session:
        owner = add_user(session, "administrator")
        journey = draw(session)
        journey.owner_id, journey.next_review = owner.id, date(2026, 2, 1)
    assert remind(installation_on(store), at) == 0
    with_mail = installation_on(store, smtp_url="smtp://localhost", mail_from="a@example.org")
    with store.writing() as session:
        session.get_one(Journey, journey.id).state = "archived"
    assert remind(with_mail, at) == 0
    with store.writing() as session:
        session.get_one(Journey, journey.id).state = "current"
    assert remind(with_mail, at) == 1


def _mails(store: Store) -> list[tuple[int, str, str, str]]:
    with store.reading() as session:
        rows = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id))
        return [(each.id, *(each.content[k] for k in ("to", "subject", "text"))) for each in rows]
