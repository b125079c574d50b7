"""The master key: it opens the data keys of names and addresses, and lies outside the database."""

from __future__ import annotations

from pathlib import Path

from surveyapp.errors import SettingsError
from surveyapp.key_strength import key_fault
from surveyapp.store import key_files
from surveyapp.store.keys import new_key

FILE = "master.key"
NEXT = "master.key.next"


def kept(home: Path, secret_key: str) -> str:
    """The key in the home folder, made there on the first run. Raises SettingsError for a file that holds
    none, or the secret key again.
    """
    path = home / FILE
    key = key_files.kept(path, new_key)
    fault = key_fault(key) or same_fault(key, secret_key)
    if fault:
        raise SettingsError(
            f"{path}: the master key {fault}. Bring it back from a backup, or set"
            " SURVEYAPP_MASTER_KEY; only where no customer's address is stored yet, delete the file."
        )
    return key


def same_fault(key: str, secret_key: str) -> str | None:
    """What is wrong with a master key that is the secret key, too; None where it is another."""
    return "is the secret key: one stolen key would open both" if key == secret_key else None


def following(home: Path, chosen: str | None) -> str:
    """The key that is to replace the one in the home folder: ``chosen``, or a new one. It is kept beside it
    until ``take_over``, and one that is there already was not taken over yet.
    """
    path = home / NEXT
    if chosen is not None:
        key_files.replace(path, chosen)
    return key_files.kept(path, new_key)


def take_over(home: Path) -> None:
    """Let the following key be the key from now on."""
    (home / NEXT).replace(home / FILE)
