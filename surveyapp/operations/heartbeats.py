"""A worker's signs of life: a row of its own, written four times a minute and taken away at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from surveyapp.extras import EXTRAS, is_installed
from surveyapp.installation import Installation
from surveyapp.periodic import Round
from surveyapp.store.models import Worker

EVERY_SECONDS = 15.0
SILENT_AFTER = timedelta(seconds=60)
_FORGOTTEN_AFTER = timedelta(days=1)


def beat(
    installation: Installation,
    name: str,
    rounds: Mapping[str, Round],
    seconds: Mapping[str, float],
    *,
    newest_release: str | None = None,
) -> None:
    """Write that the worker of this name lives, what it can do, and how each of its tasks fares;
    ``seconds`` says how often each is due. Rows of workers that died a day ago go.
    """
    now = installation.now()
    with installation.store.writing() as session:
        row = session.get(Worker, name)
        if row is None:
            row = Worker(name=name, started_at=now, version=version("surveyapp"))
            session.add(row)
        row.seen_at = now
        row.tasks = {each: _written(rounds.get(each, Round()), seconds[each]) for each in seconds}
        row.extras = [extra for extra in EXTRAS if is_installed(extra)]
        row.newest_release = newest_release
        session.execute(delete(Worker).where(Worker.seen_at < now - _FORGOTTEN_AFTER))


def leave(installation: Installation, *names: str) -> None:
    """Take away the rows of workers that have stopped, or that are known to be dead."""
    with installation.store.writing() as session:
        session.execute(delete(Worker).where(Worker.name.in_(names)))


def _written(found: Round, every: float) -> dict[str, Any]:
    return {"every": every, **asdict(found)}


def is_silent(session: Session, now: datetime) -> bool:
    """Whether no worker at all has given a sign of life lately."""
    last = session.scalar(select(func.max(Worker.seen_at)))
    return last is None or last < now - SILENT_AFTER
