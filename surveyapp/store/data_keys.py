"""The keys of names and addresses in the database: made, checked, wrapped anew, followed by others."""

from __future__ import annotations

import os
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from surveyapp.errors import SettingsError
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.encryption import KEY_BYTES
from surveyapp.store.models import EncryptionKey
from surveyapp.store.wrapping import fingerprint, unwrap, wrap


def check(store: Store) -> None:
    """Raise SettingsError unless the store's master key opens the database's data keys; the first one that
    comes makes them.
    """
    master_key = _master_key(store)
    with store.reading() as session:
        known = master_fingerprint(session)
    if known is None:
        try:
            with store.writing() as session:
                if master_fingerprint(session) is None:
                    make_first(session.connection(), master_key)
        except IntegrityError:  # on PostgreSQL another process may have been first
            pass
        with store.reading() as session:
            known = master_fingerprint(session)
    own = fingerprint(master_key)
    if known != own:
        raise SettingsError(
            "The names and addresses in this database are encrypted under the master key with the"
            f" fingerprint {known}, and this process has the key {own}. Use the key of the installation"
            " that made the database (master.key in its home folder, or SURVEYAPP_MASTER_KEY). A change"
            " of the key that was interrupted is ended by `surveyapp encryption rewrap`; if the key is"
            " lost, `surveyapp encryption abandon` gives up what is under it."
        )


def make_first(connection: Connection, master_key: str) -> None:
    """Make the first data key, and the key of blind indexes."""
    for number, purpose in ((1, "data"), (2, "index")):
        connection.execute(insert(EncryptionKey).values(_new(number, purpose, master_key)))


def data_keys(session: Session) -> Sequence[EncryptionKey]:
    """The keys that encrypt, the newest last."""
    own = EncryptionKey.purpose == "data"
    return session.scalars(select(EncryptionKey).where(own).order_by(EncryptionKey.number)).all()


def add(session: Session, master_key: str) -> int:
    """Make a data key that encrypts from now on; its number."""
    number = (session.scalar(select(func.max(EncryptionKey.number))) or 0) + 1
    session.execute(insert(EncryptionKey).values(_new(number, "data", master_key)))
    record(session, None, "make data key", f"data key {number}")
    return number


def destroy(session: Session, numbers: Sequence[int]) -> None:
    """Delete data keys: what is still under them, in whatever copy, is unreadable from now on."""
    session.execute(delete(EncryptionKey).where(EncryptionKey.number.in_(numbers)))
    for number in numbers:
        record(session, None, "destroy data key", f"data key {number}")


def rewrap(session: Session, old: str, new: str) -> int:
    """Wrap every key under another master key; how many. What they encrypt stays as it is.

    Raises Unreadable unless they are under ``old``.
    """
    rows = session.scalars(select(EncryptionKey).order_by(EncryptionKey.number)).all()
    for row in rows:
        secret = unwrap(row.wrapped, old, row.number)
        session.execute(
            update(EncryptionKey)
            .where(EncryptionKey.number == row.number)
            .values(wrapped=wrap(secret, new, row.number), master=fingerprint(new))
        )
    record(session, None, "change master key", f"master key {fingerprint(new)}")
    return len(rows)


def master_fingerprint(session: Session) -> str | None:
    """The fingerprint of the master key that the keys are under; None where there are none."""
    return session.scalar(
        select(EncryptionKey.master).order_by(EncryptionKey.number.desc()).limit(1)
    )


def _new(number: int, purpose: str, master_key: str) -> dict[str, object]:
    return {
        "number": number,
        "purpose": purpose,
        "wrapped": wrap(os.urandom(KEY_BYTES), master_key, number),
        "master": fingerprint(master_key),
        "created_at": utc_now(),
    }


def _master_key(store: Store) -> str:
    if store.keyring is None:
        raise SettingsError("The database was opened without a master key.")
    return store.keyring.master_key
