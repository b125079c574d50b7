"""An ASGI application around a WSGI application: clients wait in the loop, work is done in threads."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from surveyapp.server.answers import Abandoned, Answer, Send, say
from surveyapp.server.bodies import Gone, Receive, TooLarge, TooSlow, drain, read_body
from surveyapp.server.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_NAMES = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_MOST_NAMES = 500  # remembered; the names come from strangers
_STATUS: Mapping[type[Exception], int] = {TooSlow: 408, Gone: 400}
_LIMITS = Limits()
_NO_CHUNKS = {"1", "1.0"}  # granian's words for HTTP/1.0


class Bridge:
    """Serves ``app`` in ``threads`` threads.

    ``allowed_body`` is asked, in a thread, how many bytes the application takes of a request whose
    body is larger than an ordinary one.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        threads: int,
        allowed_body: Callable[[WSGIEnvironment], int],
        limits: Limits = _LIMITS,
    ) -> None:
        self._app, self._allowed_body, self._limits = app, allowed_body, limits
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not served here")
        loop = asyncio.get_running_loop()
        environ = environ_of(scope)
        try:
            body = await self._body(loop, environ, receive)
        except (TooSlow, Gone, OSError) as error:
            await say(send, _STATUS.get(type(error), 507))
            return
        environ["wsgi.input"] = body
        answer = Answer(loop, self._limits, only_whole=scope["http_version"] in _NO_CHUNKS)
        made = loop.run_in_executor(self._threads, answer.make, self._app, environ)
        made.add_done_callback(lambda _: body.close())
        with suppress(Abandoned):  # without the answer's end the server closes the connection
            await answer.send(send, receive)

    async def _body(
        self, loop: asyncio.AbstractEventLoop, environ: WSGIEnvironment, receive: Receive
    ) -> IO[bytes]:
        """The body; an empty one where it is too large, which the application then says itself."""
        length = environ.get("CONTENT_LENGTH")
        chunked = environ.pop("HTTP_TRANSFER_ENCODING", None) is not None
        if not chunked and not int(length or 0):
            return BytesIO()

        def allowed() -> Awaitable[int]:
            return loop.run_in_executor(self._threads, self._allowed_body, environ)

        declared = None if chunked or length is None else int(length)
        try:
            body, size = await read_body(receive, declared, self._limits, allowed)
        except TooLarge as error:
            environ["CONTENT_LENGTH"] = str(error.size)
            if "HTTP_EXPECT" not in environ:  # else it has not been asked for the body yet
                await drain(receive, self._limits)
            return BytesIO()
        environ["CONTENT_LENGTH"] = str(size)
        return body


def environ_of(scope: Mapping[str, Any]) -> WSGIEnvironment:
    """The request as WSGI hands it over (PEP 3333), without its body."""
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
        "wsgi.input": BytesIO(),
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
    return environ


def _key(name: bytes) -> str:
    key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = key
    return key
