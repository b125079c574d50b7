"""The secret key: made once, kept whole, and the only one that its database works with.

It signs links and sessions and makes pseudonyms: another key would mail links that open nothing.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveyapp.errors import SettingsError
from surveyapp.key_strength import key_fault
from surveyapp.store import key_files
from surveyapp.store.db import Store
from surveyapp.store.models import KeyFingerprint

FILE = "secret.key"


def kept(home: Path) -> str:
    """The key in the home folder, made there on the first run. Raises SettingsError for a file that holds
    none.
    """
    path = home / FILE
    key = key_files.kept(path, new_key)
    fault = key_fault(key)
    if fault:
        raise SettingsError(
            f"{path}: the secret key {fault}. Bring it back from a backup, or set"
            " SURVEYAPP_SECRET_KEY; only where no survey has been sent yet, delete the file."
        )
    return key


def new_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(48)


def fingerprint(key: str) -> str:
    """What tells one key from another and says nothing about either: 32 hexadecimal digits."""
    return hmac.new(key.encode(), b"surveyapp key fingerprint", "sha256").hexdigest()[:32]


def check(store: Store, key: str) -> None:
    """Raise SettingsError unless ``key`` is the one that the database belongs to.

    A database that knows none yet belongs to the first that comes.
    """
    own = fingerprint(key)
    with store.reading() as session:
        known = _known(session)
    if known is None:
        try:
            with store.writing() as session:
                if _known(session) is None:
                    # Number 1 whatever is there by now: on PostgreSQL another one may have come
                    # first, and after it this would be the newer of two.
                    session.add(KeyFingerprint(id=1, fingerprint=own))
        except IntegrityError:
            pass
        with store.reading() as session:
            known = _known(session)
    if known != own:
        raise SettingsError(
            f"This database belongs to the secret key with the fingerprint {known}, and this process"
            f" has the key {own}: every link it sends would be dead. Use the key of the installation"
            f" that made the database ({FILE} in its home folder, or SURVEYAPP_SECRET_KEY). If that"
            " key is lost, `surveyapp db adopt-key` makes this one the database's own."
        )


def adopt(session: Session, key: str) -> str:
    """Make ``key`` the database's own; its fingerprint. What the old key signed opens nothing more."""
    own = fingerprint(key)
    if _known(session) != own:
        last = session.scalar(select(func.max(KeyFingerprint.id))) or 0
        session.add(KeyFingerprint(id=last + 1, fingerprint=own))
    return own


def _known(session: Session) -> str | None:
    newest = select(KeyFingerprint.fingerprint).order_by(KeyFingerprint.id.desc()).limit(1)
    return session.scalar(newest)
