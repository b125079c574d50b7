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
from time import monotonic
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError

from surveyapp.errors import Busy
from surveyapp.store.statements import DatabaseConnection

Job = TypeVar("Job")
Done = TypeVar("Done")

MOST = 64  # jobs in a transaction: other processes wait for its end
_LONG_SECONDS = 1.0  # that a transaction may take before it keeps newcomers from waiting for it
_LOCKED_IN_A_ROW = 2


class _Waiting(Generic[Job, Done]):
    def __init__(self, job: Job) -> None:
        self.job = job
        self.done: Done
        self.error: BaseException | None = None
        self.is_over = False


class GroupCommit(Generic[Job, Done]):
    """Does jobs, as many as are waiting, by ``do(connection, jobs)`` in a transaction of ``opening()``.

    ``do`` gives an outcome for each job, in their order, and may be called again with the same job
    after its transaction has failed. No more than ``most_waiting`` wait while a transaction takes
    long: each holds a thread, and pages that write nothing need threads too.
    """

    def __init__(
        self,
        opening: Callable[[], AbstractContextManager[DatabaseConnection]],
        do: Callable[[DatabaseConnection, Sequence[Job]], Sequence[Done]],
        *,
        most_waiting: int = MOST,
    ) -> None:
        self._opening = opening
        self._do = do
        self._most_waiting = most_waiting
        self._begun: float | None = None  # when the transaction that is under way began
        self._turn = Lock()
        self._waiting: deque[_Waiting[Job, Done]] = deque()

    def done(self, job: Job) -> Done:
        """The outcome of the job, committed; or the error that it alone met with.

        Raises Busy at once where too many wait for a database that is held by somebody else.
        """
        if len(self._waiting) >= self._most_waiting and self._is_stuck():
            raise Busy(
                "The database is busy, and others wait for it already. Try again in a moment."
            )
        mine: _Waiting[Job, Done] = _Waiting(job)
        self._waiting.append(mine)
        with self._turn:  # whoever gets it does the work of all who wait for it
            while not mine.is_over:
                self._begun = monotonic()
                try:
                    self._go(
                        [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                    )
                finally:
                    self._begun = None
        if mine.error is not None:
            raise mine.error
        return mine.done

    def _is_stuck(self) -> bool:
        begun = self._begun
        return begun is not None and monotonic() - begun > _LONG_SECONDS

    def _go(self, batch: list[_Waiting[Job, Done]]) -> None:
        begun = False
        try:
            with self._opening() as connection:
                begun = True
                outcomes = self._do(connection, [each.job for each in batch])
        except BaseException as error:
            # A database that gives no transaction in time would let each wait as long again, and whoever
            # has come meanwhile too.
            if not begun and isinstance(error, Exception):
                batch += [self._waiting.popleft() for _ in range(len(self._waiting))]
            if begun and len(batch) > 1 and isinstance(error, Exception):
                self._go_one_by_one(batch)
                return
            for each in batch:
                each.error, each.is_over = error, True
            return
        for each, outcome in zip(batch, outcomes, strict=True):
            each.done, each.is_over = outcome, True

    def _go_one_by_one(self, batch: Sequence[_Waiting[Job, Done]]) -> None:
        """One of them is to blame, or met somebody else's lock; two that meet one meet the table's."""
        locked = 0
        for at, each in enumerate(batch):
            self._go([each])
            locked = locked + 1 if isinstance(each.error, OperationalError) else 0
            if locked == _LOCKED_IN_A_ROW:
                for later in batch[at + 1 :]:
                    later.error, later.is_over = each.error, True
                return
