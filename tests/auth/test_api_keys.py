"""A key opens what it was made for until it is revoked, and the database knows only its hash."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import ApiKey, AuditEntry


def make(store: Store, *scopes: str, name: str = "Branches") -> tuple[int, str]:
    with store.writing() as session:
        key, text = api_keys.make(
            session, name=name, scopes=scopes or ("read results",), user_id=None
        )
        return key.id, text


def test_a_key_names_its_caller_and_what_it_may_do(store: Store):
    number, text = make(store, "read results", "write bounces")
    with store.reading() as session:
        found = api_keys.caller(session, text, now=utc_now())
    assert found is not None
    assert (found.id, found.name) == (number, "Branches")
    assert [scope for scope in KeyScope if found.may(scope)] == ["write bounces", "read results"]


def test_neither_database_nor_audit_log_holds_the_key(store: Store):
    _, text = make(store)
    secret = text.split("_", 2)[2]
    assert len(secret) == 43  # 256 bits
    with store.reading() as session:
        key = session.scalars(select(ApiKey)).one()
        entries = session.scalars(select(AuditEntry)).all()
        kept = [vars(row) for row in (key, *entries)]
        assert [entry.action for entry in entries] == ["make API key"]
    assert secret not in str(kept)


def test_whatever_is_not_exactly_the_key_opens_nothing(store: Store):
    _, text = make(store)
    _, other = make(store)
    mixed = text[:13] + other[13:]
    wrong = ["", "sak_", text[:-1], text + "a", text.upper(), f" {text}", f"{text}\n", mixed]
    wrong += [
        text.replace("sak_", "sbk_"),
        "sak_" + "a" * 8 + "_" + "a" * 43,
        "a" * 100_000,
        "\x00",
    ]
    with store.reading() as session:
        assert [api_keys.caller(session, each, now=utc_now()) for each in wrong] == [None] * len(
            wrong
        )


def test_a_revoked_key_opens_nothing_and_is_not_revoked_twice(store: Store):
    number, text = make(store)
    with store.writing() as session:
        api_keys.revoke(session, number, user_id=None)
        assert api_keys.caller(session, text, now=utc_now()) is None
        with pytest.raises(Conflict):
            api_keys.revoke(session, number, user_id=None)
        with pytest.raises(NotFound):
            api_keys.revoke(session, 999, user_id=None)
        assert session.scalars(select(AuditEntry.action)).all() == [
            "make API key",
            "revoke API key",
        ]


def test_the_moment_of_use_is_written_once_a_minute(store: Store):
    number, text = make(store)
    begin = utc_now()
    noted = []
    for seconds in (0, 30, 61):
        now = begin + timedelta(seconds=seconds)
        with store.writing() as session:
            found = api_keys.caller(session, text, now=now)
            assert found is not None
            noted.append(found.note_use)
            api_keys.note_use(session, number, now=now)
            assert session.get_one(ApiKey, number).used_at == (begin if seconds == 30 else now)
    assert noted == [True, False, True]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["read results", "manage users"]}, "scopes"),
    ],
)
def test_a_key_needs_a_name_and_something_that_it_may_do(store: Store, wrong, field: str):
    asked = {"name": "Branches", "scopes": ["read results"], **wrong}
    with store.writing() as session, pytest.raises(Invalid) as caught:
        api_keys.make(session, **asked, user_id=None)
    assert caught.value.field == field


def test_a_refused_key_is_noted_without_what_was_sent(store: Store):
    _, text = make(store, name="Branches")
    with store.writing() as session:
        api_keys.note_refused(session, text[:-3] + "abc")
        api_keys.note_refused(session, "my password")
    with store.reading() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "refuse API key").order_by(AuditEntry.id)
        ).all()
    assert [entry.subject for entry in entries] == [
        f"API key {text[4:12]} Branches",
        "unknown key",
    ]
