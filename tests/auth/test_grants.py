"""Who was given which journey, and what follows from it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.auth import grants, queries
from surveyapp.auth.accounts import Account, account_of
from surveyapp.auth.permissions import LEVELS, RULES, Grant, Permission, Role, Subject
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, Journey, JourneyGrant, User


@pytest.fixture
def people(store: Store) -> dict[str, Account]:
    """An administrator, two researchers, a manager; and two journeys that nobody was given."""
    with store.writing() as session:
        names = {
            "ada": "administrator",
            "rita": "researcher",
            "rob": "researcher",
            "mia": "manager",
        }
        made = {
            name: User(email=f"{name}@example.org", name=name, role=role, password_hash="")
            for name, role in names.items()
        }
        session.add_all(made.values())
        session.add_all(Journey(code=code, name=code, provider="Bank") for code in ("a", "b"))
        session.flush()
        return {name: account_of(user) for name, user in made.items()}


def give(store: Store, account: Account, *kinds: str, on: int | None = 1) -> None:
    with store.writing() as session:
        for kind in kinds:
            grants.give(session, account.id, kind, on, by=None)


def take(store: Store, account: Account, kind: str, on: int | None = 1) -> None:
    with store.writing() as session:
        grants.take(session, account.id, kind, on, by=None)


def seen(store: Store, account: Account, permission: Permission) -> list[int]:
    """The journeys on which somebody may do this, by SQL; the other way of asking says the same."""
    with store.reading() as session:
        granted = grants.journeys_granted(account, permission)
        query = select(Journey.id).order_by(Journey.id)
        found = session.scalars(query if granted is None else query.where(Journey.id.in_(granted)))
        ids = list(found)
        asked = [n for n in (1, 2) if grants.may_on(session, account, permission, n)]
        able = [
            n
            for n in (1, 2)
            if account.id in {each.id for each in grants.able(session, permission, n)}
        ]
    assert ids == asked == able
    return ids


def test_nobody_but_administrators_sees_a_journey_that_was_not_given(store, people):
    for name, account in people.items():
        expected = [1, 2] if name == "ada" else []
        for permission, rule in RULES.items():
            if rule.subject is Subject.JOURNEY:
                assert seen(store, account, permission) == expected, (name, permission)


def test_role_and_grant_must_both_allow_it(store, people):
    give(store, people["mia"], "owner")
    give(store, people["rita"], "reader", on=None)
    assert seen(store, people["mia"], Permission.READ_RESULTS) == [1]
    assert seen(store, people["mia"], Permission.EDIT_JOURNEYS) == []  # no manager may
    assert seen(store, people["rita"], Permission.RUN_ANALYSES) == [1, 2]
    assert seen(store, people["rita"], Permission.EDIT_JOURNEYS) == []  # no reader may


def test_comments_and_contact_details_are_given_of_their_own(store, people):
    rita = people["rita"]
    with pytest.raises(Conflict, match="reader, editor or owner first"):
        give(store, rita, "comments")
    give(store, rita, "editor")
    assert seen(store, rita, Permission.READ_COMMENTS) == []
    give(store, rita, "comments", "contacts")
    assert seen(store, rita, Permission.READ_COMMENTS) == [1]
    assert seen(store, rita, Permission.SEE_CONTACTS) == [1]
    give(store, rita, "owner")
    take(store, rita, "comments")
    assert seen(store, rita, Permission.READ_COMMENTS) == [1]  # an owner's
    take(store, rita, "contacts")
    assert seen(store, rita, Permission.SEE_CONTACTS) == []  # not even an owner's


def test_with_the_level_goes_everything_else_on_the_journey(store, people):
    mia = people["mia"]
    give(store, mia, "reader", on=None)
    give(store, mia, "comments")
    take(store, mia, "reader", on=None)
    assert seen(store, mia, Permission.READ_COMMENTS) == []  # without a level nothing counts
    give(store, mia, "reader")
    assert seen(store, mia, Permission.READ_COMMENTS) == [1]
    take(store, mia, "reader")
    with store.reading() as session:
        assert session.scalars(select(JourneyGrant)).all() == []
    with pytest.raises(NotFound, match="has not been granted reader of journey a"):
        take(store, mia, "reader")


def test_a_level_takes_the_place_of_the_one_before(store, people):
    for level in (*LEVELS, *reversed(LEVELS)):
        give(store, people["mia"], "owner")  # another one
        give(store, people["rita"], level)
        with store.reading() as session:
            (given,) = grants.given_to(session, people["rita"].id)
        assert given.grants == (level,)


def test_the_last_owner_stays_one(store, people):
    rita, rob = people["rita"], people["rob"]
    give(store, rita, "owner")
    for lose in (lambda: take(store, rita, "owner"), lambda: give(store, rita, "editor")):
        with pytest.raises(Conflict, match="is the last owner of a; make"):
            lose()
    give(store, rob, "owner", on=None)
    take(store, rita, "owner")
    with pytest.raises(Conflict, match="is the last owner"):
        take(store, rob, "owner", on=None)
    assert seen(store, rob, Permission.MANAGE_ACCESS) == [1, 2]


def test_what_cannot_be_given_is_refused(store, people):
    with pytest.raises(Invalid, match="'king' is no grant; use one of owner, editor"):
        give(store, people["rita"], "king")
    with pytest.raises(NotFound, match="no such journey"):
        give(store, people["rita"], "reader", on=9)
    with pytest.raises(Conflict, match="administrator and may do everything already"):
        give(store, people["ada"], "reader")
    with store.writing() as session, pytest.raises(NotFound):
        grants.give(session, 99, "reader", 1, by=None)


def test_given_twice_is_once_and_each_change_is_in_the_log(store, people):
    ada, rita = people["ada"], people["rita"]
    with store.writing() as session:
        for _ in range(2):
            grants.give(session, rita.id, "editor", 1, by=ada.id)
        grants.give(session, rita.id, "comments", 1, by=ada.id)
        grants.take(session, rita.id, "editor", 1, by=ada.id)
    with store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(each.user_id, each.action, each.subject, each.detail) for each in entries] == [
        (ada.id, "grant access", "journey a", {"user": rita.email, "grant": "editor"}),
        (ada.id, "grant access", "journey a", {"user": rita.email, "grant": "comments"}),
        (ada.id, "revoke access", "journey a", {"user": rita.email, "grants": ["comments", "editor"]}),
    ]  # fmt: skip


def test_lists_say_what_was_given_where(store, people):
    rita, mia = people["rita"], people["mia"]
    give(store, rita, "editor", "contacts", on=None)
    give(store, mia, "reader")
    with store.reading() as session:
        on_a, on_b = grants.given_on(session, 1), grants.given_on(session, 2)
        account = queries.account_by_email(session, "MIA@example.org ")
        (one,) = grants.given_to(session, account.id)
        assert one.journey.code == "a"
    told = [(each.account.name, each.journey and each.journey.code, each.grants) for each in on_a]
    everywhere = ("rita", None, (Grant.EDITOR, Grant.CONTACTS))
    assert told == [("mia", "a", (Grant.READER,)), everywhere]
    assert [each.account.name for each in on_b] == ["rita"]


def test_every_permission_has_a_rule_that_somebody_fulfils():
    assert set(RULES) == set(Permission)
    for permission, rule in RULES.items():
        assert rule.roles >= {Role.ADMINISTRATOR}, permission
        assert bool(rule.grants) is (rule.subject is not Subject.INSTALLATION), permission
