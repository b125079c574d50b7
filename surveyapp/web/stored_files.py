"""Stored files on their way to a browser."""

from __future__ import annotations

from typing import IO

from flask import Response, send_file

from surveyapp.store.models import File

# A picture opens in the browser, where nothing in it could run even if it were something else.
_CLOSED = "default-src 'none'; sandbox; frame-ancestors 'none'"


def shown_picture(content: IO[bytes], file: File) -> Response:
    """A stored picture to be looked at in a page; ``content`` as for ``stored_file``."""
    answer = closed_off(stored_file(content, file))
    answer.headers["Content-Disposition"] = "inline"
    return answer


def closed_off(answer: Response) -> Response:
    """The answer, in which a browser runs and loads nothing."""
    answer.headers["Content-Security-Policy"] = _CLOSED
    return answer


def stored_file(content: IO[bytes], file: File) -> Response:
    """The file as a download; ``content``, which is as the file store opened it, is closed at its end."""
    answer = send_file(
        content,
        mimetype=file.media_type,
        as_attachment=True,
        download_name=file.name,
        etag=file.sha256,
    )
    if answer.status_code == 200:  # not where the browser has it already
        answer.content_length = file.size
    return answer
