"""What every process tells the log: one line of JSON on standard error, with the ids that belong to it.

A line carries the id of the request or job that it is about and, where traces are kept, those of its trace.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

import structlog

from surveyapp import tracing


class _StandardError:
    """Finds the stream at each line, because a server may have replaced it; a line is one write."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = msg


class _Handler(logging.Handler):
    """Writes what a module tells its logger as ``_StandardError`` writes."""

    def emit(self, record: logging.LogRecord) -> None:
        _StandardError().msg(self.format(record))


# Of its own: structlog looks through all that a thread has in its context to set one.
_REQUEST: ContextVar[str] = ContextVar("request", default="")


def _requested(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    request = _REQUEST.get()
    if request:
        event.setdefault("request", request)
    return event


def _traced(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    event.update(tracing.ids())
    return event


_SHARED: list[structlog.types.Processor] = [
    structlog.contextvars.merge_contextvars,
    _requested,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _traced,
]


def structured(level: str) -> Any:
    """A logger for events with fields, from this level on."""
    return structlog.wrap_logger(
        _StandardError(),
        processors=[
            *_SHARED,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
    )


def keep_standard(level: str) -> None:
    """Let what modules of this process tell the standard library's loggers be lines of the same kind."""
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, getattr(logging, level)))  # libraries tell how they work
    logging.getLogger("surveyapp").setLevel(level)


def about_request(number: str) -> None:
    """From here on, lines of this thread are about this request."""
    _REQUEST.set(number)


def about_job(number: int) -> AbstractContextManager[Any]:
    """Lines of this thread are about this job while the context lasts."""
    return structlog.contextvars.bound_contextvars(job=number)
