"""Requests that the web processes of one host have answered: counted by each, added up by whoever is asked.

Each process has a file of numbers in memory that the others read. A process that ends leaves its file,
or what it counted would be taken away again; the server that starts next begins with none.
"""

from __future__ import annotations

import mmap
import os
import shutil
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from threading import Lock

from surveyapp.store import private, statement_clock

FOLDER = "traffic"
SURFACES = ("survey", "staff", "api")
CLASSES = ("2xx", "3xx", "4xx", "5xx")
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
_ONE = (
    len(CLASSES) + len(BOUNDS) + 2
)  # numbers of a surface: classes, buckets, the last one, seconds
_STORED, _DATABASE = len(SURFACES) * _ONE, len(SURFACES) * _ONE + 1
_NUMBERS = _DATABASE + 1


@dataclass(frozen=True)
class Answered:
    """What one surface has answered: by class of status, by time (cumulative, as ``BOUNDS`` and without
    end), and the seconds of all.
    """

    by_class: Sequence[int]
    within: Sequence[int]
    seconds: float


@dataclass(frozen=True)
class Counted:
    """What the host has counted since its server was started."""

    answered: dict[str, Answered]
    stored: int  # sessions of customers
    database_seconds: float


class Traffic:
    """The numbers of this process, and those of the others in the folder."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        private.make_folder(self._folder)
        path = self._folder / f"{os.getpid()}.counts"
        private.make_file(path)
        with path.open("r+b") as file:
            file.truncate(8 * _NUMBERS)
            self._numbers = memoryview(mmap.mmap(file.fileno(), 8 * _NUMBERS)).cast("d")
        self._lock = Lock()

    def answered(self, surface: int, status: int, seconds: float) -> None:
        """Count one answer, and what the database took in this process since the last one."""
        numbers, at = self._numbers, surface * _ONE
        spent = statement_clock.taken()
        with self._lock:
            numbers[at + min(3, max(0, status // 100 - 2))] += 1
            numbers[at + len(CLASSES) + bisect_left(BOUNDS, seconds)] += 1
            numbers[at + _ONE - 1] += seconds
            numbers[_DATABASE] += spent

    def stored(self) -> None:
        """Count a customer's session that is stored."""
        with self._lock:
            self._numbers[_STORED] += 1

    def counted(self) -> Counted:
        """The sum over all processes of this host."""
        total = [0.0] * _NUMBERS
        for path in self._folder.glob("*.counts"):
            data = path.read_bytes()
            if len(data) == 8 * _NUMBERS:
                total = [a + b for a, b in zip(total, memoryview(data).cast("d"), strict=True)]
        return Counted(
            {name: _answered(total, n * _ONE) for n, name in enumerate(SURFACES)},
            int(total[_STORED]),
            total[_DATABASE],
        )


def _answered(total: Sequence[float], at: int) -> Answered:
    whole = [int(each) for each in total[at : at + _ONE - 1]]
    return Answered(
        whole[: len(CLASSES)], list(accumulate(whole[len(CLASSES) :])), total[at + _ONE - 1]
    )


def forget(home: Path) -> None:
    """Begin anew: what servers before this one have counted goes."""
    shutil.rmtree(home / FOLDER, ignore_errors=True)
