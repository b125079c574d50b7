"""Forms of times in one column: read where the column settles the order of day and month, else asked."""

from __future__ import annotations

import pytest

from surveyapp.errors import Invalid
from surveyapp.tables.dates import DAY_FIRST, MONTH_FIRST, moment_in, order_of, order_signs

# Each of them has one reading, whatever stands beside it.
SETTLED = {
    "46110,5951": "2026-03-29T14:16:56",
    "29.03.2026 14:05": "2026-03-29T14:05:00",
    "2026-03-29T14:05:00Z": "2026-03-29T14:05:00+00:00",
    "20260329": "2026-03-29T00:00:00",
    "2026-W13-7": "2026-03-29T00:00:00",
    "2026-03-29T02:30+01:00": "2026-03-29T02:30:00+01:00",
    "2026-03-29 24:00": "2026-03-30T00:00:00",
    "29-Mar-26": "2026-03-29T00:00:00",
}
AMERICAN, EUROPEAN = "3/29/2026 14:05", "29/3/2026 14:05"
UNCLEAR = ("3/4/2026 9:00", "4/3/2026 9:00")  # the European and the American reading are both dates


@pytest.mark.parametrize("form", SETTLED)
def test_a_form_with_one_reading_is_read_and_settles_nothing(form: str):
    signs = order_signs([form])
    assert order_of("submitted_at", signs) == ""
    assert not signs.settled
    assert moment_in(form).replace(microsecond=0).isoformat() == SETTLED[form]


@pytest.mark.parametrize(
    ("settling", "order", "days"), [(AMERICAN, MONTH_FIRST, (4, 3)), (EUROPEAN, DAY_FIRST, (3, 4))]
)
def test_two_that_have_both_readings_are_read_as_the_column_settles(settling, order, days):
    found = order_of("submitted_at", order_signs([*SETTLED, settling, *UNCLEAR]))
    assert found == order
    assert tuple(moment_in(form, found).day for form in UNCLEAR) == days
    assert moment_in(settling, found).isoformat() == "2026-03-29T14:05:00"


@pytest.mark.parametrize("beside", [(), (AMERICAN, EUROPEAN)])
def test_two_that_nothing_settles_are_asked(beside):
    """Nor does a column that has both orders; each of the two is told with both readings."""
    for first, readings in zip(
        UNCLEAR, ("3 April 2026 or 4 March", "4 March 2026 or 3 April"), strict=True
    ):
        signs = order_signs([*SETTLED, *beside, first, *UNCLEAR])
        with pytest.raises(Invalid, match=rf"Column submitted_at: {first} may be {readings} 2026"):
            order_of("submitted_at", signs)
    assert order_of("submitted_at", signs, DAY_FIRST) == DAY_FIRST
