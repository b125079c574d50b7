"""Who may sign in: what accounts and passwords must be, and what ends a session."""

from __future__ import annotations

from secrets import token_urlsafe

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from surveyapp.auth import actions, passwords, queries
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry, User

GOOD = "quiet lake morning"


def create(session, email="ada@example.org", role="administrator", **other):
    values = {"name": "Ada", "password": GOOD, **other}
    return actions.create_user(session, email=email, role=role, **values)


def test_an_account_is_stored_with_a_hash_of_argon2id_and_an_audit_entry(
    full_cost: None, store: Store
):
    with store.writing() as session:
        made = create(session, email=" Ada@Example.ORG ")
    with store.reading() as session:
        row = session.get_one(User, made.id)
        assert row.email == "ada@example.org"
        assert row.password_hash.startswith("$argon2id$")
        assert GOOD not in row.password_hash
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.subject) == ("create user", "user ada@example.org")
        assert GOOD not in str(entry.detail)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": f"{'a' * 250}@example.org"}, "email"),
        ({"name": "  "}, "name"),
        ({"role": "owner"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 201}, "password"),
        ({"password": "abababababababab"}, "password"),
        ({"email": "margaret@example.org", "password": "margaret-hamilton"}, "password"),
        ({"password": "Password1234!"}, "password"),  # twelve signs of four kinds, and known to all
        ({"password": "qwertyuiop12"}, "password"),
        ({"name": "Grace Hopper", "password": "GraceHopper2026"}, "password"),
        ({"email": "ada@northbank.com", "password": "Northbank2026"}, "password"),
    ],
)
def test_a_wrong_account_is_refused_at_the_field(store: Store, wrong: dict, field: str):
    with pytest.raises(Invalid) as caught, store.writing() as session:
        create(session, **wrong)
    assert caught.value.field == field


def test_a_common_password_is_refused_in_words_and_a_long_one_soon(store: Store):
    with pytest.raises(Invalid, match=r"similar to a commonly used password\. Add another word"):
        passwords.check_strength("Password1234!", email="ada@example.org")
    for good in ("correct horse battery staple", "лес озеро утро туман", token_urlsafe(150)):
        passwords.check_strength(good, email="ada@example.org")


def test_an_address_has_one_account_whatever_its_case(store: Store):
    with store.writing() as session:
        create(session)
    with pytest.raises(Conflict, match="already has an account"), store.writing() as session:
        create(session, email="ADA@example.org")


def test_a_password_fits_its_own_hash_only(full_cost: None):
    made = passwords.hash_password(GOOD)
    assert passwords.matches(made, GOOD)
    assert not passwords.matches(made, GOOD + " ")
    assert not passwords.matches(None, GOOD)
    assert not passwords.matches("no hash at all", GOOD)
    assert not passwords.matches(made, "x" * 1_000_000)


def test_a_password_change_needs_the_present_one_and_ends_sessions(store: Store):
    with store.writing() as session:
        made = create(session, must_change_password=True)
    with pytest.raises(Invalid) as caught, store.writing() as session:
        actions.change_password(session, made.id, current="wrong", new="another good one")
    assert caught.value.field == "current"
    with store.writing() as session:
        changed = actions.change_password(session, made.id, current=GOOD, new="another good one")
    assert changed.session_epoch == made.session_epoch + 1
    assert not changed.must_change_password
    with store.reading() as session:
        assert queries.in_session(session, made.id, made.session_epoch) is None
        assert queries.in_session(session, made.id, changed.session_epoch) is not None


def test_the_old_password_is_no_new_one(store: Store):
    with store.writing() as session:
        made = create(session)
    with pytest.raises(Invalid, match="old one"), store.writing() as session:
        actions.change_password(session, made.id, current=GOOD, new=GOOD)


def test_a_role_change_and_a_closure_end_sessions(store: Store):
    with store.writing() as session:
        create(session)
        other = create(session, email="bo@example.org", role="manager")
        raised = actions.set_role(session, other.id, "researcher", by=None)
        assert raised.session_epoch == other.session_epoch + 1
        closed = actions.set_active(session, other.id, False, by=None)
        assert closed.session_epoch == raised.session_epoch + 1
        assert queries.credentials(session, "bo@example.org") is None


@pytest.mark.parametrize("change", ["role", "active"])
def test_one_administrator_always_remains(store: Store, change: str):
    with store.writing() as session:
        only = create(session)
        closed = create(session, email="bo@example.org")
        actions.set_active(session, closed.id, False, by=None)
    with pytest.raises(Conflict, match="last administrator"), store.writing() as session:
        if change == "role":
            actions.set_role(session, only.id, "manager", by=None)
        else:
            actions.set_active(session, only.id, False, by=None)


def test_a_reset_gives_a_password_that_works_once(store: Store):
    with store.writing() as session:
        made = create(session)
        told = actions.reset_password(session, made.id, by=None)
    with store.reading() as session:
        known = queries.credentials(session, "ada@example.org")
        assert known is not None
        assert passwords.matches(known.password_hash, told)
        assert not passwords.matches(known.password_hash, GOOD)
        assert queries.account(session, made.id).must_change_password


def test_one_time_passwords_do_not_repeat_and_are_strong_enough():
    told = {passwords.one_time_password() for _ in range(200)}
    assert len(told) == 200
    for password in sorted(told)[::4]:  # estimating one takes 20 ms
        passwords.check_strength(password, email="ada@example.org")


def test_a_sign_in_renews_a_hash_of_a_lower_cost(full_cost: None, store: Store):
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    with store.writing() as session:
        made = create(session)
        session.get_one(User, made.id).password_hash = weak
    with store.writing() as session:
        known = queries.credentials(session, "ada@example.org")
        assert known is not None
        signed_in = actions.note_sign_in(session, known, GOOD)
        assert signed_in is not None and signed_in.signed_in_at is not None
    with store.reading() as session:
        renewed = session.get_one(User, made.id).password_hash
        assert renewed != weak
        assert passwords.matches(renewed, GOOD)


def test_a_sign_in_fails_when_the_password_was_changed_meanwhile(store: Store):
    with store.writing() as session:
        made = create(session)
        known = queries.credentials(session, "ada@example.org")
        actions.reset_password(session, made.id, by=None)
        assert known is not None
        assert actions.note_sign_in(session, known, GOOD) is None


def test_unknown_users_are_not_found(store: Store):
    with store.reading() as session, pytest.raises(NotFound):
        queries.account(session, 12)
