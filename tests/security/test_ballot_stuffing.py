"""Threat 10: one person answers for many. ``tests/web/test_flagged.py`` has what staff see of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from surveyapp.responses.flags import Flag
from surveyapp.web.respond.senders import MOST_A_DAY, MOST_A_MINUTE, Senders

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def answer(senders: Senders, at: datetime, *, address: str = "192.0.2.1", form: str | None = None):
    key = uuid4().hex
    seen = senders.seen(1, key, address=address, browser="Browser", form=form, now=at)
    return key, seen


def test_two_hundred_answers_in_five_seconds_are_all_part_of_a_burst():
    senders, flagged = Senders(), set()
    keys = []
    for n in range(200):
        key, seen = answer(senders, NOW + timedelta(milliseconds=25 * n))
        keys.append(key)
        flagged.update(seen.earlier)
        if Flag.BURST in seen.flags:
            flagged.add(key)
    assert flagged == set(keys)


def test_a_form_sent_twice_and_customers_of_one_office_are_no_burst():
    senders = Senders()
    key = uuid4().hex
    for _ in range(3 * MOST_A_MINUTE):
        assert not senders.seen(1, key, address="192.0.2.1", browser="B", form=None, now=NOW).flags
    for n in range(MOST_A_DAY - 1):
        assert not answer(senders, NOW + timedelta(minutes=n + 2))[1].flags


def test_many_answers_in_a_day_are_of_the_same_device_until_the_day_is_forgotten():
    senders = Senders()
    seen = [
        answer(senders, NOW + timedelta(minutes=10 * n))[1].flags for n in range(MOST_A_DAY + 1)
    ]
    assert seen == [()] * MOST_A_DAY + [(Flag.SAME_DEVICE,)]
    assert answer(senders, NOW + timedelta(days=1, minutes=1))[1].flags == ()
