"""A server in a process of its own, with limits that a test need not wait for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from surveyapp.server.serve import HEAD_SECONDS
from tests.web.test_respond_kill import free_port, wait_for

IMPATIENT = {"silent_seconds": 1.0, "reading_seconds": 2.0, "drain_seconds": 1.0}


@dataclass(frozen=True)
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    @contextmanager
    def http(self) -> Iterator[HTTPConnection]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            yield connection
        finally:
            connection.close()

    def send(self, data: bytes) -> bytes:
        """Everything that comes back until the server closes, which the request should ask for."""
        with self.connect() as opened:
            opened.sendall(data)
            return read_all(opened)

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        with self.http() as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()


def read_all(opened: socket.socket) -> bytes:
    found = b""
    while data := opened.recv(65536):
        found += data
    return found


@contextmanager
def running(*, head_seconds: int = HEAD_SECONDS, **limits: Any) -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.application", str(port), str(head_seconds)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LIMITS": json.dumps(limits)},
        start_new_session=True,
    )
    try:
        wait_for(port)
        yield Server(port, process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(head_seconds=2, **IMPATIENT) as started:
        yield started
