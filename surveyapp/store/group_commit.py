"""Work of several threads done in one transaction.

A commit that has reached the disk costs more than storing an answer, and hardly more for ten answers
than for one. So what waits while a transaction is on its way goes together in the next one. Nobody
waits for company: a job that comes alone is done at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import Generic, TypeVar

from surveyapp.store.statements import DatabaseConnection

Job = TypeVar("Job")
Done = TypeVar("Done")

MOST = 64  # jobs in a transaction: other processes wait for its end


class _Waiting(Generic[Job, Done]):
    def __init__(self, job: Job) -> None:
        self.job = job
        self.done: Done
        self.error: BaseException | None = None
        self.is_over = False


class GroupCommit(Generic[Job, Done]):
    """Does jobs, as many as are waiting, by ``do(connection, jobs)`` in a transaction of ``opening()``.

    ``do`` gives an outcome for each job, in their order, and may be called again with the same job
    after its transaction has failed.
    """

    def __init__(
        self,
        opening: Callable[[], AbstractContextManager[DatabaseConnection]],
        do: Callable[[DatabaseConnection, Sequence[Job]], Sequence[Done]],
    ) -> None:
        self._opening = opening
        self._do = do
        self._turn = Lock()
        self._waiting: deque[_Waiting[Job, Done]] = deque()

    def done(self, job: Job) -> Done:
        """The outcome of the job, committed; or the error that it alone met with."""
        mine: _Waiting[Job, Done] = _Waiting(job)
        self._waiting.append(mine)
        with self._turn:  # whoever gets it does the work of all who wait for it
            while not mine.is_over:
                self._go([self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))])
        if mine.error is not None:
            raise mine.error
        return mine.done

    def _go(self, batch: Sequence[_Waiting[Job, Done]]) -> None:
        begun = False
        try:
            with self._opening() as connection:
                begun = True
                outcomes = self._do(connection, [each.job for each in batch])
        except BaseException as error:
            # A database that gives no transaction in time would let each wait as long again.
            if begun and len(batch) > 1 and isinstance(error, Exception):
                for each in batch:  # one of them is to blame, or met somebody else's lock
                    self._go([each])
                return
            for each in batch:
                each.error, each.is_over = error, True
            return
        for each, outcome in zip(batch, outcomes, strict=True):
            each.done, each.is_over = outcome, True
