"""Finding again what killed workers left."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.store import queue
from surveyapp.store.models import Job


class Sweep:
    """Finds again what killed workers left, by their silence.

    While the database was away no worker could give a sign of life, so silence counts only once the
    database has answered for as long.
    """

    def __init__(self, installation: Installation, clock: Callable[[], float] = monotonic) -> None:
        self._installation = installation
        self._clock = clock
        self._answering_since: float | None = None

    def __call__(self) -> int:
        """The number of jobs that wait again."""
        try:
            return self._sweep()
        except Exception:
            self._answering_since = None
            raise

    def _sweep(self) -> int:
        with self._installation.store.reading() as session:
            running = session.scalar(select(Job.id).where(Job.state == "running").limit(1))
        now = self._clock()
        if self._answering_since is None:
            self._answering_since = now
        if running is None or now - self._answering_since < queue.SILENCE.total_seconds():
            return 0
        with self._installation.store.writing() as session:
            return queue.sweep(session)
