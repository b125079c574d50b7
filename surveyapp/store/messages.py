"""The queue's messages: they wake a worker and carry nothing but a job's number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey import SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer


class JsonMessages(Serializer):  # type: ignore[misc]
    """Messages as JSON: Huey's own format is pickle, which runs whatever a file tells it to."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data) if isinstance(data, Message) else data).encode()

    def _deserialize(self, data: bytes) -> Any:
        value = json.loads(data)
        return Message(*value) if isinstance(value, list) else value


class Messages:
    """The embedded message queue, in a SQLite file of its own beside the database."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Durable flushing would buy nothing: a lost message is found again by the sweep.
        self.huey = SqliteHuey(
            "surveyapp", filename=str(path), results=False, fsync=False, serializer=JsonMessages()
        )
        self._handler: Callable[[int], None] | None = None
        self._task = self.huey.task(name="run_job")(self._run)

    def wake(self, job_id: int) -> None:
        """Tell a worker that this job waits."""
        self._task(job_id)

    def handle(self, handler: Callable[[int], None]) -> None:
        """What the worker does with a job's number; only a worker calls this."""
        self._handler = handler

    def _run(self, job_id: int) -> None:
        if self._handler is None:
            raise RuntimeError("a message reached a process that is no worker")
        self._handler(job_id)
