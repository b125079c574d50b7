"""Answers that are sent as they are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HTML = "text/html; charset=utf-8"


class Ready(Response):
    """An answer whose headers are as they are sent: nothing is looked for in them and put right, which
    takes as long as to set them. A place that it leads to is written as addresses are.
    """

    # Set for every such answer, beside its own headers.
    protection: tuple[tuple[str, str], ...] = ()

    def get_wsgi_response(
        self, environ: WSGIEnvironment
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        return self.get_app_iter(environ), self.status, [*self.headers, *self.protection]


def led_to(address: str) -> Ready:
    """An answer that leads on to a place, written as addresses are, after something was sent."""
    told = [("Location", address), ("Content-Length", "0"), ("Content-Type", HTML)]
    return Ready([], 303, Headers(told))
