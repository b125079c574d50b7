"""Quiet hours on the customer's clock, on the days on which clocks change as well."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.sampling.quiet_hours import QuietHours

NIGHT = QuietHours(time(21), time(8))
HELSINKI = ZoneInfo("Europe/Helsinki")
ZONES = ("UTC", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
# Days around changes of clocks in these zones, and one in summer.
DAYS = ((2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 7, 1), (2026, 10, 4), (2026, 10, 25))


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=HELSINKI, fold=fold)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quiet", "moment", "allowed"),
    [
        (NIGHT, local(2026, 3, 20, 12), local(2026, 3, 20, 12)),
        (NIGHT, local(2026, 3, 20, 21), local(2026, 3, 21, 8)),
        (NIGHT, local(2026, 3, 21, 7, 59), local(2026, 3, 21, 8)),
        (NIGHT, local(2026, 3, 21, 8), local(2026, 3, 21, 8)),
        # The clock goes from 3:00 to 4:00: the night is an hour shorter, and ends at 8 all the same.
        (NIGHT, local(2026, 3, 28, 22), local(2026, 3, 29, 8)),
        (NIGHT, local(2026, 10, 24, 22), local(2026, 10, 25, 8)),
        # The end is skipped: it is over with the jump.
        (QuietHours(time(1), time(3, 30)), local(2026, 3, 29, 2), local(2026, 3, 29, 4)),
        # The end is shown twice: the first one counts, and the quiet hours begin again after it.
        (QuietHours(time(1), time(3, 30)), local(2026, 10, 25, 2), local(2026, 10, 25, 3, 30)),
        (
            QuietHours(time(1), time(3, 30)),
            local(2026, 10, 25, 3, 10, fold=1),
            local(2026, 10, 25, 3, 30, fold=1),
        ),
        # The clock falls back to before the quiet hours.
        (
            QuietHours(time(3, 30), time(5)),
            local(2026, 10, 25, 3, 45),
            local(2026, 10, 25, 3, 0, fold=1),
        ),
    ],
)
def test_it_is_allowed_again_at_the_end(quiet: QuietHours, moment: datetime, allowed: datetime):
    found = quiet.next_allowed(moment.astimezone(UTC), HELSINKI)
    assert found == allowed.astimezone(UTC)
    assert found.tzinfo is UTC


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    day=st.sampled_from(DAYS),
    minutes=st.integers(-24 * 60, 24 * 60),
    begin=st.integers(0, 95),
    length=st.integers(1, 95),
)
def test_it_is_the_first_minute_that_is_not_quiet(zone, day, minutes, begin, length):
    """Against walking there minute by minute; quiet hours begin and end on quarters of an hour."""
    clock = [time(n // 4, n % 4 * 15) for n in (begin, (begin + length) % 96)]
    quiet = QuietHours(*clock)
    moment = datetime(*day, tzinfo=UTC) + timedelta(minutes=minutes)
    walked = moment
    while quiet.covers(walked, zone):
        walked += timedelta(minutes=1)
    assert quiet.next_allowed(moment, zone) == walked
