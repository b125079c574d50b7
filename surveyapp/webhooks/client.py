"""One POST to somebody else's server: to the very address that was checked, within a given time.

On plain sockets, because everything dangerous happens between name and connection: a client that
is given a name looks it up a second time, when it may lead elsewhere, and follows redirects and the
environment's proxies. The name is still what certificate, SNI and Host header speak of.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
)
from io import BufferedReader
from threading import Event, Timer
from time import monotonic
from typing import Any

from surveyapp.webhooks.addresses import Resolve, Target, Unreachable, read_url, sockets

LONGEST_BODY = 256 * 1024
_MOST_READ = 4096  # of an answer; nobody needs the rest
_EXCERPT = 200


@dataclass(frozen=True)
class Answer:
    """What the other server said; ``excerpt`` is the beginning of its body as one printable line.

    ``retry_after`` is that header as it came, empty where there was none.
    """

    status: int
    excerpt: str
    retry_after: str = ""

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float = 10.0,
    private: Sequence[str] = (),
    resolve: Resolve = socket.getaddrinfo,
    trust: ssl.SSLContext | None = None,
) -> Answer:
    """Send ``body`` and read the answer, whatever its status; redirects are answers too.

    ``timeout`` is the number of seconds for everything after the name has been looked up: however
    slowly the other server drips, the connection is cut then. ``private`` as in ``read_url``;
    ``trust`` replaces the system's certificates. Raises Invalid for an address that may not be used,
    Unreachable when there is no answer.
    """
    if len(body) > LONGEST_BODY:
        raise Unreachable(f"The message has {len(body)} bytes; the limit is {LONGEST_BODY}.")
    target = read_url(url, private=private)
    found = sockets(target, private=private, resolve=resolve)
    until = monotonic() + timeout
    with _connected(found, until) as plain, _cut_at(plain, until) as over:
        try:
            return _exchange(target, plain, body, headers, trust)
        except (OSError, HTTPException, ValueError) as error:
            # Under load the socket's own timeout may come before the timer's thread has its turn.
            if over.is_set() or isinstance(error, TimeoutError):
                raise Unreachable(f"No complete response within {timeout:g} seconds.") from error
            raise Unreachable(_words(target, error)) from error


def _exchange(
    target: Target,
    plain: socket.socket,
    body: bytes,
    headers: Mapping[str, str],
    trust: ssl.SSLContext | None,
) -> Answer:
    connection: HTTPConnection
    if target.scheme == "https":
        context = trust or _system_trust()
        connection = HTTPSConnection(target.host, target.port, context=context)
        connection.sock = context.wrap_socket(plain, server_hostname=target.host)
    else:
        connection = HTTPConnection(target.host, target.port)
        connection.sock = plain
    connection.response_class = _Response
    try:
        own = {"Accept": "*/*", "Connection": "close", "User-Agent": "surveyapp"}
        connection.request("POST", target.path, body, {**own, **headers})
        with connection.getresponse() as answer:
            asked = answer.getheader("Retry-After", "")
            return Answer(answer.status, _excerpt(answer), asked)
    finally:
        connection.close()


class _WholeLines(BufferedReader):
    """Lines that end with a line break; one that the connection's end cut off is none."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith(b"\n") and len(line) != size:
            raise IncompleteRead(line)
        return line


class _Response(HTTPResponse):
    """A response whose head is read to its end: http.client takes a head that breaks off for whole."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp = _WholeLines(self.fp.detach())


def _excerpt(answer: HTTPResponse) -> str:
    """The beginning of the body; whether it is complete does not matter once the status is there."""
    try:
        text = answer.read(_MOST_READ).decode(errors="replace")
    except (OSError, HTTPException):
        return ""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(line.split())[:_EXCERPT]


@contextmanager
def _connected(
    found: Sequence[tuple[int, int, int, str, tuple[str, int]]], until: float
) -> Iterator[socket.socket]:
    """A connection to the first address that takes one; the addresses are used as they were checked."""
    fault: OSError | None = None
    for family, kind, protocol, _, place in found:
        left = until - monotonic()
        if left <= 0:
            break
        tried = socket.socket(family, kind, protocol)
        try:
            tried.settimeout(left)
            tried.connect(place)
            tried.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # head and body are two writes
        except OSError as error:
            tried.close()
            fault = error
            continue
        with tried:
            yield tried
        return
    raise Unreachable(f"The server does not respond: {fault or 'timed out'}.") from fault


@contextmanager
def _cut_at(plain: socket.socket, until: float) -> Iterator[Event]:
    """Cut the connection at that moment, in the middle of a handshake or a line if need be.

    A socket's own timeout begins anew with each byte. The copy reaches the connection however it
    has been wrapped since.
    """
    over = Event()
    copy = plain.dup()

    def cut() -> None:
        over.set()
        with copy:
            try:
                copy.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was quicker
                return

    timer = Timer(max(0.0, until - monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
        copy.close()


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _words(target: Target, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {target.host} is not valid: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return f"No secure connection to {target.host}: {error.reason or error}."
    if isinstance(error, HTTPException):
        return f"{target.host} sent a response that is not HTTP ({type(error).__name__})."
    return f"The connection to {target.host} broke: {error}."
