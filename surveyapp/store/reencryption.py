"""Everything encrypted under earlier data keys, encrypted anew under the newest one, some rows at a time.

It may be stopped at any moment and goes on where it was: what is left is told by the rows themselves.
Several processes may do it at once: each takes rows that no other one has, and one of them ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Table,
    Text,
    and_,
    bindparam,
    column,
    func,
    or_,
    select,
    table,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TableClause

from surveyapp.store import data_keys, plain_copies
from surveyapp.store.db import Store
from surveyapp.store.encrypted_columns import Encrypted
from surveyapp.store.encryption import MARK, prefix
from surveyapp.store.keyring import Keyring
from surveyapp.store.models import Base

AT_ONCE = 500
# Each process looks for new keys once a minute; a transaction that encrypted before that is over, too.
GRACE = timedelta(minutes=5)
_BRIEF_MILLISECONDS = 500
_LOCK_NOT_AVAILABLE = "55P03"  # of PostgreSQL
_NUMBER = 7_236_412_358_002  # ours among the advisory locks of a database


@dataclass(frozen=True)
class EncryptionState:
    """The newest data key, the earlier ones that a rotation still has to get rid of, and how many rows are
    under them; ``plain_copies``: what an upgrade has encrypted may still lie in freed pages.
    """

    newest: int
    since: datetime
    earlier: tuple[int, ...]
    remaining: int
    plain_copies: bool


@dataclass(frozen=True)
class EncryptedTable:
    """A table's encrypted columns, and the table without their types: as the database keeps it."""

    kept: TableClause
    keys: tuple[str, ...]
    kinds: Mapping[str, Encrypted]

    def under_earlier(self, newest: int) -> ColumnElement[bool]:
        """Rows of which a column is under another key than the newest."""
        return or_(
            *(
                and_(
                    self.kept.c[name].startswith(MARK),
                    ~self.kept.c[name].startswith(prefix(newest)),
                )
                for name in self.kinds
            )
        )


def encrypted_tables() -> Iterator[EncryptedTable]:
    """Every table that has encrypted columns."""
    for each in Base.metadata.sorted_tables:
        kinds = {c.name: c.type for c in each.columns if isinstance(c.type, Encrypted)}
        if kinds:
            yield _encrypted_table(each, kinds)


def state(session: Session) -> EncryptionState:
    """How far encryption is; rows are counted only while a rotation is under way."""
    *earlier, newest = data_keys.data_keys(session)
    remaining = 0
    if earlier:
        for each in encrypted_tables():
            count = select(func.count()).select_from(each.kept)
            remaining += session.scalar(count.where(each.under_earlier(newest.number))) or 0
    return EncryptionState(
        newest=newest.number,
        since=newest.created_at,
        earlier=tuple(key.number for key in earlier),
        remaining=remaining,
        plain_copies=plain_copies.left(session),
    )


def begin(store: Store, keyring: Keyring) -> int:
    """Make a new data key, unless a rotation is under way; the number of the newest."""
    with store.writing() as session:
        _one_at_a_time(session)
        known = data_keys.data_keys(session)
        if len(known) > 1:
            return known[-1].number
        return data_keys.add(session, keyring.master_key)


def reencrypt(store: Store, keyring: Keyring, told: Callable[[int], None]) -> int:
    """Encrypt anew what is under earlier keys; how many rows. ``told`` hears of each batch."""
    newest, done = keyring.newest(), 0
    for each in encrypted_tables():
        last: Any = None
        while True:
            with store.writing() as session:
                count, last = _batch(session, each, newest, last, keyring)
            if last is None:
                break
            done += count
            told(count)
            store.give_way()
    return done


def finish(store: Store, now: datetime) -> bool:
    """Destroy the earlier keys if nothing is under them and every process knows the newest; whether there
    are none any more. Of several processes one does, and tells the audit log.
    """
    with store.reading(may_use_replica=False) as session:
        *earlier, newest = data_keys.data_keys(session)
    if not earlier:
        return True
    if now - newest.created_at < GRACE or not _writers_ended(store):
        return False
    with store.reading(may_use_replica=False) as session:
        found = state(session)
    if found.remaining:
        return False
    with store.writing() as session:
        _one_at_a_time(session)
        left = {key.number for key in data_keys.data_keys(session)} & set(found.earlier)
        data_keys.destroy(session, sorted(left))
    if left:
        plain_copies.empty_log(store.engine)
    return True


def _writers_ended(store: Store) -> bool:
    """Whether everybody has finished who wrote names or addresses at this moment; False where somebody
    takes long. Whoever writes after it knows the newest key, so that rows can be counted while they do.
    """
    try:
        with store.writing() as session:
            if not store.is_sqlite:
                # Who waits longer meets PostgreSQL's search for deadlocks, which might end a customer's
                # transaction instead of this one; and everybody else waits behind it.
                session.execute(text(f"SET LOCAL lock_timeout = {_BRIEF_MILLISECONDS}"))
                names = ", ".join(each.kept.name for each in encrypted_tables())
                session.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            return False
        raise
    return True


def _one_at_a_time(session: Session) -> None:
    """Wait for whoever else makes or destroys data keys; SQLite has one writer at a time anyway."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({_NUMBER})"))


def _encrypted_table(each: Table, kinds: Mapping[str, Encrypted]) -> EncryptedTable:
    keys = [column(key.name, key.type) for key in each.primary_key.columns]
    columns = (column(name, Text) for name in kinds)
    return EncryptedTable(table(each.name, *keys, *columns), tuple(key.name for key in keys), kinds)


def _batch(
    session: Session, each: EncryptedTable, newest: int, after: Any, keyring: Keyring
) -> tuple[int, Any]:
    """Rows of the table behind ``after``; how many, and the last one's keys, None where there was none."""
    kept = each.kept
    keys = [kept.c[name] for name in each.keys]
    query = select(kept).where(each.under_earlier(newest)).order_by(*keys).limit(AT_ONCE)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after))
    # What another process is at is its own; and no key is destroyed whose texts are read here.
    query = query.with_for_update(skip_locked=True)
    rows = session.execute(query).mappings().all()
    for name, kind in each.kinds.items():
        changes = []
        for row in rows:
            old = row[name]
            if old and old.startswith(MARK) and not old.startswith(prefix(newest)):
                place = kind.place_of(str(row[kind.row or each.keys[0]]))
                new = keyring.encrypted(keyring.decrypted(old, place), place)
                own = {f"of_{key}": row[key] for key in each.keys}
                changes.append({**own, "old": old, "new": new})
        if changes:
            # What somebody has written meanwhile is theirs, and under the newest key.
            of_row = (key == bindparam(f"of_{key.name}") for key in keys)
            changed = update(kept).where(*of_row, kept.c[name] == bindparam("old"))
            session.connection().execute(changed.values({name: bindparam("new")}), changes)
    return len(rows), tuple(rows[-1][key] for key in each.keys) if rows else None
