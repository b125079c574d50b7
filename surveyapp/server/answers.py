"""An answer on its way from the thread that makes it to the loop that sends it.

A short answer is handed over whole. A longer one goes through a file, so that a client that reads
slowly keeps no thread, and no transaction of the database, waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from surveyapp.server.bodies import Receive
from surveyapp.server.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
_PIECE = 256 * 1024  # bytes sent at a time
_SAID = {
    400: b"The body of the request cannot be read.\n",
    408: b"The request did not come in time.\n",
    500: b"Something went wrong; the log has the details.\n",
    507: b"There is no room for the body of the request.\n",
}


class Abandoned(Exception):
    """The client is gone, or the answer broke off: its rest is not sent."""


class Head(NamedTuple):
    """Status and headers, as the application gave them."""

    status: int
    headers: Headers

    def message(self, size: int | None) -> dict[str, Any]:
        """What begins the answer; with its length where that is known and not told yet."""
        headers = self.headers
        bodiless = self.status in {204, 304} or self.status < 200
        told = any(name == b"content-length" for name, _ in headers)
        if size is not None and not bodiless and not told:
            headers = [*headers, (b"content-length", b"%d" % size)]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


class Short(NamedTuple):
    """An answer that is complete, in memory."""

    head: Head
    data: bytes

    async def send(self, send: Send, _receive: Receive) -> None:
        await send(self.head.message(len(self.data)))
        await send({"type": "http.response.body", "body": self.data})


class Failed(NamedTuple):
    """A request that ends in an answer of the server's own."""

    status: int

    async def send(self, send: Send, _receive: Receive) -> None:
        """The answer, after which the connection ends."""
        data = _SAID[self.status]
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        await Short(Head(self.status, headers), data).send(send, _receive)


class Long:
    """An answer that goes through a file; ``add`` and ``end`` in the thread, ``send`` in the loop."""

    def __init__(self, head: Head, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._head, self._loop, self._limits = head, loop, limits
        self._lock = Lock()
        self._file: SpooledTemporaryFile[bytes] | None = SpooledTemporaryFile(  # noqa: SIM115
            _PIECE
        )
        self.size = 0
        self._sent = 0
        self._is_over = False  # the thread adds nothing more
        self._is_whole = False  # the application gave the answer to its end
        self._changed = asyncio.Event()

    def add(self, data: bytes) -> None:
        """Raises Abandoned when nobody waits for it."""
        with self._lock:
            if self._file is None:
                raise Abandoned
            self._file.seek(self.size)
            self._file.write(data)
            self.size += len(data)
        self._tell()

    def end(self, *, whole: bool) -> None:
        self._is_whole, self._is_over = whole, True
        self._tell()

    def _tell(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    async def ended(self) -> None:
        """Wait until the thread adds nothing more."""
        while not self._is_over:
            self._changed.clear()
            await self._changed.wait()

    async def send(self, send: Send, receive: Receive) -> None:
        """Send what is made, as it is made. Raises Abandoned where the client does not take it, or
        gets no whole answer: the server then closes the connection without the answer's end.
        """
        if self._is_over and not self._is_whole:
            self._leave()
            await Failed(500).send(send, receive)
            return
        leaving = asyncio.ensure_future(_hung_up(receive))
        leaving.add_done_callback(lambda _: self._leave())
        try:
            await send(self._head.message(self.size if self._is_over else None))
            await self._send_file(send)
        finally:
            leaving.cancel()
            self._leave()

    async def _send_file(self, send: Send) -> None:
        while self._file is not None:
            self._changed.clear()
            is_over = self._is_over  # asked first: what was written before is read below
            while piece := self._read(self._sent):
                self._sent += len(piece)
                await self._send_piece(send, piece, more=True)
                await asyncio.sleep(
                    0
                )  # what the server takes at once lets nobody else in the loop run
            if is_over:
                break
            await self._changed.wait()
        if not self._is_whole or self._file is None:
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
            if self._file is None or start >= self.size:
                return b""
            self._file.seek(start)
            return self._file.read(_PIECE)

    def _leave(self) -> None:
        """Nobody waits for the answer any more; a thread that still makes it is stopped."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
        self._changed.set()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


Answer = Short | Long | Failed


class Making:
    """One request in a thread; what comes of it is given to ``first`` in the loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, first: asyncio.Future[Answer], limits: Limits
    ) -> None:
        self._loop, self._first, self._limits = loop, first, limits
        self._head: Head | None = None
        self._long: Long | None = None

    def make(self, app: WSGIApplication, environ: WSGIEnvironment, body: IO[bytes]) -> None:
        """Run the application to its end and close ``body``; faults are logged, and break the answer off."""
        short, whole = b"", False
        try:
            given = app(environ, self._start)
            try:
                short = self._take(given)
            finally:
                close = getattr(given, "close", None)
                if close is not None:
                    close()
            whole = True
        except Abandoned:
            pass
        except Exception:
            log.exception("an answer broke off: %s", environ["REQUEST_METHOD"])
        finally:
            body.close()
            if self._long is not None:
                self._long.end(whole=whole)
            elif whole and self._head is not None:
                self._tell(Short(self._head, short))
            else:
                self._tell(Failed(500))

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info and self._long is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self._head = Head(
            int(status[:3]),
            [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        )
        return _write

    def _take(self, given: Any) -> bytes:
        """The answer where it is short; a longer one has gone into its file."""
        pieces: list[bytes] = []
        size = 0
        for piece in given:
            pieces.append(piece)
            size += len(piece)
            if size > self._limits.answer_memory:
                self._store(b"".join(pieces))
                pieces.clear()
                size = 0
        data = b"".join(pieces)
        if self._long is None:
            return data
        self._long.add(data)
        return b""

    def _store(self, data: bytes) -> None:
        if self._long is not None:
            self._long.add(data)
            return
        if self._head is None:
            raise TypeError("the application did not call start_response")
        answer = Long(self._head, self._loop, self._limits)
        answer.add(data)  # a full disk is told as a 500
        self._long = answer
        self._tell(answer)

    def _tell(self, answer: Answer) -> None:
        self._loop.call_soon_threadsafe(_settle, self._first, answer)


def _settle(first: asyncio.Future[Answer], answer: Answer) -> None:
    if not first.done():  # else the client is gone
        first.set_result(answer)


def _write(_piece: bytes) -> None:
    raise TypeError("this server takes what the application returns, not what it writes")
