"""Bring a database to the newest schema.

Alembic is imported inside the functions: it costs a tenth of the start of a web process, which may
never need it.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine

from surveyapp.errors import SettingsError
from surveyapp.store import plain_copies
from surveyapp.store.upgrade_lock import alone

if TYPE_CHECKING:
    from alembic.config import Config


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")))
    return config


def upgrade(engine: Engine, target: str = "head") -> None:
    """Apply every migration up to ``target``, all in one transaction. Then what they have encrypted is
    overwritten. Of several processes one works, and the others wait for it and find nothing to do.

    Raises SettingsError for a database of a newer version.
    """
    config = _config()
    _refuse_newer(engine, config)
    with alone(engine):
        _refuse_newer(engine, config)  # which may have come while this process waited
        at_once = engine.connect().execution_options(sqlite_begin="IMMEDIATE")
        with at_once as connection, connection.begin():
            upgrade_in(connection, target)
        if target == "head":
            plain_copies.remove_noted(engine)


def upgrade_in(connection: Connection, target: str = "head") -> None:
    """Apply the migrations in the connection's transaction, where nobody else sees the database yet."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def pending(engine: Engine) -> bool:
    """Whether the database is behind the newest migration.

    Raises SettingsError for a database of a newer version.
    """
    from alembic.script import ScriptDirectory

    config = _config()
    current = _refuse_newer(engine, config)
    return current != ScriptDirectory.from_config(config).get_current_head()


def revision(connection: Connection) -> str | None:
    """The database's schema, None where it has none."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(engine: Engine, config: Config) -> str | None:
    """The database's schema, None where it has none. Its number is unknown here only when a newer
    version of the program has been there.
    """
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        current = revision(connection)
    scripts = ScriptDirectory.from_config(config)
    known = {each.revision for each in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise SettingsError(
            f"This database has the schema {current}, which is newer than this version of surveyapp"
            f" knows ({scripts.get_current_head()}). Install the version that made it, or a later one."
        )
    return current
