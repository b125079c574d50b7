"""A WSGI application that does what applications do to servers: ``python -m tests.server.application PORT HEAD_SECONDS``."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs

from surveyapp.server.bridge import Bridge
from surveyapp.server.limits import Limits
from surveyapp.server.serve import end_with_parent, serve

PIECE = b"0123456789abcdef" * 4096  # 64 KB
UPLOAD = 8 * 1024 * 1024
finished: list[str] = []  # streams whose generator has been closed


def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    asked = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    return PAGES.get(environ["PATH_INFO"], echo)(environ, start, asked)


def echo(environ: dict[str, Any], start: Any, _asked: dict[str, str]) -> list[bytes]:
    """What came, as JSON; 413 where the body was not read because it is too large."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read()
    told = {
        "environ": {k: v for k, v in environ.items() if isinstance(v, str)},
        "length": len(body),
        "sha": hashlib.sha256(body).hexdigest(),
    }
    status = "200 OK" if len(body) == length else "413 Request Entity Too Large"
    said = json.dumps(told).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(said)))])
    return [said]


def slow(_environ: dict[str, Any], start: Any, asked: dict[str, str]) -> list[bytes]:
    time.sleep(float(asked["seconds"]))
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"at last"]


def stream(_environ: dict[str, Any], start: Any, asked: dict[str, str]) -> Iterator[bytes]:
    """So many pieces of unknown total length; breaks before the piece ``breaks``."""
    start("200 OK", [("Content-Type", "text/csv")])
    try:
        for number in range(int(asked["pieces"])):
            if number == int(asked.get("breaks", -1)):
                raise OSError("the database is gone")
            yield PIECE
    finally:
        finished.append(asked.get("name", ""))


def streams(_environ: dict[str, Any], start: Any, _asked: dict[str, str]) -> list[bytes]:
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(finished).encode()]


def promised(_environ: dict[str, Any], start: Any, asked: dict[str, str]) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", asked["length"])])
    return iter([b"x" * int(asked["given"])])


def bare(_environ: dict[str, Any], start: Any, asked: dict[str, str]) -> list[bytes]:
    start(asked["status"], [("X-Given", asked.get("header", ""))])
    return []


def fail(_environ: dict[str, Any], _start: Any, _asked: dict[str, str]) -> list[bytes]:
    raise ValueError("on purpose")


def last(_environ: dict[str, Any], start: Any, _asked: dict[str, str]) -> list[bytes]:
    start("200 OK", [("Connection", "close")])
    return [b"goodbye"]


def late(_environ: dict[str, Any], start: Any, _asked: dict[str, str]) -> Iterator[bytes]:
    """The answer is whole before closing it fails."""

    class Closing:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"whole"])

        def close(self) -> None:
            raise ValueError("on purpose")

    start("200 OK", [("Content-Length", "5")])
    return Closing()  # type: ignore[return-value]


PAGES: dict[str, Any] = {
    "/slow": slow,
    "/stream": stream,
    "/streams": streams,
    "/promised": promised,
    "/bare": bare,
    "/fail": fail,
    "/last": last,
    "/late": late,
}


def allowed_body(environ: dict[str, Any]) -> int:
    return UPLOAD if environ["PATH_INFO"] == "/upload" else 0


def served() -> Bridge:
    """What the server's processes serve; the limits stand in the environment as JSON."""
    limits = Limits(**json.loads(os.environ["LIMITS"]))
    end_with_parent()
    return Bridge(
        application,
        threads=2,
        allowed_body=allowed_body,
        is_reserved=lambda path: path.startswith("/s/"),
        limits=limits,
    )


if __name__ == "__main__":
    port, head_seconds = map(int, sys.argv[1:])
    serve(
        "tests.server.application:served",
        "127.0.0.1",
        port,
        processes=1,
        head_seconds=head_seconds,
    )
