"""Who is signed in: the cookie holds the key of a session that the database knows, nothing else."""

from __future__ import annotations

from typing import cast

from flask import Flask, g, request, session
from flask_login import (
    AnonymousUserMixin,
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)

from surveyapp.auth import sessions
from surveyapp.auth.accounts import Account
from surveyapp.auth.grants import Held
from surveyapp.auth.origins import device_words, network
from surveyapp.auth.permissions import RULES, Permission, Subject
from surveyapp.auth.sessions import OpenSession, Origin
from surveyapp.web.installation import installation
from surveyapp.web.session_cookies import SessionCookies

manager = LoginManager()
manager.session_protection = None  # addresses change on the move; a session's row ends it instead


class SignedIn(UserMixin):  # type: ignore[misc]
    """An account as Flask-Login wants it; its id is the key of the session."""

    def __init__(self, key: str, opened: OpenSession) -> None:
        self.key = key
        self.session_id = opened.id
        self.account = opened.account
        self.method = opened.method

    def get_id(self) -> str:
        return self.key

    def may(self, permission: str) -> bool:
        """Whether they may do this with what the page is about.

        On a page that is about no journey, the role alone says what may be done with journeys.
        """
        asked = Permission(permission)
        of_one = RULES[asked].subject is Subject.JOURNEY
        known: Held | None = g.get("held")
        covered = known is None or (of_one and not known.of_one) or known.covers(asked)
        return self.account.may(asked) and covered


class Nobody(AnonymousUserMixin):  # type: ignore[misc]
    """A visitor who is not signed in."""

    def may(self, _permission: str) -> bool:
        return False


manager.anonymous_user = Nobody


@manager.user_loader
def _load(key: str) -> SignedIn | None:
    now, hours = installation().now(), installation().settings.session_hours
    with installation().store.reading() as db:
        opened = sessions.opened(db, key, now=now, hours=hours)
    if opened is None:
        return None
    if opened.note_seen:
        with installation().store.writing() as db:
            sessions.note_seen(db, opened.id, now=now)
    return SignedIn(key, opened)


def remember_sessions(app: Flask) -> None:
    """Read and write who is signed in, in a cookie signed by the installation's keys."""
    app.session_interface = SessionCookies()
    manager.init_app(app)


def begin(account: Account, method: str) -> None:
    """Start a new session: whatever the browser's old one held, CSRF token included, is gone."""
    session.clear()
    session.permanent = True
    origin = Origin(browser(), network(request.remote_addr))
    now, hours = installation().now(), installation().settings.session_hours
    with installation().store.writing() as db:
        key = sessions.begin(db, account, origin, now=now, method=method)
        opened = sessions.opened(db, key, now=now, hours=hours)
    if opened is not None:  # unless the account was changed in this very moment
        login_user(SignedIn(key, opened))


def browser() -> str:
    """The kind of browser that asks, in words of our own."""
    return device_words(request.user_agent.string)


def end() -> None:
    """End the session of who is signed in, and forget them."""
    if current_user.is_authenticated:
        with installation().store.writing() as db:
            sessions.end(db, session_id())
    logout_user()
    session.clear()


def session_id() -> int:
    """The number of the signed-in person's session; only behind a guard."""
    return cast(SignedIn, current_user).session_id


def method() -> str:
    """How the signed-in person's session was begun; only behind a guard."""
    return cast(SignedIn, current_user).method


def me() -> Account:
    """The signed-in account; only behind a guard."""
    return cast(SignedIn, current_user).account


def hold(held: Held) -> None:
    """Note what the signed-in account was granted on what the page is about."""
    g.held = held
