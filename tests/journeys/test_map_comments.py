"""Comments stand at their cell, mention people with access, and go with whoever wrote them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotAllowed, NotFound
from surveyapp.journeys import actions, map_comments, removals
from surveyapp.journeys.comment_places import CommentPlace, CommentPlaces, read_place
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.mentions import Person, mentioned
from surveyapp.results.maps.grid import map_grid
from surveyapp.results.scope import read_scope, recent
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, MapComment, MapMention
from tests.journeys.test_actions import draw
from tests.web.world import add_user

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KIM, ANNA, OTHER = (
    Person(1, "Kim Berg", "kim@example.org"),
    Person(2, "Anna", "anna.b@example.org"),
    Person(3, "Anna", "anna@example.org"),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Kim Berg, look; so @kim  berg said", [1]),
        ("(@anna.b@example.org) and @KIM@example.org!", [2, 1]),
        ("Meet @ 5, kim@example.org, a@b", []),
    ],
)
def test_people_are_mentioned_by_name_or_address(text: str, names: list[int]):
    assert [each.id for each in mentioned(text, (KIM, ANNA))] == names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@Kim Bergström", "Nobody with access"),
        ("@nobody@example.org", "Nobody with access"),
        ("@Anna", "2 people are named Anna; write the address: @anna.b@example.org"),
    ],
)
def test_a_mention_of_nobody_or_of_two_is_refused(text: str, told: str):
    with pytest.raises(Invalid, match=told):
        mentioned(text, (KIM, ANNA, OTHER))


def drawn(session: Session) -> Journey:
    journey = draw(session, stages=("Decide", "Apply"))
    actions.add_touchpoint(session, journey.stages[0], name="Form", user_id=None)
    session.flush()
    return whole_map(session, journey.id)


def test_every_cell_of_the_map_is_a_place_by_its_own_key(store: Store):
    with store.writing() as session:
        journey = drawn(session)
        scope = read_scope(journey.id, {}, default=recent(NOW.date(), 12))
        grid = map_grid(session, scope, library=BUILT_IN)
        places = CommentPlaces(session, journey)
        keys = [cell.key for row in grid.rows for cells in row.cells for cell in cells]
        keys += [stage.name.key for stage in grid.stages]
        assert keys and all(read_place(key).key == key for key in keys)
        assert all(places.title(read_place(key)) for key in keys)
        for key in (
            "stage-999-goal",
            "stage-1",
            "x",
            "touchpoint-1-own-4",
            "pain_point-9",
            "stage--a",
        ):
            with pytest.raises(NotFound):
                places.title(read_place(key))


def test_a_thread_is_written_once_answered_resolved_and_reopened(store: Store):
    with store.writing() as session:
        kim, anna = (
            add_user(session, "manager", email=f"{name}@example.org", name=name)
            for name in ("kim", "anna")
        )
        people = [Person(each.id, each.name, each.email) for each in (kim, anna)]
        journey = drawn(session)
        place = CommentPlace("touchpoint", journey.stages[0].touchpoints[0].id, "channel")
        wanted = {"people": people, "user_id": kim.id, "now": NOW}
        first = map_comments.comment_on(session, journey, place, " Why? @anna @kim ", **wanted)
        again = map_comments.comment_on(session, journey, place, "Why? @anna @kim", **wanted)
        assert [each.name for each in first.people] == ["anna"]  # nobody is told of their own words
        assert (again.comment.id, again.people) == (first.comment.id, ())
        assert first.where == "Decide, Form: Channel"
        assert session.scalars(select(MapMention.user_id)).all() == [anna.id]
        later = {**wanted, "user_id": anna.id, "now": NOW + timedelta(hours=1)}
        map_comments.answer(session, journey, first.comment, "So.", **later)
        assert map_comments.open_comments(session, journey.id) == {place.key: 2}
        map_comments.resolve(session, journey, first.comment, user_id=anna.id, now=NOW)
        with pytest.raises(Conflict, match="reopen it"):
            map_comments.answer(session, journey, first.comment, "More.", **later)
        assert map_comments.open_comments(session, journey.id) == {}
        (thread,), total = map_comments.threads(session, journey, at=place, resolved=True)
        assert (total, thread.resolved_by, [each.text for each in thread.answers]) == (
            *(1, "anna", ["So."]),
        )
        map_comments.reopen(session, journey, first.comment, user_id=kim.id)
        assert map_comments.threads(session, journey)[1] == 1
        said = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("%map%")))
        assert sorted(said) == [
            *["comment on map"] * 2,
            *("reopen map comment", "resolve map comment"),
        ]


def test_only_its_author_removes_a_comment_and_answers_stay(store: Store):
    with store.writing() as session:
        kim, anna = (
            add_user(session, "manager", email=f"{n}@example.org") for n in ("kim", "anna")
        )
        journey = drawn(session)
        wanted = {"people": (), "now": NOW}
        place = CommentPlace("journey")
        first = map_comments.comment_on(
            session, journey, place, "First", user_id=kim.id, **wanted
        ).comment
        second = map_comments.answer(
            session, journey, first, "Second", user_id=anna.id, **wanted
        ).comment
        with pytest.raises(NotAllowed):
            map_comments.remove(session, journey, first, user_id=anna.id)
        map_comments.remove(session, journey, first, user_id=kim.id)
        (thread,), _ = map_comments.threads(session, journey)
        assert (thread.first.text, [each.text for each in thread.answers]) == ("", ["Second"])
        map_comments.remove(session, journey, second, user_id=anna.id)
        assert session.scalars(select(MapComment)).all() == []


def test_comments_come_back_with_a_touchpoint_and_a_stage_that_are_restored(store: Store):
    with store.writing() as session:
        kim = add_user(session, "manager")
        journey = drawn(session)
        decide = journey.stages[0]
        (form,) = decide.touchpoints
        wanted = {"people": (), "user_id": kim.id, "now": NOW}
        for place in (
            CommentPlace("touchpoint", form.id, "name"),
            CommentPlace("stage", decide.id, "goal"),
        ):
            map_comments.comment_on(session, journey, place, place.kind, **wanted)
        before = map_comments.open_comments(session, journey.id)
        point = actions.remove_touchpoint(session, form, user_id=None)
        shown = {each.where for each in map_comments.threads(session, journey)[0]}
        assert shown == {"A touchpoint that was removed", "Decide: Customer goals"}
        removals.restore(session, journey, point, user_id=None)
        stage = actions.remove_stage(session, decide, user_id=None)
        session.expire_all()
        journey = whole_map(session, journey.id)
        assert set(map_comments.open_comments(session, journey.id)) == {
            "touchpoint-name",
            "stage-goal",
        }
        removals.restore(session, journey, stage, user_id=None)
        assert map_comments.open_comments(session, journey.id) == before
