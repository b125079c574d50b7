"""The demonstration's customers go through the journey, some of them not to its end."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.demo import passed
from surveyapp.demo.bank import JOURNEYS
from surveyapp.demo.surveys import draw_map
from surveyapp.results.funnels.cohorts import cohorts
from surveyapp.results.funnels.journey_funnel import journey_funnel
from surveyapp.results.funnels.passages import passages
from surveyapp.results.scope import Scope
from surveyapp.store.models import Journey


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_fewer_customers_come_to_each_stage_and_weak_touchpoints_see_them_again(store):
    today = datetime(2026, 6, 1, tzinfo=UTC)
    with store.writing() as session:
        draw_map(session, JOURNEYS[0])
        passed.pass_through(
            session, JOURNEYS[0], secret_key="s" * 40, rng=np.random.default_rng(1), today=today
        )
    with store.reading() as session:
        journey = session.scalars(select(Journey.id)).one()
        read = passages(session, Scope(journey), days=7, library=BUILT_IN)
    found = journey_funnel(read)
    reached = [stage.reached for stage in found.stages]
    assert found.customers == passed.CUSTOMERS == reached[0]
    assert reached == sorted(reached, reverse=True) and 40 < reached[-1] < 0.6 * reached[0]
    levels = {point.name: point.level for point in JOURNEYS[0].touchpoints}
    again = {each.touchpoint: each.again / each.customers for each in found.repeated}
    weak = [share for name, share in again.items() if levels[name] < 0]
    assert min(weak) > max(share for name, share in again.items() if levels[name] >= 0)
    assert len(cohorts(read).rows) == 6
