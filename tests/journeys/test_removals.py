"""What was removed from a map comes back as it was, where it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.errors import Conflict, NotFound
from surveyapp.journeys import actions, queries, removals
from surveyapp.journeys.removals import KEPT
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, MapRemoval
from tests.journeys.test_actions import draw


def test_a_stage_comes_back_with_its_touchpoints_in_its_place_once(store: Store):
    with store.writing() as session:
        journey = draw(session, stages=("Decide", "Apply", "Start"))
        stage = journey.stages[1]
        for name in ("Form", "Call"):
            actions.add_touchpoint(
                session, stage, name=name, channel="website", ownership="partner",
                moment_of_truth=True, front_stage="Seen", backstage="Done", user_id=None,
            )  # fmt: skip
        actions.remove_stage(session, stage, user_id=None)
    with store.writing() as session:
        found = queries.journey(session, journey.id)
        assert [each.name for each in found.stages] == ["Decide", "Start"]
        (kept,) = removals.removals(session, journey.id)
        assert removals.restore(session, found, kept.id, user_id=None) == "Apply"
        with pytest.raises(NotFound, match="restored already"):
            removals.restore(session, found, kept.id, user_id=None)
    with store.reading() as session:
        found = queries.journey(session, journey.id)
        assert [(each.name, each.code) for each in found.stages] == [
            ("Decide", "decide"), ("Apply", "apply"), ("Start", "start"),
        ]  # fmt: skip
        form, call = found.stages[1].touchpoints
        assert (form.name, call.name, form.code) == ("Form", "Call", "form")
        assert (form.channel, form.ownership, form.backstage) == ("website", "partner", "Done")
        assert form.moment_of_truth
        assert removals.removals(session, journey.id) == []
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last is not None and last.action == "restore stage"


def test_a_touchpoint_comes_back_to_its_stage_and_gives_way_to_a_new_code(store: Store):
    with store.writing() as session:
        journey = draw(session, stages=("Apply",))
        stage = journey.stages[0]
        first, _ = (
            actions.add_touchpoint(session, stage, name=name, user_id=None)
            for name in ("Form", "Call")
        )
        actions.remove_touchpoint(session, first, user_id=None)
        actions.add_touchpoint(session, stage, name="Form", user_id=None)
        (kept,) = removals.removals(session, journey.id)
        removals.restore(session, journey, kept.id, user_id=None)
        points = sorted(stage.touchpoints, key=lambda each: each.position)
        assert [point.code for point in points] == ["form-2", "call", "form"]
        for point in points[:1]:
            actions.remove_touchpoint(session, point, user_id=None)
        actions.remove_stage(session, stage, user_id=None)
        whole, alone = removals.removals(session, journey.id)
        assert (whole.kind, alone.kind) == ("stage", "touchpoint")
        with pytest.raises(Conflict, match="restore the stage first"):
            removals.restore(session, journey, alone.id, user_id=None)
        removals.restore(session, journey, whole.id, user_id=None)
        removals.restore(session, journey, alone.id, user_id=None)
        assert len(journey.stages[0].touchpoints) == 3


def test_what_was_removed_long_ago_or_elsewhere_is_not_restored(store: Store):
    with store.writing() as session:
        journey, other = draw(session, stages=("Apply",)), draw(session)
        actions.remove_stage(session, journey.stages[0], user_id=None)
        (kept,) = removals.removals(session, journey.id)
        with pytest.raises(NotFound):
            removals.restore(session, other, kept.id, user_id=None)
        kept.removed_at = utc_now() - KEPT - timedelta(days=1)
        session.flush()
        assert removals.removals(session, journey.id) == []
        actions.remove_stage(session, other.stages[0], user_id=None)
        assert [each.journey_id for each in session.scalars(select(MapRemoval))] == [other.id]
