"""The threads in which pages are made."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

log = logging.getLogger(__name__)


class Threads:
    """``count`` threads for the life of the process. An executor of the library would make a future with
    locks for each request, which nobody looks at.
    """

    def __init__(self, count: int) -> None:
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for number in range(count):
            Thread(target=self._run, name=f"web {number + 1}", daemon=True).start()

    def do(self, task: Callable[[], None]) -> None:
        """Run ``task`` in the first thread that is free."""
        self._tasks.put(task)

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task()
            except Exception:
                log.exception("a thread's task failed")
