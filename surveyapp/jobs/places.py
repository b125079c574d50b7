"""Where a worker works: a place of its home, and a name that nobody else has or had."""

from __future__ import annotations

import fcntl
import itertools
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from surveyapp.store import private


@dataclass(frozen=True)
class Place:
    """``name`` is this worker's; ``left_by`` that of the last one here, which is dead, or empty."""

    name: str
    left_by: str
    file: IO[str]

    def take(self) -> None:
        """Leave this worker's name, once the jobs of the last one wait again."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(self.name)
        self.file.flush()


@contextmanager
def worker_place(home: Path) -> Iterator[Place]:
    """A place for one more worker of this home, held until the end, however it ends.

    The operating system frees the place of a killed worker; whoever takes it next finds the name of
    the dead there, and with it the jobs that it left.
    """
    for number in itertools.count():
        path = home / f"worker-{number}.lock"
        private.make_file(path)
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            file.seek(0)
            # A name is never used again: two homes of one machine, or a process and the one before
            # it, must not take each other's jobs for their own.
            name = f"{socket.gethostname()[:80]}/{os.getpid()}/{secrets.token_hex(4)}"
            yield Place(name, left_by=file.read().strip(), file=file)
            return
