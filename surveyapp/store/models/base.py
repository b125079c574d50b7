"""What every table is made of: names of constraints, numbers, public ids."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from surveyapp.store.public_ids import random_id

# Named constraints, so that a migration can find them again on both databases.
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
# SQLite numbers rows by itself only in a column declared INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")
NOTHING_SORTED = -1  # lower than any response's id


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A check, named after its column, that it holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def public_id() -> Mapped[str]:
    """The column of a row's name for other programs; unique by an index, which the table names."""
    return mapped_column(Uuid(as_uuid=False), default=random_id)
