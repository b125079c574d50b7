"""Recovery codes: each signs in once in place of a second factor that is lost.

A code has 80 random bits, so a plain SHA-256 keeps it: there is nothing to guess from.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from surveyapp.store.models import RecoveryCode

COUNT = 10
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs, without 0, o, 1 and l
_LENGTH = 16


def renew(session: Session, user_id: int) -> list[str]:
    """New codes in place of all earlier ones, to be shown now or never."""
    remove(session, user_id)
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(COUNT)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(code)) for code in codes)
    return ["-".join(code[i : i + 4] for i in range(0, _LENGTH, 4)) for code in codes]


def use(session: Session, user_id: int, typed: str) -> bool:
    """Use a code up; False for one that is unknown or was used. Case, dashes and spaces do not matter."""
    code = "".join(sign for sign in typed.lower() if sign.isalnum())
    used = delete(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(code)
    )
    return session.scalar(used.returning(RecoveryCode.id)) is not None


def left(session: Session, user_id: int) -> int:
    """How many codes are not used yet."""
    query = select(func.count()).select_from(RecoveryCode)
    return session.scalar(query.where(RecoveryCode.user_id == user_id)) or 0


def remove(session: Session, user_id: int) -> None:
    """Make all of an account's codes worth nothing."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
