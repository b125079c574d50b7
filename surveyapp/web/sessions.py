"""Who is signed in: the session holds an account's id and session epoch, nothing else."""

from __future__ import annotations

from typing import cast

from flask import Flask, session
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)

from surveyapp.auth import queries
from surveyapp.auth.accounts import Account
from surveyapp.auth.permissions import Permission
from surveyapp.web.ids import LARGEST
from surveyapp.web.installation import installation
from surveyapp.whole import whole_number

manager = LoginManager()
manager.session_protection = None  # addresses change on the move; the epoch ends sessions instead


class SignedIn(UserMixin):  # type: ignore[misc]
    """An account as Flask-Login wants it; its id changes with the epoch, which ends old sessions."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def get_id(self) -> str:
        return f"{self.account.id}.{self.account.session_epoch}"

    def may(self, permission: str) -> bool:
        return self.account.may(Permission(permission))


class Nobody(AnonymousUserMixin):  # type: ignore[misc]
    """A visitor who is not signed in."""

    def may(self, _permission: str) -> bool:
        return False


manager.anonymous_user = Nobody


@manager.user_loader
def _load(session_id: str) -> SignedIn | None:
    first, _, second = session_id.partition(".")
    user_id, epoch = (whole_number(each, largest=LARGEST) for each in (first, second))
    if user_id is None or epoch is None:
        return None
    with installation().store.reading() as db:
        account = queries.in_session(db, user_id, epoch)
    return SignedIn(account) if account else None


def begin(account: Account) -> None:
    """Start a new session: whatever the old one held, CSRF token included, is gone."""
    session.clear()
    session.permanent = True
    login_user(SignedIn(account))


def end() -> None:
    """Forget who is signed in."""
    logout_user()
    session.clear()


def me() -> Account:
    """The signed-in account; only behind a guard."""
    return cast(SignedIn, current_user).account


def remember_sessions(app: Flask) -> None:
    manager.init_app(app)
