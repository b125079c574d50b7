"""Where backups lie: a folder of them, each named by its moment, and the newest that are kept."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from surveyapp.backups import manifest
from surveyapp.errors import Conflict
from surveyapp.store import private

_NAME = re.compile(r"surveyapp-\d{8}T\d{6}Z(?:-\d+)?")
_UNFINISHED = ".unfinished"


@contextmanager
def taken(folder: Path) -> Iterator[None]:
    """The folder for one backup at a time. What a killed one left half made is deleted.

    Raises Conflict while another makes one there.
    """
    private.make_folder(folder)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"Another process makes a backup in {folder}; wait for its end."
            ) from None
        for left in folder.glob(f"surveyapp-*{_UNFINISHED}"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(handle)


@contextmanager
def written(folder: Path, now: datetime) -> Iterator[tuple[Path, Path]]:
    """(where to write, what it will be called): a new backup that is there whole, or not at all."""
    stem = f"surveyapp-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    same = [_order(path)[1] for path in folder.glob(f"{stem}*") if _NAME.fullmatch(path.name)]
    name = f"{stem}-{max(same) + 1}" if same else stem
    unfinished = folder / f"{name}{_UNFINISHED}"
    unfinished.mkdir(mode=0o700)
    try:
        yield unfinished, folder / name
        unfinished.rename(folder / name)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def backups_in(folder: Path) -> list[Path]:
    """The finished backups in the folder, the oldest first; the folder itself if it is one."""
    if (folder / manifest.FILE).is_file():
        return [folder]
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    made = {path: _order(path) for path in found if (path / manifest.FILE).is_file()}
    return sorted(made, key=made.__getitem__)


def rotate(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest backups in the folder; those that went."""
    gone = backups_in(folder)[:-keep]
    for path in gone:
        shutil.rmtree(path)
    return gone


def _order(path: Path) -> tuple[str, int]:
    """Of one second the second is named -2."""
    _, moment, *number = path.name.split("-")
    return moment, int(number[0]) if number else 1
