"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that becomes ``path`` at the end.

    A command that fails on the way leaves what stood there before, never a file that looks complete.
    What is no ordinary file, such as /dev/stdout or a pipe, is written as it is.
    """
    path = path.resolve()  # through a link, which stays
    if path.exists() and not path.is_file():
        with path.open("wb") as straight:
            yield straight
        return
    with _beside(path) as target:
        try:
            yield target
            target.flush()
            os.fsync(target.fileno())
        except BaseException:
            Path(target.name).unlink()
            raise
    temporary = Path(target.name)
    temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else _ordinary_mode())
    temporary.replace(path)


def _beside(path: Path) -> IO[bytes]:
    """A temporary file in the same folder. Its error names the file that was asked for."""
    try:
        opened: IO[bytes] = NamedTemporaryFile(  # noqa: SIM115 - the caller closes it
            dir=path.parent, prefix=f".{path.name}.", delete=False
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    return opened


def _ordinary_mode() -> int:
    """What a file made here by ``open`` would have: temporary files are their owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
