"""Days of a reporting time zone: each moment lies in one, also where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from surveyapp.journeys.calendar import Calendar

# Days around which a zone does something: skips or repeats an hour, midnight or a whole day.
UNUSUAL = [
    ("Europe/Helsinki", date(2026, 3, 29)),
    ("Europe/Helsinki", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2018, 11, 4)),  # began at 1:00
    ("America/Sao_Paulo", date(2018, 2, 18)),  # had its last hour before it twice
    ("America/Havana", date(2026, 11, 1)),  # has midnight twice
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Kathmandu", date(2026, 1, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Pacific/Apia", date(2011, 12, 30)),  # was left out
    ("Pacific/Kiritimati", date(2026, 1, 1)),  # +14
    ("Etc/GMT+12", date(2026, 1, 1)),  # -12
]


@pytest.mark.parametrize(("zone", "day"), UNUSUAL)
def test_every_moment_lies_between_the_beginnings_of_its_day_and_the_next(zone: str, day: date):
    calendar = Calendar(zone)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    for quarter in range(4 * 24 * 4):
        moment = start + timedelta(minutes=15 * quarter)
        own = calendar.day(moment)
        begin, end = calendar.bounds(own, own)
        assert begin is not None and end is not None
        assert begin <= moment < end


def test_days_are_as_long_as_clocks_make_them():
    def hours(zone: str, day: date) -> float:
        begin, end = Calendar(zone).bounds(day, day)
        assert begin is not None and end is not None
        return (end - begin).total_seconds() / 3600

    assert hours("Europe/Helsinki", date(2026, 3, 29)) == 23
    assert hours("Europe/Helsinki", date(2026, 10, 25)) == 25
    assert hours("Australia/Lord_Howe", date(2026, 4, 5)) == 24.5
    assert hours("America/Sao_Paulo", date(2018, 11, 4)) == 23
    assert hours("Pacific/Apia", date(2011, 12, 30)) == 0


def test_an_anonymous_answer_keeps_the_day_that_it_had_whatever_zone_comes_after():
    moment = datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    kept = Calendar("Europe/Helsinki").coarse(moment)
    assert kept == datetime(2026, 4, 1, tzinfo=UTC)
    for zone in ("UTC", "Pacific/Kiritimati", "Etc/GMT+12"):
        assert Calendar(zone).day(kept, anonymous=True) == date(2026, 4, 1)
        assert Calendar(zone).bounds(date(2026, 4, 1), date(2026, 4, 30), anonymous=True) == (
            datetime(2026, 4, 1, tzinfo=UTC),
            datetime(2026, 5, 1, tzinfo=UTC),
        )


def test_after_a_change_of_zone_no_anonymous_answer_is_given_a_day_that_was_over():
    moment = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)
    before, after = Calendar("Pacific/Kiritimati"), Calendar("Etc/GMT+12", date(2026, 4, 2))
    assert before.coarse(moment).date() == date(2026, 4, 2)
    assert after.day(moment) == date(2026, 3, 31)
    assert after.coarse(moment).date() == date(2026, 4, 2)
