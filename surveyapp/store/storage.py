"""Everything that an installation keeps, opened together: database, files, secret key."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.settings import Settings
from surveyapp.store import keys, private
from surveyapp.store.db import Store
from surveyapp.store.files import FileStore


@dataclass(frozen=True)
class Storage:
    """What every door holds in its hand."""

    settings: Settings
    store: Store
    files: FileStore
    secret_key: str

    def check_key(self) -> None:
        """Raise SettingsError unless the database belongs to this secret key; the first one it meets
        becomes its own. Needs the newest schema.
        """
        keys.check(self.store, self.secret_key)

    def close(self) -> None:
        self.store.close()


def open_storage(settings: Settings) -> Storage:
    """Open, and on the first run make, what the settings point to. Migrates nothing.

    Raises SettingsError for a secret key that cannot be used.
    """
    private.make_folder(settings.home)
    return Storage(
        settings=settings,
        store=Store(settings.sqlalchemy_url),
        files=FileStore(settings.files_path),
        secret_key=settings.secret_key or keys.kept(settings.home),
    )
