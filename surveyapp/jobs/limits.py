"""How long a job may take, and how much memory its process may hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from surveyapp.installation import Installation
from surveyapp.store import queue

_MEGABYTE = 1024 * 1024
_GRACE_SECONDS = 60.0  # between a job's end by the clock and its process's, if it hears of nothing
_STATM = Path("/proc/self/statm")


@dataclass
class UnderWay:
    """The jobs that this process runs, with the moment when each was begun."""

    since: dict[int, float] = field(default_factory=dict)

    @contextmanager
    def begun(self, job_id: int) -> Iterator[None]:
        self.since[job_id] = monotonic()
        try:
            yield
        finally:
            self.since.pop(job_id, None)


UNDER_WAY = UnderWay()


def exceeded(
    installation: Installation, under_way: UnderWay = UNDER_WAY, *, held: int | None = None
) -> str:
    """Stop the jobs of this process that are beyond a limit; why the process has to end, else empty.

    A job that is stopped ends at its next step. Memory is not given back by that, and a step may
    compute for hours: then only the end of the process helps, after which others start it anew.
    ``held`` is the memory in bytes, this process's by default.
    """
    settings = installation.settings
    held = resident_bytes() if held is None else held
    if held > settings.job_megabytes * _MEGABYTE and under_way.since:
        said = (
            f"The job needed more than the {settings.job_megabytes} MB of memory that the settings"
            " allow a worker. Use fewer rows, or raise SURVEYAPP_JOB_MEGABYTES."
        )
        _stop(installation, list(under_way.since), said)
        return f"it held {held / _MEGABYTE:.0f} MB"
    limit, now = 60.0 * settings.job_minutes, monotonic()
    late = {job: now - since - limit for job, since in under_way.since.items()}
    said = (
        f"The job took longer than the {settings.job_minutes} minutes that the settings allow. Ask for"
        " less at once, or raise SURVEYAPP_JOB_MINUTES."
    )
    _stop(installation, [job for job, seconds in late.items() if seconds > 0], said)
    if any(seconds > _GRACE_SECONDS for seconds in late.values()):
        return f"a job has not ended after {settings.job_minutes} minutes"
    return ""


def resident_bytes() -> int:
    """The memory that this process holds; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _stop(installation: Installation, jobs: list[int], said: str) -> None:
    if not jobs:
        return
    with installation.store.writing() as session:
        for job_id in jobs:
            queue.stop(session, job_id, said)
