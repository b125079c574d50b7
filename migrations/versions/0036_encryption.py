"""Names and addresses are encrypted, and found by blind indexes.

Each column is written anew beside the old one, which is dropped: neither database then keeps a plain
value in a row. What their files keep of old rows is overwritten after the upgrade, which
``counters`` notes.
"""

import json
import os
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from surveyapp.errors import SettingsError
from surveyapp.store.encryption import KEY_BYTES
from surveyapp.store.keyring import keyring_of
from surveyapp.store.wrapping import fingerprint, wrap

revision = "0036"
down_revision = "0045"

_AT_ONCE = 1000
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Table, its keys, and its columns with what an empty one holds and whether it is bound to the row.
_COLUMNS = (
    (
        "contacts",
        ("customer_ref",),
        {"email": ("", True), "phone": ("", True), "bounce_reason": ("", False)},
    ),
    ("draw_entries", ("id",), {"address": ("", True)}),
    ("outgoing_messages", ("id",), {"content": ("{}", False)}),
    ("alerts", ("id",), {"emails": ("[]", False)}),
    ("case_notes", ("id",), {"text": ("", False)}),
    ("erasures", ("id",), {"note": ("", False)}),
    ("comment_originals", ("response_id", "item"), {"text": ("", False)}),
)
_INDEXED = {"contacts": ("email", "phone"), "draw_entries": ("address",)}
_DOCUMENTS = ("content", "emails")


def upgrade() -> None:
    connection = op.get_bind()
    op.create_table(
        "encryption_keys",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("wrapped", sa.Text, nullable=False),
        sa.Column("master", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('data', 'index')", name="ck_encryption_keys_purpose"),
        sa.PrimaryKeyConstraint("number", name="pk_encryption_keys"),
    )
    keyring = _keyring(connection)
    op.drop_index("ix_contacts_email", "contacts")
    encrypted = 0
    for table, keys, columns in _COLUMNS:
        for name, (empty, _) in columns.items():
            op.add_column(table, _column(f"new_{name}", empty))
        for name in _INDEXED.get(table, ()):
            op.add_column(table, _column(f"{name}_index", "", sa.String(64)))
        encrypted += _encrypt(connection, keyring, table, keys, columns) if keyring else 0
        if table == "draw_entries" and connection.dialect.name == "sqlite":
            _rebuild_entries(connection)
            continue
        for name in columns:
            op.drop_column(table, name)  # on PostgreSQL with the constraint on a draw's addresses
            op.alter_column(table, f"new_{name}", new_column_name=name)
        if connection.dialect.name == "postgresql":
            for name in (*columns, *(f"{each}_index" for each in _INDEXED.get(table, ()))):
                op.alter_column(table, name, server_default=None)
    if connection.dialect.name == "postgresql":
        op.create_unique_constraint(
            "uq_draw_entries_survey_id_address_index",
            "draw_entries",
            ["survey_id", "address_index"],
        )
    op.create_index("ix_contacts_email_index", "contacts", ["email_index"])
    op.create_index("ix_contacts_phone_index", "contacts", ["phone_index"])
    if encrypted:
        counters = sa.table("counters", sa.column("name"), sa.column("value"))
        connection.execute(counters.insert().values(name="plain copies", value=encrypted))


def _column(name, empty, kind=None):
    return sa.Column(name, kind or sa.Text(), nullable=False, server_default=empty)


def _keyring(connection):
    """The keys to encrypt with, made here; None where there is no master key, and nothing to encrypt."""
    try:
        keyring = keyring_of(connection.dialect)
    except SettingsError:
        for table, _, columns in _COLUMNS:
            if connection.scalar(sa.select(sa.exists().select_from(sa.table(table)))):
                raise SettingsError(
                    f"{table} is to be encrypted ({', '.join(columns)}), and there is no master key:"
                    " upgrade by `surveyapp db upgrade`."
                ) from None
        return None
    keys = sa.table(
        "encryption_keys",
        *(sa.column(name) for name in ("number", "purpose", "wrapped", "master")),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    for number, purpose in ((1, "data"), (2, "index")):
        connection.execute(
            keys.insert().values(
                number=number,
                purpose=purpose,
                wrapped=wrap(os.urandom(KEY_BYTES), keyring.master_key, number),
                master=fingerprint(keyring.master_key),
                created_at=datetime.now(UTC),
            )
        )
    keyring.read(connection)
    return keyring


def _encrypt(connection, keyring, table, keys, columns):
    """Fill the new columns from the old ones; how many rows had something to encrypt."""
    indexed = _INDEXED.get(table, ())
    kinds = {name: sa.JSON() if name in _DOCUMENTS else sa.Text() for name in columns}
    old = sa.table(table, *map(sa.column, keys), *(sa.column(n, kind) for n, kind in kinds.items()))
    written = [f"new_{name}" for name in columns] + [f"{name}_index" for name in indexed]
    new = sa.table(table, *map(sa.column, keys), *(sa.column(name, sa.Text()) for name in written))
    changed = (
        new.update()
        .where(*(new.c[key] == sa.bindparam(f"of_{key}") for key in keys))
        .values({name: sa.bindparam(name) for name in written})
    )
    count, last = 0, None
    while True:
        order = [old.c[key] for key in keys]
        query = sa.select(old).order_by(*order).limit(_AT_ONCE)
        if last is not None:
            query = query.where(sa.tuple_(*order) > sa.tuple_(*last))
        rows = connection.execute(query).all()
        if not rows:
            return count
        last = [rows[-1]._mapping[key] for key in keys]
        changes = []
        for row in (each._mapping for each in rows):
            change = {f"of_{key}": row[key] for key in keys}
            for name, (empty, by_row) in columns.items():
                said = row[name]
                if name in _DOCUMENTS:
                    said = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
                place = f"{table}.{name} {row[keys[0]]}" if by_row else f"{table}.{name}"
                kept = said if said in ("", empty) else keyring.encrypted(said, place)
                change[f"new_{name}"] = kept
            for name in indexed:
                said = row[name]
                change[f"{name}_index"] = (
                    keyring.blind_index(said, f"{table}.{name}") if said else ""
                )
            changes.append(change)
        connection.execute(changed, changes)
        count += len(rows)


def _rebuild_entries(connection):
    """SQLite drops no column that a constraint is about. With the old table go the winners, hence they
    are kept aside.
    """
    winners = sa.table("prize_draw_winners", sa.column("prize_draw_id"), sa.column("entry_id"))
    won = connection.execute(sa.select(winners)).mappings().all()
    op.create_table(
        "new_draw_entries",
        sa.Column("id", _NUMBER, nullable=False, autoincrement=False),
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_index", sa.String(64), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_draw_entries_survey_id"),
        sa.PrimaryKeyConstraint("id", name="pk_draw_entries"),
        sa.UniqueConstraint(
            "survey_id", "address_index", name="uq_draw_entries_survey_id_address_index"
        ),
    )
    connection.execute(
        sa.text(
            "INSERT INTO new_draw_entries (id, survey_id, address, address_index, day)"
            " SELECT id, survey_id, new_address, address_index, day FROM draw_entries ORDER BY id"
        )
    )
    op.drop_table("draw_entries")
    op.rename_table("new_draw_entries", "draw_entries")
    if won:
        connection.execute(winners.insert(), [dict(each) for each in won])
