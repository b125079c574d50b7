"""An answer on its way from the thread that makes it to the loop that sends it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any

from surveyapp.server.bodies import Receive
from surveyapp.server.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
_PIECE = 256 * 1024  # bytes sent at a time


class Abandoned(Exception):
    """The client is gone: nobody wants the rest of the answer."""


class Answer:
    """What the application answers. ``make`` runs in a thread, ``send`` in the loop.

    A short answer is handed over whole. A longer one goes through a file, so that a client that
    reads slowly keeps no thread, and no transaction of the database, waiting.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limits: Limits, *, only_whole: bool
    ) -> None:
        """``only_whole``: begin to send when the answer's end is there. HTTP/1.0 has no chunks, so that
        one which breaks off would look complete.
        """
        self._loop, self._limits, self._only_whole = loop, limits, only_whole
        self._status = 0
        self._headers: Headers = []
        self._short: bytes | None = None
        self._lock = Lock()
        self._file: SpooledTemporaryFile[bytes] | None = None
        self._written = 0
        self._is_over = False  # the thread adds nothing more
        self._is_whole = False  # the application gave the answer to its end
        self._is_abandoned = False
        self._changed = asyncio.Event()

    # In the thread

    def make(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Run the application to its end; its faults are logged, and break the answer off."""
        try:
            given = app(environ, self._start)
            try:
                self._take(given)
            finally:
                close = getattr(given, "close", None)
                if close is not None:
                    close()
            self._is_whole = True
        except Abandoned:
            pass
        except Exception:
            log.exception("an answer broke off: %s %s", environ["REQUEST_METHOD"], self._status)
        finally:
            self._is_over = True
            self._tell()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info and self._file is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status = int(status[:3])
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return self._write

    def _write(self, piece: bytes) -> None:
        raise TypeError("this server takes what the application returns, not what it writes")

    def _take(self, given: Iterable[bytes]) -> None:
        pieces: list[bytes] = []
        size = 0
        for piece in given:
            pieces.append(piece)
            size += len(piece)
            if size > self._limits.answer_memory:
                self._store(b"".join(pieces))
                pieces.clear()
                size = 0
        if self._file is None:
            self._short = b"".join(pieces)
        elif pieces:
            self._store(b"".join(pieces))

    def _store(self, data: bytes) -> None:
        with self._lock:
            if self._is_abandoned:
                raise Abandoned
            if self._file is None:
                self._file = SpooledTemporaryFile(_PIECE)  # noqa: SIM115 - ``_close``
            self._file.seek(self._written)
            self._file.write(data)
            self._written += len(data)
        self._tell()

    def _tell(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    # In the loop

    async def send(self, send: Send, receive: Receive) -> None:
        """Send what is made, as it is made. Raises Abandoned where the client does not take it, or
        gets no whole answer: the server then closes the connection without the answer's end.
        """
        await self._changed.wait()
        while self._only_whole and not self._is_over:
            self._changed.clear()
            await self._changed.wait()
        if self._short is not None and self._is_whole:
            await send(self._head(len(self._short)))
            await send({"type": "http.response.body", "body": self._short})
            return
        if self._is_over and not self._is_whole and (self._only_whole or not self._written):
            self._close()
            await say(send, 500)
            return
        leaving = asyncio.ensure_future(_hung_up(receive))
        leaving.add_done_callback(lambda _: self._leave())
        try:
            await send(self._head(self._written if self._is_over and self._is_whole else None))
            await self._send_file(send)
        finally:
            leaving.cancel()
            self._leave()

    async def _send_file(self, send: Send) -> None:
        sent = 0
        while not self._is_abandoned:
            self._changed.clear()
            is_over = self._is_over  # asked first: what was written before is read below
            while piece := self._read(sent):
                sent += len(piece)
                await self._send_piece(send, piece, more=True)
            if is_over:
                break
            await self._changed.wait()
        if not self._is_whole or self._is_abandoned:
            raise Abandoned
        await self._send_piece(send, b"", more=False)

    async def _send_piece(self, send: Send, piece: bytes, *, more: bool) -> None:
        message = {"type": "http.response.body", "body": piece, "more_body": more}
        try:
            async with asyncio.timeout(self._limits.reading_seconds):
                await send(message)
        except TimeoutError:
            raise Abandoned from None

    def _read(self, start: int) -> bytes:
        with self._lock:
            if self._file is None or start >= self._written:
                return b""
            self._file.seek(start)
            return self._file.read(_PIECE)

    def _head(self, size: int | None) -> dict[str, Any]:
        headers = self._headers
        bodiless = self._status in {204, 304} or self._status < 200
        told = any(name == b"content-length" for name, _ in headers)
        if size is not None and not bodiless and not told:
            headers = [*headers, (b"content-length", b"%d" % size)]
        return {"type": "http.response.start", "status": self._status, "headers": headers}

    def _leave(self) -> None:
        """Nobody waits for the answer any more; a thread that still makes it is stopped."""
        with self._lock:
            self._is_abandoned = True
        self._close()
        self._changed.set()

    def _close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file, self._written = None, 0


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


_SAID = {
    400: b"The body of the request cannot be read.\n",
    408: b"The request did not come in time.\n",
    500: b"Something went wrong; the log has the details.\n",
    507: b"There is no room for the body of the request.\n",
}


async def say(send: Send, status: int) -> None:
    """An answer of the server's own, after which the connection ends."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(_SAID[status])),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": _SAID[status]})
