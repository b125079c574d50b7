"""What the settings name on this machine, looked at before anything starts with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from surveyapp.extras import is_installed
from surveyapp.key_strength import key_fault
from surveyapp.settings import FOLDER, PREFIX, Settings, bucket_name
from surveyapp.store import keys, master_key
from surveyapp.store.private import try_write


def faults_here(settings: Settings) -> Iterator[str]:
    """Each fault in the folders, files and packages that the settings name, as a sentence with its cure.

    Makes nothing, and asks neither database nor network.
    """
    yield from _home(settings.home)
    yield from _key_files(settings)
    if settings.dkim_key_file:
        yield from _readable("DKIM_KEY_FILE", Path(settings.dkim_key_file).expanduser())
    for folder in settings.instrument_roots:
        if not folder.is_dir():
            yield (
                f"{PREFIX}INSTRUMENTS: {folder} is no folder; name the parent folder of instruments, with"
                " colons between several"
            )
    if settings.epoch_keys and not settings.epoch_keys_path.is_dir():
        yield f"{PREFIX}EPOCH_KEYS: {settings.epoch_keys_path} is no folder; make it, readable by its owner only"
    if settings.files not in {"", FOLDER} and bucket_name(settings.files):
        yield from _extra(f"{PREFIX}FILES={settings.files!r}", "s3")
    if settings.otel_endpoint:
        yield from _extra(f"{PREFIX}OTEL_ENDPOINT", "otel")


def _home(home: Path) -> Iterator[str]:
    existing = next(each for each in (home, *home.absolute().parents) if each.exists())
    if not existing.is_dir():
        yield f"{PREFIX}HOME={str(home)!r}: {existing} is no folder; name another place"
        return
    if existing != home:  # it is made at the first start
        if not os.access(existing, os.W_OK | os.X_OK):
            yield (
                f"{PREFIX}HOME={str(home)!r} is not there and cannot be made in {existing}; make it for the"
                " service's user: install -d -m 700 -o USER " + str(home)
            )
        return
    try:
        try_write(home)
    except OSError as error:
        yield (
            f"{PREFIX}HOME={str(home)!r} cannot be written to ({error.strerror or error}); give this user the"
            " right to write there, or free space on its disk"
        )


def _key_files(settings: Settings) -> Iterator[str]:
    for given, name in (
        (settings.secret_key, keys.FILE),
        (settings.master_key, master_key.FILE),
    ):
        path = settings.home / name
        if given or not path.exists():
            continue
        try:
            fault = key_fault(path.read_text().strip())
        except (OSError, ValueError) as error:
            yield f"{path} cannot be read ({_said(error)}); give it to the service's user, mode 600"
            continue
        if fault:
            yield f"{path}: the key {fault}; bring it back from its copy"


def _readable(name: str, path: Path) -> Iterator[str]:
    try:
        path.read_bytes()
    except OSError as error:
        yield f"{PREFIX}{name}: {path} cannot be read ({_said(error)}); name a file that this user may read"


def _extra(wanted_by: str, extra: str) -> Iterator[str]:
    if not is_installed(extra):
        yield f"{wanted_by} needs a library that is not installed: pip install 'surveyapp[{extra}]'"


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
