"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A UTF-8 text that becomes ``path`` at the end.

    A command that fails on the way leaves what stood there before, never a file that looks complete.
    Line ends are written as they are given.
    """
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as target:
        try:
            yield target
            target.flush()
            os.fsync(target.fileno())
        except BaseException:
            Path(target.name).unlink()
            raise
    temporary = Path(target.name)
    temporary.chmod(_ordinary_mode())
    temporary.replace(path)


def _ordinary_mode() -> int:
    """What a file made here by ``open`` would have: temporary files are their owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
