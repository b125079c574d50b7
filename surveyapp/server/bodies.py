"""A request's body, read whole before a thread sees the request, and no longer than its client is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from io import BytesIO
from tempfile import SpooledTemporaryFile
from time import monotonic
from typing import IO, Any

from surveyapp.server.limits import Limits

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class TooSlow(Exception):
    """The client fell silent, or drips."""


class TooLarge(Exception):
    """The body is larger than the application takes; ``size`` bytes of it or more."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"a body of {size} bytes or more")


class Gone(Exception):
    """The client has hung up, or sends what is no body."""


async def read_body(
    receive: Receive,
    declared: int | None,
    limits: Limits,
    allowed: Callable[[], Awaitable[int]],
) -> tuple[IO[bytes], int]:
    """The body as a file at its beginning, and its size.

    ``declared`` is its length by the request's head, None for one in chunks. ``allowed`` is asked
    once a body is larger than an ordinary one, before more of it is read. Raises TooSlow, TooLarge
    or Gone, OSError where the disk is full.
    """
    most = limits.ordinary_body
    if declared is not None and declared > most:
        most = await allowed()
        if declared > most:
            raise TooLarge(declared)
    size, begun = 0, monotonic()
    piece, more = await _piece(receive, limits, begun, size)
    if len(piece) == declared:  # as nearly every form comes
        return BytesIO(piece), declared
    file: IO[bytes] = SpooledTemporaryFile(limits.body_memory)  # noqa: SIM115 - the thread closes it
    try:
        while True:
            size += len(piece)
            if size > most:
                most = max(most, await allowed())
                if size > most:
                    raise TooLarge(size)
            file.write(piece)
            if not more:
                file.seek(0)
                return file, size
            piece, more = await _piece(receive, limits, begun, size)
    except BaseException:
        file.close()
        raise


async def _piece(receive: Receive, limits: Limits, begun: float, size: int) -> tuple[bytes, bool]:
    left = begun + limits.longest(size) - monotonic()
    try:
        async with asyncio.timeout(min(limits.silent_seconds, left)):
            message = await receive()
    except TimeoutError:
        raise TooSlow from None
    if message["type"] == "http.disconnect":
        raise Gone
    return message.get("body", b""), message.get("more_body", False)


async def drain(receive: Receive, limits: Limits) -> None:
    """Read on for a moment and keep nothing: a client that is still sending reads no answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(limits.drain_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
