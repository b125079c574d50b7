"""Databases that are kept as they are once and restored again and again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, make_url


class Database(Protocol):
    """One migrated database; nobody is connected while it is kept or restored."""

    url: str

    def keep(self) -> None:
        """Remember it as it is."""

    def restore(self) -> None:
        """Bring it back to what was kept."""

    def faults(self, connection: Connection) -> list[str]:
        """What the database finds wrong with itself."""


@dataclass
class Sqlite:
    """A copy of the migrated file in this folder."""

    migrated: Path
    folder: Path

    def __post_init__(self) -> None:
        self.url = f"sqlite:///{self.folder / 'attacked.db'}"
        shutil.copy(self.migrated, self.folder / "attacked.db")

    def keep(self) -> None:
        _copy(self.folder / "attacked.db", self.folder / "kept.db")

    def restore(self) -> None:
        _copy(self.folder / "kept.db", self.folder / "attacked.db")

    def faults(self, connection: Connection) -> list[str]:
        whole = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        foreign = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        return [*(str(each) for each in whole if each != "ok"), *map(str, foreign)]


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        before.backup(after)


@dataclass
class Postgresql:
    """A copy of the server's migrated database, which is told by its address."""

    migrated: str

    def __post_init__(self) -> None:
        made = make_url(self.migrated).set(database="attacked")
        self.url = made.render_as_string(hide_password=False)
        self._become("attacked", make_url(self.migrated).database or "")

    def keep(self) -> None:
        self._become("kept", "attacked")

    def restore(self) -> None:
        self._become("attacked", "kept")

    def faults(self, connection: Connection) -> list[str]:
        return []  # it checks foreign keys always, and its pages by itself

    def _become(self, name: str, template: str) -> None:
        server = make_url(self.migrated).set(database="template1", drivername="postgresql")
        address = server.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name))
            made = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(drop)
            connection.execute(made.format(Identifier(name), Identifier(template)))
