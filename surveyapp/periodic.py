"""Tasks that are repeated for as long as the process lives, whatever they raise, and how they fare."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic, time

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two rounds of a task that has more to do
_LONGEST_WAIT = 60.0  # seconds between two tries of a task that fails
_QUIET = 60.0  # seconds between two lines about failures of one kind
_FORGOTTEN = 3600.0  # seconds after which a failure is told with its trace again


class Failures:
    """Tells the log what fails: once with its trace, then one line a minute for each kind of error.

    An outage of the database fails a dozen tasks at once, again and again; the log should show the
    outage, not fill the disk with it.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._told: dict[type[Exception], float] = {}
        self._untold: Counter[type[Exception]] = Counter()

    def failed(self, name: str, error: Exception) -> None:
        """Note that the task of this name failed; logged unless its kind was a moment ago."""
        kind = type(error)
        with self._lock:
            now, last = self._clock(), self._told.get(kind)
            if last is not None and now - last < _QUIET:
                self._untold[kind] += 1
                return
            self._told[kind] = now
            untold = self._untold.pop(kind, 0)
        if last is None or now - last > _FORGOTTEN:
            log.error("%s failed; it is tried again", name, exc_info=error)
        else:
            first_line = str(error).partition("\n")[0]
            log.error("%s failed: %s (%d more like it untold)", name, first_line, untold)


FAILURES = Failures()


@dataclass(frozen=True)
class Round:
    """How a task fares; times are seconds since 1970, None where it has not happened."""

    begun_at: float | None = None  # of the round that is under way
    done_at: float | None = None  # the last one that did not fail
    failing_since: float | None = None
    failures: int = 0  # in a row
    error: str = ""  # the class of the last one: its text may hold somebody's data


class Rounds:
    """How each task of this process fares, by its name; several threads with one name count as one."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._of: dict[str, Round] = {}

    def now(self) -> dict[str, Round]:
        with self._lock:
            return dict(self._of)

    def begun(self, name: str) -> None:
        self._change(name, begun_at=self._clock())

    def done(self, name: str) -> None:
        self._change(
            name, begun_at=None, done_at=self._clock(), failing_since=None, failures=0, error=""
        )

    def failed(self, name: str, error: Exception) -> None:
        last = self.now().get(name, Round())
        self._change(
            name,
            begun_at=None,
            failing_since=last.failing_since or self._clock(),
            failures=last.failures + 1,
            error=type(error).__name__,
        )

    def _change(self, name: str, **changes: float | int | str | None) -> None:
        with self._lock:
            self._of[name] = replace(self._of.get(name, Round()), **changes)  # type: ignore[arg-type]


ROUNDS = Rounds()


def repeat(
    task: Callable[[], object],
    rest: Callable[[float], bool],
    *,
    name: str,
    seconds: float,
    pause: float = PAUSE,
    failures: Failures = FAILURES,
    rounds: Rounds = ROUNDS,
) -> None:
    """Do ``task`` every ``seconds`` until ``rest``, which waits that long, says that it is over.

    A task that returns something true has more to do and is done again after ``pause``. One that
    raises is tried again after 1, 2, 4 ... and at most 60 seconds, for good.
    """
    wait, tries = 0.0, 0
    while not rest(wait):
        rounds.begun(name)
        try:
            more = task()
        except Exception as error:
            failures.failed(name, error)
            rounds.failed(name, error)
            wait = min(_LONGEST_WAIT, 2.0 ** min(tries, 10))
            tries += 1
        else:
            rounds.done(name)
            if tries:
                log.warning("%s works again after %d failures", name, tries)
            wait, tries = pause if more else max(pause, seconds), 0
