"""Accounts of people whom the organisation's own identity provider vouches for (OpenID Connect).

A person is known by issuer and subject, which never change hands. An address does: it finds an account
that was there before only if the provider says that it has verified it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth import actions
from surveyapp.auth.accounts import Account, account_of
from surveyapp.auth.permissions import Role
from surveyapp.errors import Conflict, Invalid, NotAllowed
from surveyapp.settings import Settings
from surveyapp.store.audit import record
from surveyapp.store.models import Identity, User

_HIGHEST_FIRST = (Role.ADMINISTRATOR, Role.RESEARCHER, Role.MANAGER)
_LONGEST_ISSUER, _LONGEST_SUBJECT = 500, 255


@dataclass(frozen=True)
class Person:
    """Somebody as the provider describes them; ``email`` is empty where it gives none."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str
    groups: tuple[str, ...]

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


def read_person(claims: Mapping[str, Any], groups_claim: str) -> Person:
    """The person whom the claims of a verified ID token describe. Raises NotAllowed without a subject."""
    issuer, subject = str(claims.get("iss") or ""), str(claims.get("sub") or "")
    if not 0 < len(subject) <= _LONGEST_SUBJECT or not 0 < len(issuer) <= _LONGEST_ISSUER:
        raise NotAllowed("The identity provider does not say who you are.")
    email = str(claims.get("email") or "").strip().lower()
    groups = claims.get(groups_claim) or ()
    return Person(
        issuer,
        subject,
        email,
        claims.get("email_verified") in (True, "true"),
        " ".join(str(claims.get("name") or email.partition("@")[0]).split())[:200],
        (groups,) if isinstance(groups, str) else tuple(str(each) for each in groups),
    )


def role_of(person: Person, settings: Settings) -> Role | None:
    """The highest role that the person's groups give; None where they give none."""
    given = {Role(role) for group, role in settings.oidc_group_roles if group in person.groups}
    return next((role for role in _HIGHEST_FIRST if role in given), None)


def sign_in(session: Session, person: Person, settings: Settings) -> Account:
    """The account of this person, made at their first sign-in where the settings allow it.

    Raises NotAllowed, which says what an administrator has to change.
    """
    role = role_of(person, settings)
    user = _known(session, person)
    if user is None:
        user = _by_verified_address(session, person)
    if user is None:
        user = _made(session, person, role, settings)
    elif settings.oidc_group_roles:
        _follow_groups(session, user, role, settings)
    if not user.active:
        raise NotAllowed("Your account here is closed. Ask an administrator.")
    return actions.sign_in(session, account_of(user), by="identity provider")


def _known(session: Session, person: Person) -> User | None:
    return session.scalar(
        select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == person.issuer, Identity.subject == person.subject)
    )


def _by_verified_address(session: Session, person: Person) -> User | None:
    """The account with the person's address, tied to them from now on."""
    if not person.email:
        return None
    user = session.scalar(select(User).where(User.email == person.email))
    if user is None:
        return None
    if not person.email_verified:
        raise NotAllowed(
            f"There is an account for {person.email}, but the identity provider does not say that it"
            " has verified that address (email_verified)."
        )
    _tie(session, user, person)
    record(session, user.id, "link identity", f"user {user.email}", issuer=person.issuer)
    return user


def _made(session: Session, person: Person, role: Role | None, settings: Settings) -> User:
    """A new account for who is in an allowed domain or has a role by a group."""
    by_domain = person.email_verified and person.domain in settings.oidc_domains_allowed
    if role is None and by_domain and settings.oidc_default_role:
        role = Role(settings.oidc_default_role)
    if role is None or (settings.oidc_domains_allowed and not by_domain):
        raise NotAllowed(
            "You have no account here, and neither your groups nor your mail domain give you one."
            " Ask an administrator."
        )
    try:
        made = actions.create_user_of_provider(
            session, email=person.email, name=person.name, role=role, issuer=person.issuer
        )
    except (Invalid, Conflict) as error:
        raise NotAllowed(f"No account could be made: {error}") from None
    user = session.get_one(User, made.id)
    _tie(session, user, person)
    return user


def _follow_groups(session: Session, user: User, role: Role | None, settings: Settings) -> None:
    """Give the account the role that its groups say today. Raises NotAllowed when they say none."""
    role = role or (Role(settings.oidc_default_role) if settings.oidc_default_role else None)
    if role is None:
        raise NotAllowed("None of your groups has a role here any more. Ask an administrator.")
    try:
        actions.set_role(session, user.id, role, by=None)
    except Conflict as error:  # the last administrator stays one until there is another
        record(session, None, "keep role", f"user {user.email}", reason=str(error))


def _tie(session: Session, user: User, person: Person) -> None:
    session.add(Identity(user_id=user.id, issuer=person.issuer, subject=person.subject))
    session.flush()
