"""Tasks that are repeated for as long as the process lives, whatever they raise."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from threading import Lock
from time import monotonic

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


def repeat(
    task: Callable[[], object],
    rest: Callable[[float], bool],
    *,
    name: str,
    seconds: float,
    pause: float = PAUSE,
    failures: Failures = FAILURES,
) -> None:
    """Do ``task`` every ``seconds`` until ``rest``, which waits that long, says that it is over.

    A task that returns something true has more to do and is done again after ``pause``. One that
    raises is tried again after 1, 2, 4 ... and at most 60 seconds, for good.
    """
    wait, tries = 0.0, 0
    while not rest(wait):
        try:
            more = task()
        except Exception as error:
            failures.failed(name, error)
            wait = min(_LONGEST_WAIT, 2.0 ** min(tries, 10))
            tries += 1
        else:
            if tries:
                log.warning("%s works again after %d failures", name, tries)
            wait, tries = pause if more else max(pause, seconds), 0
