"""Clients that are slow, silent or many keep nobody else waiting, and are not waited for without end."""

from __future__ import annotations

import json
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.server.application import PIECE
from tests.server.conftest import Server, read_all, running

BODY = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n"
PROMPT = 1.0  # seconds


@pytest.fixture(scope="module")
def patient() -> Iterator[Server]:
    """With the limits of the product."""
    with running() as started:
        started.get("/")
        yield started


def is_prompt(server: Server, path: str = "/") -> bool:
    begun = time.monotonic()
    status, _ = server.get(path)
    return status == 200 and time.monotonic() - begun < PROMPT


@pytest.mark.parametrize("count", [50, 500])
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST / HT",
        BODY,
        BODY + b"x" * 99,
        BODY.replace(b"Content-Length: 100", b"Transfer-Encoding: chunked") + b"5\r\nab",
        b"POST /upload HTTP/1.1\r\nHost: here\r\nContent-Length: 8000000\r\n\r\nab",
    ],
)
def test_requests_that_are_never_finished_keep_no_page_waiting(
    patient: Server, begun: bytes, count: int
):
    silent = [patient.connect() for _ in range(count)]
    try:
        for opened in silent:
            opened.sendall(begun)
        assert all(is_prompt(patient) for _ in range(5))
    finally:
        for opened in silent:
            opened.close()


def test_pages_that_take_long_keep_no_customer_waiting(server: Server):
    """There are two threads for ordinary pages here, and both are taken several times over."""
    asking = [server.connect() for _ in range(8)]
    try:
        for opened in asking:
            opened.sendall(
                b"GET /slow?seconds=0.5 HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
            )
        time.sleep(0.1)
        assert all(is_prompt(server, "/s/link") for _ in range(3))
        waiting, _, _ = select.select(asking, [], [], 0)
        assert len(waiting) < len(asking)
        assert all(read_all(opened).endswith(b"at last") for opened in asking)
    finally:
        for opened in asking:
            opened.close()


def test_half_forms_of_one_address_beyond_a_number_are_hurried_and_whole_ones_are_taken():
    with running(most_unfinished_of_one=20, hurried_seconds=0.3, silent_seconds=20.0) as server:
        server.get("/")
        half = [server.connect() for _ in range(20)]
        try:
            for opened in half:
                opened.sendall(BODY)
            time.sleep(0.2)
            begun = time.monotonic()
            assert server.send(BODY + b"x").startswith(b"HTTP/1.1 408")
            assert time.monotonic() - begun < 5
            whole = b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
            assert server.send(b"POST / HTTP/1.1\r\nHost: here\r\n" + whole).startswith(
                b"HTTP/1.1 200"
            )
            half[0].sendall(b"x" * 100)  # those who came before have their time
            assert half[0].recv(100).startswith(b"HTTP/1.1 200")
        finally:
            for opened in half:
                opened.close()


def test_bodies_that_drip_keep_no_page_waiting_and_are_refused(server: Server):
    dripping = [server.connect() for _ in range(50)]
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.3):  # well within the silence that is allowed
            for opened in dripping:
                try:
                    opened.send(b"x")
                except OSError:
                    over.set()

    try:
        for opened in dripping:
            opened.sendall(BODY.replace(b"100", b"100000"))
        thread = threading.Thread(target=drip)
        thread.start()
        assert is_prompt(server)
        begun = time.monotonic()
        assert read_all(dripping[0]).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert time.monotonic() - begun < 5
        over.set()
        thread.join()
    finally:
        over.set()
        for opened in dripping:
            opened.close()


def test_a_body_that_stops_is_refused_with_408(server: Server):
    for begun in (BODY, BODY + b"x" * 99):
        assert server.send(begun).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: he"])
def test_a_head_that_does_not_come_ends_the_connection(server: Server, begun: bytes):
    before = time.monotonic()
    assert b"200 OK" not in server.send(begun)
    assert time.monotonic() - before < 6


def test_a_head_that_drips_ends_the_connection(server: Server):
    with server.connect() as opened:
        before = time.monotonic()
        with pytest.raises(OSError, match=r"reset|pipe|closed"):
            while time.monotonic() - before < 10:
                opened.sendall(b"x")
                time.sleep(0.2)


def test_an_honest_slow_upload_is_read_to_its_end(server: Server):
    """Slower than the silence limit in all, but never silent and never below the least rate."""
    with server.connect() as opened:
        opened.sendall(
            b"POST /upload HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n"
        )
        for _ in range(20):
            opened.sendall(b"x" * 100_000)
            time.sleep(0.25)
        answer = read_all(opened)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"length": 2000000' in answer


def test_readers_that_do_not_read_keep_neither_threads_nor_generators(patient: Server):
    """Each stream is 12 MB, far more than sockets hold; two threads make them all."""
    idle = []
    try:
        for number in range(8):
            opened = patient.connect()
            opened.sendall(
                f"GET /stream?pieces=200&name=idle{number} HTTP/1.1\r\n"
                "Host: here\r\nConnection: close\r\n\r\n".encode()
            )
            idle.append(opened)
        deadline = time.monotonic() + 30
        done: set[str] = set()
        while len(done) < 8 and time.monotonic() < deadline:
            done = {name for name in json.loads(patient.get("/streams")[1]) if "idle" in name}
        assert len(done) == 8
        assert is_prompt(patient)
        for opened in idle:  # who reads late still reads everything
            head, _, body = read_all(opened).partition(b"\r\n\r\n")
            told = b"content-length: %d" % (200 * len(PIECE)) in head
            assert told or body.endswith(b"\r\n0\r\n\r\n")
            assert len(body) >= 200 * len(PIECE)
    finally:
        for opened in idle:
            opened.close()


def test_a_reader_that_reads_nothing_is_parted_from(server: Server):
    with server.connect() as opened:
        opened.sendall(b"GET /stream?pieces=200 HTTP/1.1\r\nHost: here\r\n\r\n")
        time.sleep(5)
        assert not read_all(opened).endswith(b"0\r\n\r\n")


def test_a_server_that_is_told_to_stop_answers_what_it_was_asked():
    with running() as stopped:
        assert stopped.get("/")[0] == 200
        dripping, idle = stopped.connect(), stopped.connect()
        dripping.sendall(BODY)
        with stopped.connect() as asked:
            asked.sendall(b"GET /slow?seconds=0.6 HTTP/1.1\r\nHost: here\r\n\r\n")
            time.sleep(0.3)
            begun = time.monotonic()
            stopped.process.send_signal(signal.SIGTERM)
            answer = read_all(asked)
        assert answer.endswith(b"at last")
        assert stopped.process.wait(10) == 0
        assert time.monotonic() - begun < 10
        dripping.close()
        idle.close()


def test_a_reset_in_the_middle_of_anything_leaves_the_server_serving(server: Server):
    for data in (
        b"GET",
        BODY,
        BODY + b"x" * 50,
        b"GET /slow?seconds=0.1 HTTP/1.1\r\nHost: h\r\n\r\n",
    ):
        opened = server.connect()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        opened.sendall(data)
        opened.close()
    assert is_prompt(server)
