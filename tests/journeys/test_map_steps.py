"""Each step of a map is taken back by the step that it returns, and nothing is overwritten."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, NotFound
from surveyapp.journeys import actions, map_history
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_own_lanes import own_lanes
from surveyapp.journeys.map_steps import (
    ADD,
    LANE,
    MOVE,
    REMOVE,
    SET,
    STAGE,
    TOUCHPOINT,
    Overtaken,
    Step,
    take,
)
from surveyapp.results.maps.grid import seen
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, MapChange, Target, User
from tests.journeys.test_actions import draw


def drawn(session: Session) -> Journey:
    """Three stages; the first has two touchpoints, the second one of the same name."""
    journey = draw(session, stages=("Decide", "Apply", "Start"))
    for stage, names in zip(journey.stages, (("Form", "Call"), ("Form",), ()), strict=True):
        for name in names:
            actions.add_touchpoint(session, stage, name=name, user_id=None)
    session.flush()
    return whole_map(session, journey.id)


def test_every_step_is_taken_back_by_the_one_that_it_returns(store: Store):
    with store.writing() as session:
        journey = drawn(session)
        decide, apply_, _ = journey.stages
        form, call = decide.touchpoints
        lane = take(session, journey, Step(ADD, LANE, text="Risks"), user_id=None).id
        cell = Step(SET, STAGE, id=decide.id, field="own", lane=lane, text="Late")
        take(session, journey, cell, user_id=None)
        feel = Step(SET, TOUCHPOINT, id=form.id, field="assumed_feeling", text="-2")
        take(session, journey, feel, user_id=None)
        for step in (
            Step(SET, STAGE, id=decide.id, field="name", before="Decide", text="Choose"),
            Step(SET, STAGE, id=decide.id, field="actions", before="", text="Looks\nand asks"),
            Step(SET, TOUCHPOINT, id=call.id, field="moment_of_truth", text="yes"),
            Step(SET, LANE, id=lane, field="name", before="Risks", text="Dangers"),
            Step(ADD, STAGE, text="Wait", at=1),
            Step(ADD, TOUCHPOINT, stage=apply_.id, text="Letter", at=0),
            Step(ADD, LANE, text="Ideas"),
            Step(MOVE, STAGE, id=decide.id, at=2),
            Step(MOVE, TOUCHPOINT, id=form.id, stage=apply_.id, seen=decide.id, at=1),
            Step(MOVE, TOUCHPOINT, id=form.id, at=1),
            Step(REMOVE, TOUCHPOINT, id=form.id),
            Step(REMOVE, STAGE, id=decide.id),
            Step(REMOVE, LANE, id=lane),
        ):
            session.expire_all()
            journey = whole_map(session, journey.id)
            before = seen(session, journey)
            back = take(session, journey, step, user_id=None)
            session.flush()
            done = seen(session, journey)
            assert done != before, step
            again = take(session, journey, back, user_id=None)
            session.flush()
            session.expire_all()
            journey = whole_map(session, journey.id)
            assert seen(session, journey) == before, step
            if step.do != ADD:  # what is added again has another number
                last = take(session, journey, again, user_id=None)
                session.flush()
                assert seen(session, journey) == done, step
                take(session, journey, last, user_id=None)
                session.flush()
        assert [each.id for each in own_lanes(session, journey.id)] == [lane]
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "write on map")).all()


def test_a_touchpoint_takes_its_targets_to_another_stage(store: Store):
    with store.writing() as session:
        journey = drawn(session)
        decide, apply_, _ = journey.stages
        form = decide.touchpoints[0]
        session.add(Target(journey_id=journey.id, place="decide/form", metric="csat", value=70))
        step = Step(MOVE, TOUCHPOINT, id=form.id, stage=apply_.id, at=0)
        back = take(session, journey, step, user_id=None)
        target = session.scalars(select(Target)).one()
        session.refresh(target)
        assert form.code != "form" and target.place == f"apply/{form.code}"
        take(session, journey, back, user_id=None)
        session.refresh(target)
        assert target.place == f"decide/{form.code}"


def test_what_somebody_else_changed_is_not_overwritten(store: Store):
    with store.writing() as session:
        journey = drawn(session)
        decide, apply_, start = journey.stages
        form = decide.touchpoints[0]
        mine = Step(SET, STAGE, id=decide.id, field="goal", before="Old", text="Mine")
        decide.goal = "Theirs"
        with pytest.raises(Overtaken) as refused:
            take(session, journey, mine, user_id=None)
        assert (refused.value.theirs, refused.value.mine) == ("Theirs", "Mine")
        moved = Step(MOVE, TOUCHPOINT, id=form.id, stage=start.id, seen=apply_.id, at=0)
        with pytest.raises(Overtaken, match="has moved Form to the stage Decide"):
            take(session, journey, moved, user_id=None)
        take(session, journey, Step(SET, STAGE, id=decide.id, field="goal", before="Old", text="Theirs"), user_id=None)  # fmt: skip
        with pytest.raises(NotFound):
            take(session, journey, Step(REMOVE, STAGE, id=999), user_id=None)
        foreign = Step(SET, STAGE, id=decide.id, field="own", lane=999, text="x")
        with pytest.raises(NotFound):
            take(session, journey, foreign, user_id=None)


def test_each_person_undoes_their_own_last_changes(store: Store):
    with store.writing() as session:
        journey = drawn(session)
        anna, berta = (
            User(email=f"{name}@example.org", name=name, role="researcher", password_hash="x")
            for name in ("Anna", "Berta")
        )
        session.add_all([anna, berta])
        session.flush()
        stage = journey.stages[0]

        def write(user: User, field: str, text: str) -> None:
            step = Step(SET, STAGE, id=stage.id, field=field, text=text)
            map_history.change(session, journey, step, user_id=user.id)

        write(anna, "goal", "A1")
        write(berta, "actions", "B1")
        write(anna, "goal", "A2")
        map_history.undo(session, journey, user_id=anna.id)
        assert stage.goal == "A1"
        map_history.undo(session, journey, user_id=anna.id)
        assert stage.goal == "" and stage.cells[0].text == "B1"
        with pytest.raises(Conflict, match="nothing to undo"):
            map_history.undo(session, journey, user_id=anna.id)
        map_history.redo(session, journey, user_id=anna.id)
        found = map_history.history(session, journey.id, anna.id)
        assert (found.undo, found.redo) == ("Customer goals: A1", "Customer goals: A2")
        write(anna, "goal", "A3")  # what was undone cannot be done again any more
        assert map_history.history(session, journey.id, anna.id).redo == ""
        write(berta, "goal", "B2")
        with pytest.raises(Overtaken):
            map_history.undo(session, journey, user_id=anna.id)
        step = Step(SET, STAGE, id=stage.id, field="goal", text="")
        assert map_history.changed_by(session, journey.id, step) == "Berta"
        for number in range(map_history.KEPT + 3):
            write(berta, "thoughts", str(number))
        kept = session.scalars(select(MapChange.user_id)).all()
        assert kept.count(berta.id) == map_history.KEPT and kept.count(anna.id) == 2
