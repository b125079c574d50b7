"""One installation, opened whole at a door and handed down whole.

An action that needs more than one of its parts takes the Installation; what needs only instruments
takes its library, and a pure function takes plain values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from instruments.loader import Library
from surveyapp import tracing
from surveyapp.errors import SettingsError
from surveyapp.settings import FOLDER, PREFIX, Settings
from surveyapp.store import data_keys, keys, master_key, private
from surveyapp.store.columns import utc_now
from surveyapp.store.db import LOCK_SECONDS, MOVED, Store
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.file_backends import FileBackend, FileFolder
from surveyapp.store.file_bucket import bucket
from surveyapp.store.file_rows import FileRows
from surveyapp.store.files import FileStore
from surveyapp.store.published_questionnaires import PublishedQuestionnaires
from surveyapp.store.shared_epoch_keys import SharedEpochKeys
from surveyapp.store.signing_keys import SigningKeyCache, accepted


@dataclass(frozen=True)
class Installation:
    """The settings and what they point to: database, files, instruments, keys; and the clock."""

    settings: Settings
    store: Store
    files: FileStore
    secret_key: str
    library: Library
    now: Callable[[], datetime] = field(default=utc_now)
    _signing: SigningKeyCache = field(default_factory=SigningKeyCache, repr=False, compare=False)
    _made_keys: set[str] = field(default_factory=set, repr=False, compare=False)

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """The keys whose signatures on links, forms and sessions are good; the last one signs."""
        return self._signing.keys(self._accepted_keys) or (self.secret_key,)

    def _accepted_keys(self) -> tuple[str, ...]:
        with self.store.reading() as session:
            return accepted(session, self.secret_key, self.now())

    @property
    def epoch_keys(self) -> EpochKeys:
        """The keys that waiting anonymous answers need."""
        here = EpochKeys(self.settings.epoch_keys_path, self.secret_key)
        if self.store.is_sqlite or self.settings.epoch_keys:
            return here
        return SharedEpochKeys(self.store, here)

    def check_key(self) -> None:
        """Raise SettingsError unless the database belongs to this secret key and this master key; the
        first ones it meets become its own. Needs the newest schema.
        """
        self.check_secret_key()
        self.check_master_key()

    def check_secret_key(self) -> None:
        """The first half of ``check_key``."""
        self._checked(keys.FILE, lambda: keys.check(self.store, self.secret_key))

    def check_master_key(self) -> None:
        """The second half of ``check_key``."""
        self._checked(master_key.FILE, lambda: data_keys.check(self.store))

    def _checked(self, name: str, check: Callable[[], None]) -> None:
        """A key that was made here because the home folder had none, and that is not the database's, goes:
        the folder would seem to have its key.
        """
        try:
            check()
        except SettingsError as error:
            if name not in self._made_keys:
                raise
            self._made_keys.discard(name)
            (self.settings.home / name).unlink(missing_ok=True)
            raise SettingsError(f"{self.settings.home} had no {name}. {error}") from error
        self._made_keys.discard(name)

    def close(self) -> None:
        self.store.close()


def open_installation(
    settings: Settings,
    *,
    now: Callable[[], datetime] = utc_now,
    lock_seconds: int = LOCK_SECONDS,
) -> Installation:
    """Open, and on the first run make, what the settings point to. Migrates nothing.

    ``lock_seconds`` is how long a transaction waits for somebody else's lock.

    Raises SettingsError for a secret key or a master key that cannot be used, and where the settings want
    a library that is not installed.
    """
    tracing.check(settings)
    _refuse_moved(settings.sqlalchemy_url)
    home = settings.home
    try:
        private.make_folder(home)
        made_keys = {each for each in (keys.FILE, master_key.FILE) if not (home / each).exists()}
        secret_key = settings.secret_key or keys.kept(home)
        master = settings.master_key or master_key.kept(home, secret_key)
    except OSError as error:
        raise SettingsError(
            f"{error.filename or home} cannot be used as the home folder or in it"
            f" ({error.strerror or error}). Give it to the user who runs this, or set {PREFIX}HOME to"
            " another folder."
        ) from error
    store = Store(
        settings.sqlalchemy_url,
        lock_seconds,
        master_key=master,
        read_url=settings.read_database_url,
        most_lag=settings.read_lag_seconds,
    )
    return Installation(
        settings=settings,
        store=store,
        files=_file_store(settings, None if store.is_sqlite else FileRows(store)),
        secret_key=secret_key,
        library=Library(settings.instrument_roots, PublishedQuestionnaires(store)),
        now=now,
        _made_keys={each for each in made_keys if (home / each).exists()},
    )


def _refuse_moved(url: str) -> None:
    """Raise SettingsError rather than begin an empty database where one was moved from: a server that was
    forgotten would show it to customers.
    """
    database = make_url(url).database
    if not url.startswith("sqlite") or not database:
        return
    left = Path(database + MOVED)
    if left.exists() and not Path(database).exists():
        raise SettingsError(
            f"This database was moved to PostgreSQL: set {PREFIX}DATABASE_URL to the new one. {left} is what"
            f" was here before; to go back to it, rename it to {database}."
        )


def _file_store(settings: Settings, rows: FileRows | None) -> FileStore:
    """Where the settings say that files are kept, with what may hold files from before: ``rows`` where the
    database may keep them.

    Raises SettingsError for a bucket whose library is not installed.
    """
    folder = FileFolder(settings.files_path)
    others: list[FileBackend] = [folder] if rows is None else [rows, folder]
    if settings.files == FOLDER:
        kept: FileBackend = folder
    else:
        kept = bucket(settings.files) if settings.files else others[0]
    return FileStore(kept, [each for each in others if each is not kept])
