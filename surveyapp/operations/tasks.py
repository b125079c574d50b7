"""The tasks of a worker process: a thread each, all of which live as long as the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread

from surveyapp.periodic import PAUSE, repeat


class Tasks:
    """Threads that repeat a task each, by name."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []
        self._seconds: dict[str, float] = {}

    def start(
        self,
        rest: Callable[[float], bool],
        task: Callable[[], object],
        name: str,
        seconds: float,
        *,
        pause: float = PAUSE,
        is_watched: bool = True,
    ) -> Thread:
        """Repeat ``task`` every ``seconds``; see ``periodic.repeat``. What is not watched may take hours
        for a round, and tells of itself elsewhere.
        """
        thread = Thread(
            target=repeat,
            args=(task, rest),
            kwargs={"name": name, "seconds": seconds, "pause": pause},
            name=name,
            daemon=True,
        )
        thread.start()
        self._threads.append(thread)
        if is_watched:
            self._seconds[name] = seconds
        return thread

    @property
    def seconds(self) -> Mapping[str, float]:
        """How often each watched task is due."""
        return self._seconds

    def ended(self) -> list[str]:
        """The names of those whose thread is gone, by something that no exception of ours is."""
        return [thread.name for thread in self._threads if not thread.is_alive()]
