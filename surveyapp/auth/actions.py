"""Changes to who may sign in and what they may do; each one is in the audit log."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth import grants, passwords
from surveyapp.auth.accounts import Account, account_of
from surveyapp.auth.permissions import Role
from surveyapp.auth.queries import Credentials
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import User

_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,185}\.[^@\s,;<>\".]{2,}")


def create_user(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    must_change_password: bool = False,
    all_journeys: bool = False,
    by: int | None = None,
) -> Account:
    """A new account; ``by`` is the administrator who made it, None for a command.

    It sees every journey with ``all_journeys``, else those that are granted later; an administrator's
    sees them anyway.
    Raises Invalid for a wrong address, role or weak password, Conflict for an address in use.
    """
    email = _read_email(email)
    name = _read_name(name)
    chosen = _read_role(role)
    passwords.check_strength(password, email=email, name=name)
    _keep_address_free(session, email)
    user = User(
        email=email,
        name=name,
        role=chosen,
        password_hash=passwords.hash_password(password),
        must_change_password=must_change_password,
        session_epoch=0,
        active=True,
    )
    session.add(user)
    session.flush()
    record(session, by, "create user", f"user {email}", role=str(chosen))
    made = account_of(user)
    if all_journeys:
        grants.give_all(session, made, by=by)
    return made


def create_user_of_provider(
    session: Session, *, email: str, name: str, role: Role, issuer: str
) -> Account:
    """A new account for somebody whom an identity provider vouches for: no password fits it.

    Raises Invalid for a wrong address or name, Conflict for an address in use.
    """
    email, name = _read_email(email), _read_name(name)
    _keep_address_free(session, email)
    user = User(email=email, name=name, role=role, password_hash="", session_epoch=0, active=True)
    session.add(user)
    session.flush()
    record(session, None, "create user", f"user {email}", role=str(role), issuer=issuer)
    return account_of(user)


def note_sign_in(session: Session, credentials: Credentials, password: str) -> Account | None:
    """Note that this account, whose password was just found right, signs in; None as below."""
    found = note_password(session, credentials, password)
    return sign_in(session, found) if found else None


def note_password(session: Session, credentials: Credentials, password: str) -> Account | None:
    """Note that this account's password was just found right, which may not be enough.

    The check itself takes a tenth of a second and happens outside any transaction, so the account
    is compared once more: None when it was changed in between.
    """
    user = session.get(User, credentials.user_id)
    if user is None or not user.active or user.password_hash != credentials.password_hash:
        return None
    if passwords.outdated(user.password_hash):
        user.password_hash = passwords.hash_password(password)
    return account_of(user)


def sign_in(session: Session, account: Account, **how: str) -> Account:
    """Note that who has proved to be this account signs in, and by what beside a password."""
    user = _user(session, account.id)
    user.signed_in_at = utc_now()
    record(session, user.id, "sign in", f"user {user.email}", **how)
    return account_of(user)


def note_refused_code(session: Session, user_id: int) -> None:
    """Note that somebody knew the password and had no second factor: the password is known to others,
    or a telephone's clock is wrong.
    """
    record(session, None, "refuse second factor", f"user {_user(session, user_id).email}")


def note_refused_sign_in(session: Session, credentials: Credentials | None) -> None:
    """Note a refused sign-in, for unknown accounts too: both must take the same time.

    What was typed for an unknown account is not kept; it is often a password in the wrong field.
    """
    subject = f"user {_user(session, credentials.user_id).email}" if credentials else "nobody"
    record(session, None, "refuse sign-in", subject)


def change_password(session: Session, user_id: int, *, current: str, new: str) -> Account:
    """Replace one's own password and end all of one's sessions; Invalid when ``current`` is wrong."""
    user = _user(session, user_id)
    if not passwords.matches(user.password_hash, current):
        raise Invalid("That is not your present password.", field="current")
    passwords.check_strength(new, email=user.email, name=user.name)
    if passwords.matches(user.password_hash, new):
        raise Invalid("The new password is the old one; choose another.", field="password")
    user.password_hash = passwords.hash_password(new)
    user.must_change_password = False
    user.session_epoch += 1
    record(session, user.id, "change password", f"user {user.email}")
    return account_of(user)


def reset_password(session: Session, user_id: int, *, by: int | None) -> str:
    """Give an account a one-time password, end its sessions, and return the password to be told."""
    password = passwords.one_time_password()
    _make_one_time(session, _user(session, user_id), password, by=by)
    return password


def give_password(session: Session, user_id: int, password: str, *, by: int | None) -> None:
    """Give an account this one-time password and end its sessions. Raises Invalid where it is weak."""
    user = _user(session, user_id)
    passwords.check_strength(password, email=user.email, name=user.name)
    _make_one_time(session, user, password, by=by)


def _make_one_time(session: Session, user: User, password: str, *, by: int | None) -> None:
    user.password_hash = passwords.hash_password(password)
    user.must_change_password = True
    user.session_epoch += 1
    record(session, by, "reset password", f"user {user.email}")


def set_role(session: Session, user_id: int, role: str, *, by: int | None) -> Account:
    """Change what an account may do and end its sessions; one administrator always remains."""
    user = _user(session, user_id)
    chosen = _read_role(role)
    if user.role == chosen:
        return account_of(user)
    if user.role == Role.ADMINISTRATOR:
        _keep_an_administrator(session, user)
    before, user.role = user.role, chosen
    user.session_epoch += 1
    record(session, by, "change role", f"user {user.email}", before=before, after=str(chosen))
    grants.end_share_links(session, user, by=by)
    return account_of(user)


def set_active(session: Session, user_id: int, active: bool, *, by: int | None) -> Account:
    """Close or reopen an account; closing ends its sessions and keeps what it did."""
    user = _user(session, user_id)
    if user.active == active:
        return account_of(user)
    if not active and user.role == Role.ADMINISTRATOR:
        _keep_an_administrator(session, user)
    user.active = active
    user.session_epoch += 1
    record(session, by, "reopen account" if active else "close account", f"user {user.email}")
    grants.end_share_links(session, user, by=by)
    return account_of(user)


def end_sessions(session: Session, user_id: int) -> Account:
    """Sign an account out everywhere."""
    user = _user(session, user_id)
    user.session_epoch += 1
    record(session, user.id, "end all sessions", f"user {user.email}")
    return account_of(user)


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return user


def _keep_address_free(session: Session, email: str) -> None:
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise Conflict(f"{email} already has an account; edit that one.")


def _keep_an_administrator(session: Session, user: User) -> None:
    # The lock keeps two administrators from demoting each other at the same moment.
    remaining = session.scalars(
        select(User.id)
        .where(User.role == Role.ADMINISTRATOR, User.active.is_(True))
        .with_for_update()
    ).all()
    if set(remaining) <= {user.id}:
        raise Conflict(
            f"{user.email} is the last administrator; make somebody else administrator first."
        )


def _read_email(email: str) -> str:
    email = email.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise Invalid(
            f"{email[:80]!r} is no e-mail address; write one such as ada@example.org.",
            field="email",
        )
    return email


def _read_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200:
        raise Invalid(f"The name has {len(name)} characters; use 1 to 200.", field="name")
    return name


def _read_role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(Role)
        raise Invalid(f"{role!r} is no role; use one of {known}.", field="role") from None
