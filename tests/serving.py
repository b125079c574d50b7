"""An application behind a real socket, in a thread of the tests' process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Where the application answers until the end; port 0 takes a free one."""
    server = make_server("127.0.0.1", port, _whole(app), threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _whole(app: WSGIApplication) -> WSGIApplication:
    """The application with answers in one piece.

    Werkzeug's server does not close an answer whose reader has gone, so that a browser that leaves a page
    early leaves an open file behind.
    """

    def answered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        parts = app(environ, start_response)
        with ExitStack() as stack:
            if hasattr(parts, "close"):
                stack.enter_context(closing(parts))
            return [b"".join(parts)]

    return answered
