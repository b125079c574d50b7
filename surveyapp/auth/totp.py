"""One-time codes of an authenticator app (TOTP, RFC 6238): set up, checked, each good once."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.store.models import TotpSecret
from surveyapp.store.sealing import Unreadable, seal, unseal

DIGITS = 6
STEP_SECONDS = 30
_PURPOSE = "surveyapp one-time codes"
_EITHER_WAY = (0, -1, 1)  # steps that a telephone's clock may be off


def begin(session: Session, user_id: int, *, secret_key: str) -> None:
    """Make a secret for an app to be set up with, in place of one that was never confirmed.

    Raises Conflict where one is in use.
    """
    row = session.get(TotpSecret, user_id)
    if row is not None and row.confirmed_at is not None:
        raise Conflict("An authenticator app is set up already. Turn it off first.")
    if row is not None:
        session.delete(row)
        session.flush()
    secret = seal(pyotp.random_base32(), secret_key, _PURPOSE)
    session.add(TotpSecret(user_id=user_id, secret=secret, last_step=0))


def pending_secret(session: Session, user_id: int, *, secret_key: str) -> str | None:
    """The secret to set an app up with; None where none waits, so that one in use is never shown."""
    row = session.get(TotpSecret, user_id)
    if row is None or row.confirmed_at is not None:
        return None
    try:
        return unseal(row.secret, secret_key, _PURPOSE)
    except Unreadable:  # another secret key was adopted meanwhile: set up anew
        return None


def address_of(secret: str, email: str, issuer: str) -> str:
    """What the QR code for the app says."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=email, issuer_name=issuer
    )


def confirm(session: Session, user_id: int, code: str, *, secret_key: str, now: datetime) -> None:
    """Take a secret into use, once its app has shown a right code. Raises Invalid, Conflict."""
    row = session.get(TotpSecret, user_id)
    if row is None or row.confirmed_at is not None:
        raise Conflict("No authenticator app is being set up. Begin anew.")
    if not _use_step(session, row, code, secret_key, now):
        raise Invalid(
            "This is not the code that the app shows now. Check the clock of your telephone.",
            field="code",
        )
    row.confirmed_at = now


def is_on(session: Session, user_id: int) -> bool:
    """Whether the account has an app whose codes it signs in with."""
    row = session.get(TotpSecret, user_id)
    return row is not None and row.confirmed_at is not None


def check(session: Session, user_id: int, code: str, *, secret_key: str, now: datetime) -> bool:
    """Whether this is a right code that was not used before; it is used up by this."""
    row = session.get(TotpSecret, user_id)
    if row is None or row.confirmed_at is None:
        return False
    return _use_step(session, row, code, secret_key, now)


def remove(session: Session, user_id: int) -> None:
    """Forget the account's app."""
    session.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id))


def _use_step(session: Session, row: TotpSecret, code: str, secret_key: str, now: datetime) -> bool:
    """Use up the step that the code is of; False for a wrong one, and for one of a step that was used
    or lies before it. Of two who send one code at one moment, one is first.
    """
    try:
        app = pyotp.TOTP(unseal(row.secret, secret_key, _PURPOSE))
    except Unreadable:
        return False
    typed = "".join(code.split())
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present + off for off in _EITHER_WAY):
        if hmac.compare_digest(app.generate_otp(step).encode(), typed.encode()):
            unused = (TotpSecret.user_id == row.user_id) & (TotpSecret.last_step < step)
            used = update(TotpSecret).where(unused).values(last_step=step)
            return session.scalar(used.returning(TotpSecret.user_id)) is not None
    return False
