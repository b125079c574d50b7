"""Whom an identity provider vouches for: who gets which account, and who gets none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from surveyapp.auth import actions, identities
from surveyapp.auth.identities import Person, read_person
from surveyapp.errors import NotAllowed, SettingsError
from surveyapp.settings import Settings, read
from surveyapp.store.db import Store
from surveyapp.store.models import Identity, User
from tests.auth.test_actions import create

ISSUER = "https://id.northbank.example"
ADA = Person(ISSUER, "0a1b", "ada@northbank.example", True, "Ada", ())
GROUPS = "CN=Admins,OU=IT=administrator; insight = researcher; staff=manager"


def settings(**given: object) -> Settings:
    named = {"oidc_issuer": ISSUER, "oidc_client_id": "surveyapp", **given}
    return read({}, **named)


BY_GROUP = settings(oidc_roles=GROUPS)
BY_DOMAIN = settings(oidc_domains="northbank.example", oidc_default_role="manager")


def signed_in(store: Store, person: Person, given: Settings = BY_GROUP):
    with store.writing() as session:
        return identities.sign_in(session, person, given)


def count(store: Store, table: type = User) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_account_is_made_by_group_and_its_role_follows_the_groups(store: Store):
    with store.writing() as session:
        create(session)
    first = signed_in(store, replace(ADA, groups=("staff", "other")))
    assert (first.email, first.name, first.role) == ("ada@northbank.example", "Ada", "manager")
    raised = signed_in(store, replace(ADA, groups=("staff", "CN=Admins,OU=IT", "insight")))
    assert (raised.id, raised.role) == (first.id, "administrator")
    assert raised.session_epoch > first.session_epoch  # sessions of the old role are over
    with pytest.raises(NotAllowed, match="None of your groups"):
        signed_in(store, ADA)


def test_the_subject_is_who_somebody_is_and_not_the_address(store: Store):
    first = signed_in(store, replace(ADA, groups=("staff",)))
    moved = signed_in(store, replace(ADA, email="ada.l@northbank.example", groups=("staff",)))
    assert moved.id == first.id
    other = replace(ADA, subject="9z", email_verified=False, groups=("staff",))
    with pytest.raises(NotAllowed, match="email_verified"):  # who was given her old address
        signed_in(store, other)
    elsewhere = replace(ADA, issuer="https://evil.example", email="x@y.example", groups=("staff",))
    assert signed_in(store, elsewhere).id != first.id
    assert (count(store), count(store, Identity)) == (2, 2)


def test_an_account_of_before_is_found_by_a_verified_address_only(store: Store):
    with store.writing() as session:
        made = create(session, email=ADA.email)
    plain = settings()
    with pytest.raises(NotAllowed, match="email_verified"):
        signed_in(store, replace(ADA, email_verified=False), plain)
    found = signed_in(store, ADA, plain)
    assert (found.id, found.role) == (made.id, "administrator")
    assert count(store, Identity) == 1
    assert signed_in(store, replace(ADA, email=""), plain).id == made.id


def test_strangers_get_no_account(store: Store):
    both = settings(oidc_domains="northbank.example", oidc_roles=GROUPS)
    for person, given in (
        (ADA, settings()),
        (ADA, BY_GROUP),
        (replace(ADA, groups=("CN=Admins",)), BY_GROUP),
        (replace(ADA, email="ada@evil.example"), BY_DOMAIN),
        (replace(ADA, email="ada@sub.northbank.example"), BY_DOMAIN),
        (replace(ADA, email_verified=False), BY_DOMAIN),
        (replace(ADA, email="", groups=("staff",)), BY_GROUP),
        (replace(ADA, email="ada@evil.example", groups=("staff",)), both),
    ):
        with pytest.raises(NotAllowed):
            signed_in(store, person, given)
    assert (count(store), count(store, Identity)) == (0, 0)
    assert signed_in(store, ADA, BY_DOMAIN).role == "manager"


def test_a_closed_account_stays_closed_and_the_last_administrator_stays_one(store: Store):
    only = signed_in(store, replace(ADA, groups=("CN=Admins,OU=IT",)))
    assert signed_in(store, replace(ADA, groups=("staff",))).role == "administrator"
    with store.writing() as session:
        create(session)
        actions.set_active(session, only.id, False, by=None)
    with pytest.raises(NotAllowed, match="closed"):
        signed_in(store, replace(ADA, groups=("staff",)))


def test_claims_are_read_as_providers_send_them():
    claims = {"iss": ISSUER, "sub": "0a1b", "email": " Ada@Northbank.example", "groups": "staff"}
    person = read_person({**claims, "email_verified": "true"}, "groups")
    assert person == replace(ADA, name="ada", groups=("staff",))
    assert not read_person({**claims, "email_verified": "false"}, "groups").email_verified
    assert read_person({**claims, "roles": ["a", "b"]}, "roles").groups == ("a", "b")
    for wrong in ({"sub": ""}, {"sub": None}, {"sub": "x" * 256}, {"iss": ""}):
        with pytest.raises(NotAllowed):
            read_person({**claims, **wrong}, "groups")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"oidc_issuer": "http://id.example"}, "no https address"),
        ({"oidc_client_id": ""}, "CLIENT_ID is missing"),
        ({"oidc_scopes": "email"}, "lacks openid"),
        ({"oidc_roles": "staff=boss"}, "'boss' is no role"),
        ({"oidc_roles": "manager"}, "write each entry as group=role"),
        ({"oidc_default_role": "boss"}, "'boss' is no role"),
        ({"oidc_issuer": "", "local_passwords": False}, "leaves no way to sign in"),
    ],
)
def test_settings_that_let_nobody_or_the_wrong_ones_in_stop_the_start(given: dict, words: str):
    with pytest.raises(SettingsError, match=words):
        settings(**given)
