"""Drawing a journey: order, codes, and what cannot be taken away."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import actions, queries
from surveyapp.journeys.codes import code_from, read_code
from surveyapp.journeys.segment_actions import create_segment, edit_segment
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Job, Journey
from surveyapp.surveys.actions import create_survey


def draw(session, *, stages=("Decide", "Apply", "Start"), name="Open an account") -> Journey:
    journey = actions.create_journey(session, name=name, provider="Northbank", user_id=None)
    for stage in stages:
        actions.add_stage(session, journey, name=stage, user_id=None)
    return journey


def names(store: Store, journey_id: int) -> list[str]:
    with store.reading() as session:
        return [stage.name for stage in queries.journey(session, journey_id).stages]


def test_a_journey_gets_a_code_from_its_name_and_a_free_one(store: Store):
    with store.writing() as session:
        first = draw(session)
        second = draw(session)
        assert (first.code, second.code) == ("open-an-account", "open-an-account-2")
        assert [stage.code for stage in first.stages] == ["decide", "apply", "start"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("Ärger über Gebühren", "arger-uber-gebuhren"), ("ﬁrst", "first"), ("口座を開く", "journey")],
)
def test_codes_are_latin_whatever_the_name_is(name: str, code: str):
    assert code_from(name, set(), fallback="journey") == code
    assert read_code(code) == code


@pytest.mark.parametrize("code", ["", "Open", "a b", "-a", "a" * 61, "a--b", "a/b", "é"])
def test_a_wrong_code_is_refused(code: str):
    with pytest.raises(Invalid):
        read_code(code)


def test_a_code_in_use_is_a_conflict(store: Store):
    with store.writing() as session:
        draw(session)
    with pytest.raises(Conflict), store.writing() as session:
        actions.create_journey(
            session, name="Other", provider="P", code="open-an-account", user_id=None
        )


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 201}, {"provider": ""}, {"state": "old"}, {"goal": "x" * 5001}],
)
def test_a_wrong_journey_is_refused(store: Store, wrong: dict):
    with pytest.raises(Invalid), store.writing() as session:
        actions.create_journey(session, **{"name": "A", "provider": "P", "user_id": None, **wrong})


def test_stages_move_and_stop_at_the_ends(store: Store):
    with store.writing() as session:
        journey = draw(session)
    for by, expected in (
        (-1, ["Decide", "Start", "Apply"]),
        (-1, ["Start", "Decide", "Apply"]),
        (-1, ["Start", "Decide", "Apply"]),
        (9, ["Decide", "Apply", "Start"]),
    ):
        with store.writing() as session:
            found = queries.journey(session, journey.id)
            start = next(stage for stage in found.stages if stage.name == "Start")
            actions.move_stage(session, start, by=by, user_id=None)
        assert names(store, journey.id) == expected


def test_touchpoints_are_edited_moved_and_removed_within_their_stage(store: Store):
    with store.writing() as session:
        journey = draw(session, stages=("Apply",))
        stage = journey.stages[0]
        form = actions.add_touchpoint(session, stage, name="Form", user_id=None)
        call = actions.add_touchpoint(session, stage, name="Call", channel="phone", user_id=None)
        actions.move_touchpoint(session, call, by=-1, user_id=None)
        actions.edit_touchpoint(
            session, form, name="Long form", channel="website", ownership="partner",
            moment_of_truth=True, front_stage="", backstage="", user_id=None,
        )  # fmt: skip
    with store.reading() as session:
        stage = queries.journey(session, journey.id).stages[0]
        assert [point.name for point in stage.touchpoints] == ["Call", "Long form"]
        assert stage.touchpoints[1].moment_of_truth
    with store.writing() as session:
        actions.remove_touchpoint(
            session, queries.touchpoint(session, journey.id, call.id), user_id=None
        )
    with store.reading() as session, pytest.raises(NotFound):
        queries.touchpoint(session, journey.id, call.id)


def test_what_somebody_is_asked_at_cannot_be_removed(store: Store):
    with store.writing() as session:
        journey = draw(session, stages=("Apply",))
        stage = journey.stages[0]
        form = actions.add_touchpoint(session, stage, name="Form", user_id=None)
        create_survey(
            session, journey, name="After the form", touchpoint=form,
            asks=[{"instrument": "nps"}], user_id=None,
        library=BUILT_IN)  # fmt: skip
    for remove in ("touchpoint", "stage"):
        with pytest.raises(Conflict, match="Form cannot be removed"), store.writing() as session:
            if remove == "stage":
                found = queries.stage(session, journey.id, stage.id)
                actions.remove_stage(session, found, user_id=None)
            else:
                point = queries.touchpoint(session, journey.id, form.id)
                actions.remove_touchpoint(session, point, user_id=None)


def test_parts_of_one_journey_are_not_found_in_another(store: Store):
    with store.writing() as session:
        one, other = draw(session), draw(session)
        stage_id = one.stages[0].id
    with store.reading() as session:
        assert queries.stage(session, one.id, stage_id).name == "Decide"
        with pytest.raises(NotFound):
            queries.stage(session, other.id, stage_id)


def test_every_change_leaves_an_audit_entry(store: Store):
    with store.writing() as session:
        journey = draw(session, stages=("Apply",))
        actions.edit_journey(
            session, journey, name="B", provider="P", goal="", state="target", user_id=None
        )
        actions.remove_stage(session, journey.stages[0], user_id=None)
    with store.reading() as session:
        found = [
            entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        ]
    assert found == ["create journey", "add stage", "edit journey", "remove stage"]


def test_a_new_rule_asks_for_the_job_that_sorts_responses(store: Store):
    with store.writing() as session:
        segment, job = create_segment(session, name="North", rule="region = North", user_id=None)
        assert (job.kind, job.parameters) == ("rebuild_rollups", {"segment_id": segment.id})
        segment.sorted_to = None  # the job is done
        session.flush()
        assert (
            edit_segment(session, segment, name="The north", rule="region = North", user_id=None)
            is None
        )
        again = edit_segment(session, segment, name="The north", rule="region = East", user_id=None)
        assert again is not None and again.id != job.id
    with store.reading() as session:
        assert len(list(session.scalars(select(Job)))) == 2


def test_a_rule_that_cannot_be_read_is_refused_with_its_place(store: Store):
    with pytest.raises(Invalid, match="column") as caught, store.writing() as session:
        create_segment(session, name="North", rule="region == ", user_id=None)
    assert caught.value.field == "rule"
