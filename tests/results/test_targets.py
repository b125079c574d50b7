"""Targets stand beside their figures, in one of three words that the interval decides."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import event

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid
from surveyapp.results import dashboards
from surveyapp.results.scope import Scope
from surveyapp.results.targets.actions import change_target, remove_target, set_target, target_row
from surveyapp.results.targets.standing import MetricTarget, Standing, gap
from surveyapp.results.targets.targets import targets_of
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, User
from tests.results import bank


def target(value: float) -> MetricTarget:
    return MetricTarget(1, "", 0, "nps", value, None, None, "")


@pytest.mark.parametrize(
    ("value", "standing"),
    [
        (19.9, Standing.REACHED),
        (20.0, Standing.REACHED),  # the interval begins at the target
        (20.1, Standing.OPEN),
        (40.0, Standing.OPEN),  # the interval ends at the target, and holds it
        (40.1, Standing.NOT_REACHED),
    ],
)
def test_the_whole_interval_decides_the_word(value: float, standing: Standing):
    found = gap(target(value), 30.0, 20.0, 40.0)
    assert found.standing is standing
    assert found.difference == 30.0 - value
    assert (found.low, found.high) == (20.0 - value, 40.0 - value)


def test_without_an_interval_it_is_open_and_without_an_estimate_nothing_is_said():
    assert gap(target(5), 30.0, None, None).standing is Standing.OPEN
    hidden = gap(target(5), None, None, None)
    assert hidden.standing is None
    assert hidden.difference is None


def test_targets_are_set_checked_changed_and_shown_beside_their_figures(store: Store):
    common = {"user_id": None, "library": BUILT_IN}
    with store.writing() as session:
        northbank = bank.filled(session, a_place=24, months=3)
        other = bank.make_journey(session, "mortgage")
        kim = User(email="kim@x.example", name="Kim", role="administrator", password_hash="x")
        session.add(kim)
        session.flush()
        journey = session.get_one(Journey, northbank.journey)
        north = northbank.segments["north"]
        set_target(session, journey, place="", metric="nps", value=-100, owner_id=kim.id, **common)
        set_target(session, journey, place="daily", metric="csat", value=100, **common)
        set_target(session, journey, place="onboarding/id", metric="ces", value=99, **common)
        set_target(
            session, journey, place="", metric="sjq", value=60, segment_id=north,
            due=date(2026, 12, 31), **common,
        )  # fmt: skip
        set_target(session, journey, place="advice", metric="response_rate", value=1, **common)
        for field, wrong in (
            ("metric", {"place": "daily", "metric": "nps", "value": 1}),
            ("metric", {"place": "nowhere", "metric": "csat", "value": 1}),
            ("value", {"place": "", "metric": "sjq", "value": 101}),
            ("value", {"place": "", "metric": "sjq", "value": float("nan")}),
            ("segment_id", {"place": "", "metric": "sjq", "value": 1, "segment_id": 99}),
            ("owner_id", {"place": "", "metric": "sjq", "value": 1, "owner_id": 99}),
            ("segment_id",
             {"place": "daily", "metric": "response_rate", "value": 1, "segment_id": north}),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                set_target(session, journey, **wrong, **common)
            assert refused.value.field == field
        with pytest.raises(Conflict, match="NPS has a target there already"):
            set_target(session, journey, place="", metric="nps", value=3, **common)

    with store.reading() as session:
        asked: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *a: asked.append(a[2]))
        found = targets_of(session, [northbank.journey, other.journey])
        assert len(asked) == 1
        assert [len(found[each]) for each in (northbank.journey, other.journey)] == [5, 0]
        everybody = dashboards.journey_overview(session, Scope(northbank.journey), library=BUILT_IN)
        nps = next(each for each in everybody.end if each.definition.scale == "nps")
        assert nps.target.target.owner == "Kim"
        assert nps.target.standing is Standing.REACHED
        daily = next(stage for stage in everybody.stages if stage.code == "daily")
        csat = next(each for each in daily.figures if each.definition.scale == "csat")
        assert csat.target.standing is Standing.NOT_REACHED
        assert csat.target.high == csat.high - 100
        identity = next(point for point in everybody.touchpoints if point.code == "id")
        assert [each.target is not None for each in identity.figures] == [False, True]
        assert all(each.target is None for each in everybody.end if each != nps)

        scope = Scope(northbank.journey, north)
        of_north = dashboards.journey_overview(session, scope, library=BUILT_IN)
        assert of_north.total.target.target.due == date(2026, 12, 31)
        trends = dashboards.trend(session, scope, library=BUILT_IN)
        assert [t.definition.scale for t in trends if t.target] == ["sjq"]

    with store.writing() as session:
        journey = session.get_one(Journey, northbank.journey)
        row = target_row(session, journey.id, nps.target.target.id)
        change_target(session, journey, row, value=20, due=None, owner_id=None, **common)
        remove_target(session, journey, target_row(session, journey.id, csat.target.target.id), user_id=None)  # fmt: skip
        left = targets_of(session, [journey.id])[journey.id]
        assert [(each.metric, each.value) for each in left if not each.place] == [
            ("nps", 20), ("sjq", 60),
        ]  # fmt: skip
        told = [
            e for e in session.query(AuditEntry).order_by(AuditEntry.id) if "target" in e.action
        ]
        assert [e.action for e in told[-2:]] == ["change target", "remove target"]
        assert told[-2].detail["before"]["value"] == -100
