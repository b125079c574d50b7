"""HTTP as clients, proxies and attackers speak it."""

from __future__ import annotations

import hashlib
import json
import resource
import time
from http.client import IncompleteRead

import psutil
import pytest

from tests.server.application import PIECE
from tests.server.conftest import Server, read_all, running

END = b"Host: here\r\nConnection: close\r\n\r\n"


def told(answer: bytes) -> dict:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), answer
    return json.loads(body)


def test_a_request_reaches_the_application_as_wsgi_wants_it(server: Server):
    environ = told(
        server.send(b"GET /a%20b/%C3%A9?q=%31&r HTTP/1.1\r\nCookie: a=1\r\nCookie: b=2\r\n" + END)
    )["environ"]
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["PATH_INFO"] == "/a b/é".encode().decode("latin-1")
    assert environ["QUERY_STRING"] == "q=%31&r"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert environ["SERVER_PORT"] == str(server.port)
    assert environ["HTTP_HOST"] == "here"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert "CONTENT_LENGTH" not in environ


def test_a_header_with_underscores_cannot_pass_for_one_with_dashes(server: Server):
    environ = told(
        server.send(
            b"GET / HTTP/1.1\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n" + END
        )
    )["environ"]
    assert environ["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"


def test_a_connection_is_kept_for_the_next_request(server: Server):
    with server.http() as connection:
        opened = None
        for number in range(3):
            connection.request("POST", "/", b"x" * number)
            assert json.loads(connection.getresponse().read())["length"] == number
            assert connection.sock is (opened or connection.sock)
            opened = connection.sock
        assert opened is not None


def test_head_sends_the_headers_only_and_keeps_the_connection(server: Server):
    with server.http() as connection:
        for path in ("/", "/stream?pieces=3"):
            connection.request("HEAD", path)
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"")
        connection.request("GET", "/")
        assert connection.getresponse().read()


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_that_has_no_body_has_no_length_either(server: Server, status: str):
    answer = server.send(f"GET /bare?status={status.replace(' ', '+')} HTTP/1.1\r\n".encode() + END)
    assert answer.startswith(f"HTTP/1.1 {status}\r\n".encode())
    assert answer.endswith(b"\r\n\r\n")
    assert b"content-length" not in answer.lower()
    assert b"transfer-encoding" not in answer.lower()


def test_a_body_in_chunks_arrives_with_its_length(server: Server):
    found = told(
        server.send(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            + END
            + b"3;some=thing\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Trailer: no\r\n\r\n"
        )
    )
    assert found["sha"] == hashlib.sha256(b"abcdefg").hexdigest()
    assert found["environ"]["CONTENT_LENGTH"] == "7"
    assert "HTTP_X_TRAILER" not in found["environ"]
    assert "HTTP_TRANSFER_ENCODING" not in found["environ"]


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(server: Server):
    with server.connect() as opened:
        opened.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n" + END)
        assert opened.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(b"abc")
        assert told(read_all(opened))["length"] == 3


def test_chunks_that_are_none_are_refused(server: Server):
    answer = server.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_a_stream_arrives_whole(server: Server):
    assert server.get("/stream?pieces=100") == (200, PIECE * 100)


def test_a_stream_that_breaks_does_not_look_whole(server: Server):
    with server.http() as connection:
        connection.request("GET", "/stream?pieces=100&breaks=50")
        answer = connection.getresponse()
        if answer.status == 500:  # on a busy machine it broke before its first byte was on its way
            answer.read()
        else:
            with answer, pytest.raises((IncompleteRead, ConnectionResetError)):
                answer.read()
    # HTTP/1.0 has no last chunk that could be missing: nothing is sent before the end is there.
    answer = server.send(b"GET /stream?pieces=100&breaks=50 HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 500 ")


def test_a_stream_that_breaks_before_its_first_byte_is_an_error(server: Server):
    assert server.get("/stream?pieces=3&breaks=0")[0] == 500


def test_a_stream_in_http_1_0_tells_its_length(server: Server):
    answer = server.send(b"GET /stream?pieces=3 HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n" + PIECE * 3)
    assert b"content-length: %d\r\n" % (3 * len(PIECE)) in answer
    assert b"transfer-encoding" not in answer


def test_an_answer_keeps_the_length_that_was_promised(server: Server):
    assert server.get("/promised?length=3000000&given=3000000") == (200, b"x" * 3_000_000)


def test_a_failure_is_a_500_and_the_next_request_is_served(server: Server):
    assert server.get("/fail")[0] == 500
    assert server.get("/bare?status=200+OK&header=a%0d%0aSet-Cookie:%20b=1")[0] == 500
    assert server.get("/")[0] == 200


def test_a_large_body_comes_whole_where_the_application_allows_it(server: Server):
    body = PIECE * 100
    for headers in ({}, {"Transfer-Encoding": "chunked"}):
        with server.http() as connection:
            sent = iter([body]) if headers else body
            connection.request("POST", "/upload", sent, headers, encode_chunked=bool(headers))
            found = json.loads(connection.getresponse().read())
        assert (found["length"], found["sha"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_a_body_that_is_too_large_is_answered_by_the_application_unread(server: Server):
    for path in ("/", "/upload"):
        with server.connect() as opened:
            opened.sendall(
                f"POST {path} HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
                "Content-Length: 9000000\r\n\r\n".encode()
            )
            answer = read_all(opened)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'"length": 0' in answer


def test_a_body_that_grows_too_large_in_chunks_is_answered_too(server: Server):
    for path in ("/", "/upload"):
        with server.connect() as opened:
            opened.sendall(
                f"POST {path} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            )
            chunk = b"%x\r\n%b\r\n" % (len(PIECE), PIECE)
            answer = b""
            try:
                for _ in range(160):  # 10 MB
                    opened.sendall(chunk)
                answer = read_all(opened)
            except ConnectionError:
                answer = answer or opened.recv(100)
        assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_full_disk_is_said_and_small_requests_are_served_all_the_same():
    """The process may write no file longer than 100 KB: the same error, at another number."""
    with running() as full:
        assert full.get("/")[0] == 200
        for each in psutil.Process(full.process.pid).children(recursive=True):
            resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
        with full.connect() as opened:
            opened.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 500000\r\n\r\n")
            opened.sendall(b"x" * 400_000)
            assert opened.recv(100).startswith(b"HTTP/1.1 507 Insufficient Storage\r\n")
        with full.connect() as opened:
            opened.sendall(b"GET /stream?pieces=500 HTTP/1.1\r\n" + END)
            answer = read_all(opened)
            assert answer.startswith(b"HTTP/1.1 500 ") or not answer.endswith(b"0\r\n\r\n")
        assert full.get("/")[0] == 200
        with full.http() as connection:
            connection.request("POST", "/", b"x" * 1000)
            assert json.loads(connection.getresponse().read())["length"] == 1000


def test_a_client_that_leaves_does_not_keep_a_thread(server: Server):
    for number in range(10):
        opened = server.connect()
        path = f"/stream?pieces=1000000000&name=left-{number}"  # no machine sends 64 TB meanwhile
        opened.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        opened.recv(1000)
        opened.close()
    assert server.get("/")[0] == 200
    given_up = time.monotonic() + 20  # as long as a client here waits for an answer
    while time.monotonic() < given_up and len(left(server)) < 10:
        time.sleep(0.02)
    assert left(server) == {f"left-{number}" for number in range(10)}


def left(server: Server) -> set[str]:
    """The streams that have ended, of those whose clients left."""
    return {name for name in json.loads(server.get("/streams")[1]) if name.startswith("left-")}
