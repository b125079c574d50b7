"""Everything that an installation keeps, opened together: database, files, messages, secret key."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass

from surveyapp.settings import Settings
from surveyapp.store.db import Store
from surveyapp.store.files import FileStore
from surveyapp.store.messages import Messages


@dataclass(frozen=True)
class Storage:
    """What every door holds in its hand."""

    settings: Settings
    store: Store
    files: FileStore
    messages: Messages
    secret_key: str

    def close(self) -> None:
        self.store.close()


def open_storage(settings: Settings) -> Storage:
    """Open, and on the first run make, what the settings point to. Migrates nothing."""
    settings.home.mkdir(parents=True, exist_ok=True)
    messages = Messages(settings.queue_path)
    return Storage(
        settings=settings,
        store=Store(settings.sqlalchemy_url, wake=messages.wake),
        files=FileStore(settings.files_path),
        messages=messages,
        secret_key=settings.secret_key or _kept_secret(settings),
    )


def _kept_secret(settings: Settings) -> str:
    """A secret key made once; readable by its owner only. Exclusive creation settles a race."""
    path = settings.home / "secret.key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    return key
