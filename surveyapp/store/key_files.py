"""Files that hold one key each, made once and readable by their owner only."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def kept(path: Path, new: Callable[[], str]) -> str:
    """The text of the file, which is made with ``new`` key unless it is there.

    It is written beside and linked into place whole, so that neither a full disk nor a kill leaves a
    part of one, and of two processes that start together both take the first.
    """
    if not path.exists():
        with suppress(FileExistsError):  # another process was first; its key is the key
            _written(path, new(), path.hardlink_to)
    return path.read_text(encoding="utf-8", errors="replace").strip()


def replace(path: Path, key: str) -> None:
    """Write another key into the file, whole or not at all."""
    _written(path, key, lambda beside: beside.replace(path))


def _written(path: Path, key: str, put: Callable[[Path], object]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(key)
            out.flush()
            os.fsync(out.fileno())
        put(beside)
    finally:
        beside.unlink(missing_ok=True)
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The file's name is on the disk too: the key is used as soon as it is there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
