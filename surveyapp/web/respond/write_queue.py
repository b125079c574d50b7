"""Where survey pages write: what several customers' requests have to write goes in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from flask import Flask, current_app
from sqlalchemy.exc import DBAPIError, TimeoutError

from surveyapp.errors import Busy
from surveyapp.installation import Installation
from surveyapp.responses.actions import Stored, keep
from surveyapp.responses.submission import Submission
from surveyapp.store.epoch_keys import EpochKeys
from surveyapp.store.group_commit import GroupCommit
from surveyapp.store.statements import DatabaseConnection
from surveyapp.web.traffic import count_stored

T = TypeVar("T")
_Work = Submission | Callable[[DatabaseConnection], Any]
_EXTENSION = "surveyapp.write_queue"
_NOTES = "surveyapp.notes"
# The same may be sent once more. A pool that has no connection left in time is no error of the driver.
NOT_WRITTEN = (Busy, DBAPIError, TimeoutError)


def open_write_queue(app: Flask, installation: Installation) -> None:
    """Give the application the one place in its process through which customers' requests write. While
    the database is stuck, half of the threads at most wait for it.
    """
    waiting = max(1, installation.settings.threads // 2)
    store, do = installation.store, partial(_do, installation.epoch_keys)
    queue = GroupCommit(store.writing_rows, do, most_waiting=waiting)
    app.extensions[_EXTENSION] = app.extensions[_NOTES] = queue
    if not store.is_sqlite:  # which has one writer
        opening = partial(store.writing_rows, waits_for_disk=False)
        app.extensions[_NOTES] = GroupCommit(opening, do, most_waiting=waiting)


def submitted(submission: Submission) -> Stored:
    """What became of a submission, which is on the disk by then."""
    stored: Stored = _queue().done(submission)
    if stored.new:
        count_stored()
    return stored


def written(work: Callable[[DatabaseConnection], T]) -> T:
    """What ``work`` gives, committed; it may be called again after its transaction has failed."""
    given: T = _queue().done(work)
    return given


def noted(work: Callable[[DatabaseConnection], None]) -> None:
    """Do ``work``, which promises nothing to anybody: beside the answers, and without a wait for the disk
    where the database can write it later. It may be called again as that of ``written``.
    """
    _queue(_NOTES).done(work)


def _queue(name: str = _EXTENSION) -> GroupCommit[_Work, Any]:
    queue: GroupCommit[_Work, Any] = current_app.extensions[name]
    return queue


def _do(keys: EpochKeys, at: DatabaseConnection, jobs: Sequence[_Work]) -> list[Any]:
    stored = iter(keep(at, [job for job in jobs if isinstance(job, Submission)], keys))
    return [next(stored) if isinstance(job, Submission) else job(at) for job in jobs]
