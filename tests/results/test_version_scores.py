"""The scores of touchpoints before and after the day of a version."""

from __future__ import annotations

from datetime import date

import pytest

from instruments.loader import BUILT_IN
from surveyapp.results.maps.version_scores import version_months, version_scores
from surveyapp.results.view_models import Hidden
from surveyapp.store.db import Store
from tests.results import bank

RULES = {"minimum_cell": 5, "library": BUILT_IN}


@pytest.mark.parametrize(
    ("first", "second", "before", "after", "complete"),
    [
        ("2026-02-10", None, "2025-11 2026-01", "2026-03 2026-05", "2026-06-01"),
        ("2026-02-01", None, "2025-11 2026-01", "2026-02 2026-04", "2026-05-01"),
        ("2025-12-31", "2026-11-02", "2025-09 2025-11", "2026-12 2027-02", "2027-03-01"),
    ],
)
def test_three_whole_months_lie_on_either_side(first, second, before, after, complete):
    months = version_months(
        date.fromisoformat(first), date.fromisoformat(second) if second else None
    )
    sides = [" ".join(f"{each:%Y-%m}" for each in side) for side in (months.before, months.after)]
    assert sides == [before, after]
    assert months.complete == date.fromisoformat(complete)


def test_scores_of_the_touchpoints_asked_for_are_compared_or_said_to_be_missing(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
        bank.fill(session, made, a_place=240, months=6)
        place = made.touchpoints["id"]
        asked = {place, made.touchpoints["pay"]}

        def scores(day: date, today: date, *, minimum_cell: int = 5):
            return version_scores(
                session, made.journey, asked, version_months(day),
                today=today, **RULES | {"minimum_cell": minimum_cell},
            )  # fmt: skip

        day, today = date(2026, 1, 1), date(2026, 6, 1)
        found = scores(day, today)
        assert found.is_over and found.rows
        assert {int(row.key.split(".")[0]) for row in found.rows} == asked
        for row in found.rows:
            assert (row.before.n or 0) > 60 and (row.after.n or 0) > 90
            assert row.contrast is not None and row.missing is None
            gap = row.after.estimate - row.before.estimate
            assert row.contrast.difference == pytest.approx(gap, abs=1e-9)
            assert row.contrast.low < gap < row.contrast.high
        soon = scores(day, date(2026, 3, 31))
        assert not soon.is_over and soon.rows == ()
        # February to April would cut off the few answers of May, which other months give away.
        edge = scores(date(2026, 2, 1), today).rows
        assert all(r.before.shown and r.after.hidden is Hidden.SINCE for r in edge)
        assert all(r.after.n is None and r.contrast is None for r in edge)
        hidden = scores(day, today, minimum_cell=500)
        assert all(not row.before.shown and row.contrast is None for row in hidden.rows)
        early = scores(date(2025, 11, 1), today)
        assert all(row.missing and row.missing.side == "before" for row in early.rows)
