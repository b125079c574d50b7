"""A forgotten password replaced by a link in a mail: short-lived, good once, told to the mailbox alone.

The link's token is made from a seed by the secret key at the moment of sending, as those of
invitations are. The database has the seed and the token's hash: neither opens anything.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from surveyapp.auth import passwords
from surveyapp.errors import NotFound
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.mail import Message
from surveyapp.store.models import OutgoingMessage, PasswordReset, User

KIND = "password_reset"
LIFETIME = timedelta(hours=1)
# Due before any campaign that waits: after an hour in its queue the link would be worth nothing.
_AHEAD = timedelta(days=365)


@dataclass(frozen=True)
class Holder:
    """Whose password a link may replace."""

    user_id: int
    email: str
    name: str


def ask(session: Session, email: str, installation: Installation) -> None:
    """Have a link sent to this address if it is that of an active account.

    Whether it is must not show: the answer is the same, and so is the work but for one row.
    """
    now = installation.now()
    session.execute(delete(PasswordReset).where(PasswordReset.expires_at <= now))
    wanted = User.email == email.strip().lower()
    user = session.scalar(select(User).where(wanted, User.active.is_(True)))
    seed = secrets.token_urlsafe(32)
    token_hash = _hash(_token(seed, installation.secret_key))
    record(session, None, "ask for password reset", f"user {user.email}" if user else "nobody")
    if user is None:
        return
    session.add(PasswordReset(user_id=user.id, token_hash=token_hash, expires_at=now + LIFETIME))
    session.add(
        OutgoingMessage(
            key=f"{KIND} {token_hash[:32]}",
            kind=KIND,
            content={"to": user.email, "seed": seed},
            due_at=now - _AHEAD,
            created_at=now,
        )
    )


def mail(content: dict[str, Any], installation: Installation) -> Message:
    """The mail with the link, which is made of the settings' base_url and nothing that a request says."""
    token = _token(str(content["seed"]), installation.secret_key)
    base = installation.settings.base_url.rstrip("/")
    return Message(
        "Reset your surveyapp password",
        f"Somebody, probably you, asked for a new password for your account at {base}.\n\n"
        f"Choose it here within an hour:\n{base}/password-reset/{token}\n\n"
        "The link works once. If it was not you, do nothing: your password stays as it is.\n",
    )


def holder(session: Session, token: str, *, now: datetime) -> Holder:
    """Whose link this is. Raises NotFound for one that is unknown, used or expired, without telling
    which.
    """
    user = session.scalar(
        select(User)
        .join(PasswordReset, PasswordReset.user_id == User.id)
        .where(
            PasswordReset.token_hash == _hash(token),
            PasswordReset.expires_at > now,
            User.active.is_(True),
        )
    )
    if user is None:
        raise NotFound("This link is not valid any more. Ask for a new one.")
    return Holder(user.id, user.email, user.name)


def finish(session: Session, token: str, password_hash: str, *, now: datetime) -> Holder:
    """Set the password of the link's holder, end their sessions, and use up all links that they have.

    Of two that come with one link at one moment, the second finds no row. Raises NotFound.
    """
    found = holder(session, token, now=now)
    used = delete(PasswordReset).where(PasswordReset.token_hash == _hash(token))
    if session.scalar(used.returning(PasswordReset.id)) is None:
        raise NotFound("This link is not valid any more. Ask for a new one.")
    session.execute(delete(PasswordReset).where(PasswordReset.user_id == found.user_id))
    user = session.get_one(User, found.user_id)
    user.password_hash = password_hash
    user.must_change_password = False
    user.session_epoch += 1
    record(session, user.id, "reset password by mail", f"user {user.email}")
    return found


def checked_hash(found: Holder, password: str) -> str:
    """The hash of a new password that is good enough; outside of any transaction, as it takes long.

    Raises Invalid.
    """
    passwords.check_strength(password, email=found.email, name=found.name)
    return passwords.hash_password(password)


def _token(seed: str, secret_key: str) -> str:
    return hmac.new(secret_key.encode(), f"password reset {seed}".encode(), "sha256").hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
