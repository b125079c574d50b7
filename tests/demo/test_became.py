"""The demonstration's customers left more often the lower they scored; the analysis finds the ratio again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.demo import became
from surveyapp.demo.bank import JOURNEYS
from surveyapp.results.outcomes.actions import found_outcomes
from surveyapp.store.models import Journey

pytestmark = pytest.mark.xdist_group("demo")  # the bank takes seconds to make: once is enough


def test_the_simulated_hazard_ratio_lies_in_the_interval_and_one_does_not(bank):
    installation, _ = bank
    with installation.store.reading() as session:
        journey = session.scalars(select(Journey.id).where(Journey.code == JOURNEYS[0].code)).one()
        found = found_outcomes(session, journey)
    assert found.result is not None and not found.is_stale
    by_kind = {each["kind"]: each for each in found.result["outcomes"]}
    assert set(by_kind) == {"churn", "complaint", "revenue"}
    for kind in ("churn", "complaint"):
        (term,) = by_kind[kind]["survival"]["cox_by_point"]["terms"]
        assert term["low"] < became.HAZARD_RATIO < term["high"] < 1
    means = [band["estimate"] for band in by_kind["revenue"]["scales"][0]["bands"]]
    assert means == sorted(means)
    assert by_kind["churn"]["attribution"]["models"]["linear"]
    assert found.result["flow"]["flows"]
