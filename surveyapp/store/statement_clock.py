"""How long the statements of this process take, where somebody wants to know; and their spans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from time import perf_counter

from surveyapp import tracing
from surveyapp.tracing import Traced


class _Clock:
    """Seconds that statements have taken since they were asked for."""

    runs = False
    seconds = 0.0
    lock = Lock()


def start() -> None:
    """Time every statement from here on; what was timed before is forgotten."""
    _Clock.runs = True
    taken()


def is_watching() -> bool:
    """Whether statements are timed or traced."""
    return _Clock.runs or tracing.is_on()


def taken() -> float:
    """The seconds since this was called last."""
    with _Clock.lock:
        seconds, _Clock.seconds = _Clock.seconds, 0.0
    return seconds


def watched(database: str, text: str) -> AbstractContextManager[Traced]:
    """Around one statement."""
    span = tracing.statement_span(database, text)
    return _timed(span) if _Clock.runs else span


@contextmanager
def _timed(span: AbstractContextManager[Traced]) -> Iterator[Traced]:
    begun = perf_counter()
    try:
        with span as traced:
            yield traced
    finally:
        with _Clock.lock:
            _Clock.seconds += perf_counter() - begun
