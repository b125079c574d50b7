"""The second factor of an account, whatever its kind: whether it has one, used, turned off, reset."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from surveyapp.auth import passkeys, recovery_codes, totp
from surveyapp.auth.accounts import Account
from surveyapp.auth.passkeys import Registered
from surveyapp.errors import Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.store.audit import record
from surveyapp.store.models import Passkey, User, UserSession

# How a session was begun; all but the first are as good as a second factor.
PASSWORD = "password"  # noqa: S105 - no password, a word for one
CODE = "code"
PROVIDER = "provider"
PASSKEY = "passkey"


@dataclass(frozen=True)
class SecondFactor:
    """What an account has beside its password."""

    app: bool
    passkeys: int
    recovery_codes: int

    @property
    def is_on(self) -> bool:
        return self.app or self.passkeys > 0


def of(session: Session, user_id: int) -> SecondFactor:
    """The account's second factor."""
    return SecondFactor(
        totp.is_on(session, user_id),
        passkeys.count(session, user_id),
        recovery_codes.left(session, user_id),
    )


def is_missing(account: Account, method: str, required: Collection[str]) -> bool:
    """Whether the account's role asks for a second factor that its session was begun without."""
    return method == PASSWORD and account.role in required


def turn_on(
    session: Session, account: Account, code: str, *, session_id: int, installation: Installation
) -> list[str]:
    """Take an app into use that shows this code; the recovery codes, to be shown now or never.

    Raises Invalid, Conflict.
    """
    secret_key, now = installation.secret_key, installation.now()
    totp.confirm(session, account.id, code, secret_key=secret_key, now=now)
    _raise(session, session_id, CODE)
    record(session, account.id, "turn on second factor", f"user {account.email}")
    return recovery_codes.renew(session, account.id)


def add_passkey(
    session: Session, account: Account, name: str, made: Registered, *, session_id: int
) -> list[str]:
    """Keep a passkey that was just made; the recovery codes, to be shown now or never, where it is the
    first second factor. Raises Invalid, Conflict.
    """
    is_first = not of(session, account.id).is_on
    passkeys.add(session, account, name, made)
    _raise(session, session_id, PASSKEY)
    return recovery_codes.renew(session, account.id) if is_first else []


def remove_passkey(session: Session, account: Account, passkey_id: int) -> str:
    """Remove a passkey; its name. Raises NotFound."""
    name = passkeys.remove(session, account, passkey_id)
    _settle(session, account.id)
    return name


def use(session: Session, user_id: int, typed: str, *, installation: Installation) -> str | None:
    """Use up a code of the app or a recovery code; what it was, None for a wrong one."""
    now: datetime = installation.now()
    digits = "".join(typed.split())
    if digits.isdecimal() and len(digits) == totp.DIGITS:
        secret_key = installation.secret_key
        right = totp.check(session, user_id, digits, secret_key=secret_key, now=now)
        return "code" if right else None
    return "recovery code" if recovery_codes.use(session, user_id, typed) else None


def turn_off(session: Session, account: Account, typed: str, *, installation: Installation) -> None:
    """Do without the app from now on, proven by one more code. Raises Invalid."""
    _prove(session, account, typed, installation)
    totp.remove(session, account.id)
    _settle(session, account.id)
    record(session, account.id, "turn off second factor", f"user {account.email}")


def new_recovery_codes(
    session: Session, account: Account, typed: str, *, installation: Installation
) -> list[str]:
    """New recovery codes in place of all earlier ones, proven by one more code. Raises Invalid."""
    _prove(session, account, typed, installation)
    record(session, account.id, "renew recovery codes", f"user {account.email}")
    return recovery_codes.renew(session, account.id)


def reset(session: Session, user_id: int, *, by: int | None) -> None:
    """Take an account's second factor away for somebody who lost it, and end its sessions.

    Raises NotFound.
    """
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    totp.remove(session, user_id)
    session.execute(delete(Passkey).where(Passkey.user_id == user_id))
    _settle(session, user_id)
    user.session_epoch += 1
    record(session, by, "reset second factor", f"user {user.email}")


def _prove(session: Session, account: Account, typed: str, installation: Installation) -> None:
    if use(session, account.id, typed, installation=installation) is None:
        raise Invalid("This code is wrong or was used before.", field="code")


def _raise(session: Session, session_id: int, method: str) -> None:
    """Note that a session is as good as begun with a second factor: its owner has just shown one."""
    own = update(UserSession).where(UserSession.id == session_id, UserSession.method == PASSWORD)
    session.execute(own.values(method=method))


def _settle(session: Session, user_id: int) -> None:
    """Once nothing is left beside the password: no recovery codes, and sessions as good as begun by it
    alone, for a role that asks for more.
    """
    if of(session, user_id).is_on:
        return
    recovery_codes.remove(session, user_id)
    theirs = (UserSession.user_id == user_id) & UserSession.method.in_((CODE, PASSKEY))
    session.execute(update(UserSession).where(theirs).values(method=PASSWORD))
