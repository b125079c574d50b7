"""Files that nobody but their owner reads: answers, addresses and the secret key."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

_TRIED_BYTES = 65_536
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(folder: Path) -> None:
    """Make the folder for its owner alone (0700); one that is there is closed to others."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    close_to_others([folder])


def make_file(path: Path) -> None:
    """Make an empty file for its owner alone (0600) unless there is one; it is then closed to others.

    SQLite gives the files beside its database the permissions of the database.
    """
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    close_to_others([path])


def close_to_others(paths: Iterable[Path]) -> None:
    """Take every right of group and others away, where this process owns the path.

    What belongs to somebody else is left to them: they may have mounted it so on purpose.
    """
    for path in paths:
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def try_write(folder: Path) -> None:
    """Write and delete a file of a few pages there. Raises OSError: a full disk, or one that may only
    be read. Space that is free for root alone is none, hence a write rather than a question.
    """
    with tempfile.TemporaryFile(dir=folder) as tried:
        tried.write(b"\0" * _TRIED_BYTES)
        tried.flush()
        os.fsync(tried.fileno())
