"""Every statement that SQLAlchemy executes is timed and traced; those of ``Statement`` are already."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from surveyapp.store.statement_clock import watched
from surveyapp.tracing import Traced

_UNDER_WAY = "spans"  # of a connection: one executes one statement at a time


def watch_statements(engine: Engine) -> None:
    """Let every statement of the engine be timed and traced."""

    def begin(connection: Connection, _cursor: Any, text: str, *_: Any) -> None:
        span = watched(engine.dialect.name, text)
        connection.info[_UNDER_WAY] = span, span.__enter__()

    def end(connection: Connection, *_: Any) -> None:
        _ended(connection)

    def failed(context: ExceptionContext) -> None:
        if context.connection is not None:
            _ended(context.connection, context.original_exception)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", failed)


def _ended(connection: Connection, error: BaseException | None = None) -> None:
    found: tuple[AbstractContextManager[Traced], Traced] | None
    found = connection.info.pop(_UNDER_WAY, None)
    if found is None:
        return
    span, traced = found
    if error is not None:
        traced.fail(type(error).__name__)
    span.__exit__(None, None, None)
