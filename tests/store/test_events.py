"""Events are spread once, in their order, and forgotten with what came of them."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surveyapp.store import events
from surveyapp.store.db import Store
from surveyapp.store.models import Event


def test_each_listener_of_a_kind_hears_the_oldest_first_and_what_was_heard_is_gone(store: Store):
    heard: list[int] = []
    with store.writing() as session:
        for number in (1, 2):
            events.publish(session, "response", response_id=number)
        events.publish(session, "nobody listens")
    with store.writing() as session:
        listening = {"response": (lambda _s, event: heard.append(event.subject["response_id"]),)}
        assert events.dispatch(session, listening) == 3
    assert heard == [1, 2]
    with store.writing() as session:
        assert events.dispatch(session, listening) == 0


def test_an_event_whose_listener_fails_is_there_again(store: Store):
    def fails(_session: Session, _event: Event) -> None:
        raise RuntimeError("stop")

    with store.writing() as session:
        events.publish(session, "response", response_id=1)
    with pytest.raises(RuntimeError), store.writing() as session:
        events.dispatch(session, {"response": (fails,)})
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_workers_at_once_one_hears_an_event(store: Store):
    """On PostgreSQL; SQLite's one writer makes the second wait."""
    with store.writing() as session:
        events.publish(session, "response", response_id=1)
    with store.writing() as first, store.writing() as second:
        assert events.dispatch(first, {}) == 1
        assert events.dispatch(second, {}) == 0
