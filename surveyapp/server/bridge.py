"""An ASGI application around a WSGI application: clients wait in the loop, work is done in threads."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from surveyapp.server.answers import Abandoned, Answer, Failed, Long, Making, Send
from surveyapp.server.bodies import Gone, Receive, TooLarge, TooSlow, drain, read_body
from surveyapp.server.limits import Limits
from surveyapp.server.threads import Threads
from surveyapp.server.unfinished import Unfinished

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_NAMES = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_MOST_NAMES = 500  # remembered; the names come from strangers
_STATUS: Mapping[type[Exception], int] = {TooSlow: 408, Gone: 400}
_LIMITS = Limits()
_NO_CHUNKS = {"1", "1.0"}  # granian's words for HTTP/1.0
_FRAMING = {b"content-length", b"transfer-encoding"}


class Bridge:
    """Serves ``app`` in ``threads`` threads, and what ``is_reserved`` by its path in as many others:
    no crowd, and no page that takes long, keeps those requests waiting for a thread.

    ``behind_proxy``: addresses are the proxy's, and say nothing about who a client is. ``allowed_body`` is asked, in a thread, how many bytes the application takes of a request whose
    body is larger than an ordinary one.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: int,
        allowed_body: Callable[[WSGIEnvironment], int],
        is_reserved: Callable[[str], bool] = lambda _path: False,
        behind_proxy: bool = False,
        limits: Limits = _LIMITS,
    ) -> None:
        self._app, self._allowed_body, self._limits = app, allowed_body, limits
        self._threads, self._reserved = Threads(threads), Threads(threads)
        self._is_reserved = is_reserved
        self._unfinished = Unfinished(limits, shared=behind_proxy)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not served here")
        loop = asyncio.get_running_loop()
        try:
            body, size = await self._body(loop, scope, receive)
        except (TooSlow, Gone, OSError) as error:
            await Failed(_STATUS.get(type(error), 507)).send(send, receive)
            return
        first: asyncio.Future[Answer] = loop.create_future()
        making = Making(loop, first, self._limits)
        threads = self._reserved if self._is_reserved(scope["path"]) else self._threads
        threads.do(lambda: making.make(self._app, environ_of(scope, body, size), body))
        answer = await first
        if isinstance(answer, Long) and scope["http_version"] in _NO_CHUNKS:
            await answer.ended()  # without chunks, one that breaks off would look complete
        with suppress(Abandoned):  # without the answer's end the server closes the connection
            await answer.send(send, receive)

    async def _body(
        self, loop: asyncio.AbstractEventLoop, scope: Mapping[str, Any], receive: Receive
    ) -> tuple[IO[bytes], int | None]:
        """The body and its size; an empty one, with a size, where it is larger than the application
        takes, which then says so itself.
        """
        framing = {name: value for name, value in scope["headers"] if name in _FRAMING}
        declared = int(framing.get(b"content-length", 0))
        if b"transfer-encoding" not in framing and not declared:
            return BytesIO(), None

        def allowed() -> Awaitable[int]:
            found: asyncio.Future[int] = loop.create_future()

            def ask() -> None:
                most = 0
                try:
                    most = self._allowed_body(environ_of(scope, BytesIO(), None))
                finally:
                    loop.call_soon_threadsafe(found.set_result, most)

            self._threads.do(ask)
            return found

        try:
            length = None if b"transfer-encoding" in framing else declared
            with self._unfinished.one_more(str((scope["client"] or ("",))[0])) as limits:
                return await read_body(receive, length, limits, allowed)
        except TooLarge as error:
            if all(name != b"expect" for name, _ in scope["headers"]):  # else it has not been asked
                await drain(receive, self._limits)
            return BytesIO(), error.size


def environ_of(scope: Mapping[str, Any], body: IO[bytes], size: int | None) -> WSGIEnvironment:
    """The request as WSGI hands it over (PEP 3333); ``size`` is the body's, None without one."""
    server, client = scope["server"] or ("", ""), scope["client"] or ("", "")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.0" if scope["http_version"] in _NO_CHUNKS else "HTTP/1.1",
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:  # it could pass for another one: names in the environment have no dashes
            continue
        key = _NAMES.get(name) or _key(name)
        text = value.decode("latin-1")
        if key in environ:
            text = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text
    if size is not None:
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_LENGTH"] = str(size)
    return environ


def _key(name: bytes) -> str:
    key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = key
    return key
