"""Addresses that pages once had: bookmarks, old mails and kiosks lead on to where the page is now."""

from __future__ import annotations

import re

from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

_SURVEY = r"(/journeys/\d+/surveys/\d+)"
MOVED = tuple(
    (re.compile(old), new)
    for old, new in (
        (r"(/journeys/\d+)/deployments(/.*)?", r"\1/surveys\2"),
        (_SURVEY + r"/asking", r"\1/sampling"),
        (_SURVEY + r"/ways(/.*)?", r"\1/channels\2"),
        (_SURVEY + r"/look(/.*)?", r"\1/theme\2"),
        (_SURVEY + r"/loop(/.*)?", r"\1/closed-loop\2"),
        (_SURVEY + r"/import", r"\1/imports"),
        (_SURVEY + r"/messages/lists(/.*)?", r"\1/campaigns\2"),
        (r"(/journeys/\d+)/causes/pain-points(/.*)?", r"\1/pain-points\2"),
        (r"(/journeys/\d+)/asked", r"\1/sampling"),
        (r"(/journeys/\d+)/interactions", r"\1/sampling/interactions"),
        (r"(/journeys/\d+)/map/stages(/.*)", r"\1/stages\2"),
        (r"(/journeys/\d+)/map(/.*)?", r"\1/stages\2"),
        (r"/device(/.*)?", r"/devices\1"),
    )
)


def moved(path: str) -> str | None:
    """Where the page of this old address is now; None if the address was never another one's."""
    now = path
    for old, new in MOVED:  # in turn: a page may have moved with the page above it
        match = old.fullmatch(now)
        if match:
            now = match.expand(new)
    return now if now != path else None


def lead_on(app: Flask) -> None:
    """Redirect requests for old addresses, forms included, for good."""

    @app.before_request
    def to_new_address() -> ResponseReturnValue | None:
        if request.url_rule is not None:
            return None
        now = moved(request.path)
        if now is None:
            return None
        query = request.query_string.decode("ascii", "replace")
        return redirect(f"{now}?{query}" if query else now, 308)
