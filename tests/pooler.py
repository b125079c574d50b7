"""A pooler before a real PostgreSQL, as PgBouncer is in transaction mode: each transaction gets the
connection of the server's that was given back last.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Thread

from sqlalchemy import URL

_ENCRYPTED = {80877103, 80877104}  # requests for TLS and GSS encryption, which are declined
_OWN_PROCESS = 1


class _Wire:
    """Messages of PostgreSQL's protocol: a letter, a length and what it says."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._file = connection.makefile("rb")

    def first(self) -> bytes:
        """The first message of a client, which has no letter."""
        (length,) = struct.unpack("!I", head := self._taken(4))
        return head + self._taken(length - 4)

    def message(self) -> bytes:
        head = self._taken(5)
        return head + self._taken(struct.unpack("!I", head[1:])[0] - 4)

    def put(self, message: bytes) -> None:
        self.connection.sendall(message)

    def close(self) -> None:
        self._file.close()
        self.connection.close()

    def _taken(self, count: int) -> bytes:
        taken = self._file.read(count)
        if len(taken) < count:
            raise ConnectionError
        return taken


class _Pooler:
    def __init__(self, url: URL) -> None:
        self._url = url
        self._idle: list[_Wire] = []
        self._all: list[_Wire] = []
        self.listening = socket.create_server(("127.0.0.1", 0))

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                Thread(target=self._served, args=(_Wire(connection),), daemon=True).start()

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for each in self._all:
            each.close()

    def _served(self, client: _Wire) -> None:
        with suppress(OSError), closing(client):
            start = client.first()
            while struct.unpack("!I", start[4:8])[0] in _ENCRYPTED:
                client.put(b"N")
                start = client.first()
            server = self._opened(start)
            for message in self._until_ready(server):
                if message[:1] == b"K":  # the number of the process, which is the pooler's own
                    message = message[:5] + struct.pack("!I", _OWN_PROCESS) + message[9:]
                client.put(message)
            self._idle.append(server)
            while True:
                self._transaction(client, start)

    def _transaction(self, client: _Wire, start: bytes) -> None:
        message = client.message()
        if message[:1] == b"X":
            raise ConnectionError
        server = self._idle.pop() if self._idle else self._opened(start, is_new=True)
        while True:
            server.put(message)
            if message[:1] in b"QS":  # a query, or the end of several messages
                for answer in self._until_ready(server):
                    client.put(answer)
                if answer[5:6] == b"I":  # in no transaction
                    self._idle.append(server)
                    return
            message = client.message()

    def _opened(self, start: bytes, *, is_new: bool = False) -> _Wire:
        host = str(self._url.query.get("host", self._url.host))
        if host.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(f"{host}/.s.PGSQL.{self._url.port or 5432}")
        else:
            connection = socket.create_connection((host, self._url.port or 5432))
        server = _Wire(connection)
        self._all.append(server)
        server.put(start)
        if is_new:
            list(self._until_ready(server))
        return server

    @staticmethod
    def _until_ready(server: _Wire) -> Iterator[bytes]:
        while True:
            message = server.message()
            yield message
            if message[:1] == b"Z":
                return


@contextmanager
def pooled(url: URL) -> Iterator[URL]:
    """The address of a pooler before the database of this one, whose server asks for no password."""
    pooler = _Pooler(url)
    Thread(target=pooler.serve, daemon=True).start()
    host, port = pooler.listening.getsockname()
    query = {name: value for name, value in url.query.items() if name != "host"}
    try:
        yield url.set(host=host, port=port, query=query)
    finally:
        pooler.close()
