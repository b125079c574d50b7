"""A key opens what it was made for until it is revoked, and the database knows only its hash."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.auth.key_limits import is_within, read_networks
from surveyapp.auth.permissions import Subject
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import ApiKey, AuditEntry, Journey


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
        assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all() == [
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


def test_an_expired_key_opens_nothing(store: Store):
    begin = utc_now()
    with store.writing() as session:
        end = begin + timedelta(days=1)
        _, text = api_keys.make(
            session, name="A", scopes=["read results"], expires_at=end, user_id=None, now=begin
        )
        for now, opens in ((begin, True), (end - timedelta(seconds=1), True), (end, False)):
            assert (api_keys.caller(session, text, now=now) is not None) is opens


def test_a_new_secret_works_beside_the_old_one_until_the_overlap_ends(store: Store):
    number, old = make(store)
    begin = utc_now()
    week = timedelta(days=7)
    with store.writing() as session:
        _, new = api_keys.rotate(session, number, overlap=week, user_id=None, now=begin)
        assert new[:13] == old[:13] and new != old
        with pytest.raises(Conflict, match="drop it before you make another"):
            api_keys.rotate(session, number, overlap=week, user_id=None, now=begin)
        with pytest.raises(Invalid, match="0 to 90 days"):
            api_keys.rotate(session, number, overlap=20 * week, user_id=None, now=begin)
        for now, opens in ((begin, True), (begin + week, False)):
            found = [api_keys.caller(session, text, now=now) for text in (new, old)]
            assert [each is not None for each in found] == [True, opens]
    with store.writing() as session:
        _, third = api_keys.rotate(
            session, number, overlap=timedelta(0), user_id=None, now=begin + week
        )
        now = begin + week
        found = [api_keys.caller(session, text, now=now) for text in (old, new, third)]
        assert [each is not None for each in found] == [False, False, True]
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["make API key", *["rotate API key"] * 2]


def test_why_a_key_was_refused_is_in_the_log_and_nowhere_else(store: Store):
    begin = utc_now()
    with store.writing() as session:
        limits = {"networks": ["192.0.2.0/24"], "expires_at": begin + timedelta(days=1)}
        key, text = api_keys.make(
            session, name="A", scopes=["read results"], **limits, user_id=None, now=begin
        )
        api_keys.note_refused(session, text, now=begin, address="198.51.100.1")
        api_keys.note_refused(session, text, now=begin + timedelta(days=2), address="192.0.2.1")
        api_keys.rotate(session, key.id, overlap=timedelta(0), user_id=None, now=begin)
        api_keys.note_refused(session, text, now=begin, address="192.0.2.1")
        query = select(AuditEntry.detail).where(AuditEntry.action == "refuse API key")
        reasons = [each["reason"] for each in session.scalars(query.order_by(AuditEntry.id))]
    assert reasons == ["address", "expired", "old secret"]


def test_a_key_of_one_journey_has_no_scope_that_concerns_all(store: Store):
    with store.writing() as session:
        session.add(Journey(code="a", name="A", provider="Bank"))
        session.flush()
        for scope in KeyScope:
            asked = {"name": "A", "scopes": [scope], "journey_id": 1, "user_id": None}
            if api_keys.SUBJECTS[scope] is Subject.JOURNEY:
                assert api_keys.make(session, **asked)[0].journey_id == 1
            else:
                with pytest.raises(Invalid, match="concerns the customers of every journey"):
                    api_keys.make(session, **asked)
        with pytest.raises(Invalid, match="no such journey"):
            api_keys.make(session, name="A", scopes=["read results"], journey_id=9, user_id=None)
    assert set(api_keys.SUBJECTS) == set(KeyScope)


@pytest.mark.parametrize(
    ("address", "networks", "within"),
    [
        ("192.0.2.7", ["192.0.2.0/24"], True),
        ("192.0.3.7", ["192.0.2.0/24"], False),
        ("192.0.2.7", ["2001:db8::/32", "192.0.2.7/32"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db9::1", ["2001:db8::/32"], False),
        ("::ffff:192.0.2.7", ["192.0.2.0/24"], True),  # as a socket of both kinds says it
        ("", ["0.0.0.0/0", "::/0"], False),
        ("unix:", ["0.0.0.0/0"], False),
        ("anything", [], True),
    ],
)
def test_an_address_is_within_networks_of_its_kind(address: str, networks: list[str], within: bool):
    assert is_within(address, networks) is within


def test_networks_are_read_once_each_and_only_as_they_are_meant():
    assert read_networks(["192.0.2.7", " 192.0.2.0/24 ", "", "192.0.2.7/32"]) == [
        "192.0.2.7/32",
        "192.0.2.0/24",
    ]
    for wrong in ("192.0.2.7/24", "10.0.0.0/33", "example.org", "2001:db8::1/32"):
        with pytest.raises(Invalid):
            read_networks([wrong])
    with pytest.raises(Invalid, match="too many"):
        read_networks([f"10.0.0.{n}" for n in range(51)])
