"""Stored files on their way to a browser."""

from __future__ import annotations

from typing import IO

from flask import Response, send_file

from surveyapp.store.models import File


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
