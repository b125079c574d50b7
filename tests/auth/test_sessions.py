"""Sessions: what opens one, and everything that ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.auth import actions, queries, sessions
from surveyapp.auth.accounts import Account
from surveyapp.auth.sessions import Origin
from surveyapp.errors import NotFound
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import UserSession
from tests.auth.test_actions import GOOD, create
from tests.installations import installation_on

NOW = utc_now()
HOME = Origin("Firefox on Linux", "192.0.2.x")


def begin(store: Store, account: Account, *, now=NOW) -> str:
    with store.writing() as session:
        return sessions.begin(session, account, HOME, now=now)


def opened(store: Store, key: str, *, now=NOW):
    with store.reading() as session:
        return sessions.opened(session, key, now=now, hours=12)


def number_of(store: Store, key: str) -> int:
    found = opened(store, key)
    assert found is not None
    return found.id


@pytest.fixture
def ada(store: Store) -> Account:
    with store.writing() as session:
        return create(session)


@pytest.fixture
def bo(store: Store, ada: Account) -> Account:
    with store.writing() as session:
        return create(session, email="bo@example.org", role="manager")


def test_a_key_opens_its_own_session_and_the_database_holds_no_key(store: Store, ada, bo):
    one, other = begin(store, ada), begin(store, bo)
    assert one != other
    assert opened(store, one).account == ada
    assert opened(store, other).account == bo
    assert opened(store, one + "x") is None and opened(store, "") is None
    with store.reading() as session:
        rows = session.scalars(select(UserSession)).all()
        assert one not in str([vars(row) for row in rows])
        assert all(opened(store, row.key_hash) is None for row in rows)


def test_a_session_is_over_after_its_hours_however_busy_it_is(store: Store, ada):
    key = begin(store, ada)
    late = NOW + timedelta(hours=11, minutes=59)
    assert opened(store, key, now=late).note_seen
    with store.writing() as session:
        sessions.note_seen(session, number_of(store, key), now=late)
    assert not opened(store, key, now=late).note_seen  # a request in the same hour writes nothing
    assert opened(store, key, now=NOW + timedelta(hours=12)) is None


def test_whatever_changes_the_account_ends_its_sessions(store: Store, ada, bo):
    for change in (
        lambda session: actions.set_role(session, bo.id, "researcher", by=None),
        lambda session: actions.change_password(session, bo.id, current=GOOD, new="nine tall ships"),
        lambda session: actions.reset_password(session, bo.id, by=None),
        lambda session: actions.end_sessions(session, bo.id),
        lambda session: actions.set_active(session, bo.id, False, by=None),
    ):  # fmt: skip
        with store.reading() as session:
            account = queries.account(session, bo.id)
        key, own = begin(store, account), begin(store, ada)
        assert opened(store, key) is not None
        with store.writing() as session:
            change(session)
        assert opened(store, key) is None
        assert opened(store, own) is not None


def test_one_session_or_all_others_are_ended_by_their_owner_only(store: Store, ada, bo):
    keys = [begin(store, ada) for _ in range(4)]
    foreign = begin(store, bo)
    with pytest.raises(NotFound), store.writing() as session:
        sessions.end_one(session, bo, number_of(store, keys[0]))
    with store.writing() as session:
        assert sessions.end_one(session, ada, number_of(store, keys[0])) == HOME.device
        assert sessions.end_others(session, ada, but=number_of(store, keys[1])) == 2
    assert [opened(store, key) is not None for key in (*keys, foreign)] == [
        False, True, False, False, True,
    ]  # fmt: skip
    with store.reading() as session:
        (line,) = sessions.lines(session, ada, now=NOW + timedelta(minutes=150), hours=12)
    assert (line.device, line.network, line.idle_hours) == ("Firefox on Linux", "192.0.2.x", 2)


def test_sessions_that_are_over_are_deleted(store: Store, ada, bo):
    installation = installation_on(store)
    kept = begin(store, ada)
    begin(store, ada, now=NOW - timedelta(hours=13))
    begin(store, bo)
    with store.writing() as session:
        actions.end_sessions(session, bo.id)
    assert sessions.forget(installation, NOW) == 2
    assert sessions.forget(installation, NOW) == 0
    assert opened(store, kept) is not None
