"""Tables that a browser downloads while they are read."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

from flask import Response
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.exports.csv_table import CsvTable
from surveyapp.exports.formats import csv_file, json_lines
from surveyapp.exports.formats.registry import Format
from surveyapp.exports.table import Table
from surveyapp.web.installation import installation

MOST_MADE = 50_000  # rows of a file that is made before it is sent
_PIECE = 1 << 20  # bytes
_STREAMS = {"csv": csv_file.chunks, "jsonl": json_lines.chunks}

log = logging.getLogger(__name__)


def download(
    table: Callable[[Session], CsvTable],
    name: str,
    *,
    suffix: str = ".csv",
    media_type: str = "text/csv",
) -> Response:
    """``table`` of one snapshot of the database as ``<name>-<number of rows>-rows.csv``.

    The first chunk is read before the answer begins, so that most faults become a page that says
    so. A later one breaks the connection: the browser reports a failed download, never a short table.
    """
    opened = ExitStack()
    try:
        # What has begun to be sent cannot be made again.
        primary = installation().store.reading(may_use_replica=False)
        streamed = table(opened.enter_context(primary))
        if isinstance(streamed.chunks, Generator):
            # Before the session, whose connection an unfinished query still holds.
            opened.callback(streamed.chunks.close)
        first = next(streamed.chunks)
    except BaseException:
        opened.close()
        raise

    def chunks() -> Iterator[str]:
        yield first
        try:
            yield from streamed.chunks
        except Exception:
            log.exception("the download %r broke off", name)
            raise

    answer = Response(chunks(), mimetype=media_type)
    answer.call_on_close(opened.close)
    return _named(answer, f"{name}-{streamed.rows}-rows{suffix}")


def download_as(
    form: Format,
    table: Callable[[Session], Table],
    name: str,
    *,
    expected: Callable[[Session], int] | None = None,
) -> Response:
    """``table`` in this format, likewise named. A format that is no stream is made first, whole.

    ``expected`` counts its rows, where that takes less than to find them. Raises Invalid for more rows than the format, or this page, can hold.
    """
    if form.code in _STREAMS:

        def streamed(session: Session) -> CsvTable:
            made = table(session)
            return CsvTable(made.count, _STREAMS[form.code](made))

        return download(streamed, name, suffix=form.suffix, media_type=form.media_type)
    folder = tempfile.TemporaryDirectory(prefix="surveyapp-export-")
    try:
        path = Path(folder.name, f"export{form.suffix}")
        with installation().store.reading() as session:
            if expected is not None:
                _refuse_too_many(form, expected(session))
            made = table(session)
            _refuse_too_many(form, made.count)
            form.write(made, path)
        answer = Response(_pieces(path), mimetype=form.media_type)
        answer.content_length = path.stat().st_size
    except BaseException:
        folder.cleanup()
        raise
    # Not send_file: the response that it makes is never told that it was closed.
    answer.call_on_close(folder.cleanup)
    return _named(answer, f"{name}-{made.count}-rows{form.suffix}")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece


def _refuse_too_many(form: Format, rows: int) -> None:
    form.refuse_too_many(rows)
    if rows > MOST_MADE:  # the thread that makes it answers no customer meanwhile
        raise Invalid(
            f"{form.title} files of more than {MOST_MADE:,} rows are not made on this page; these are"
            f" {rows:,}. Use CSV or JSON Lines, choose a shorter period, or run `surveyapp export`.",
            field="format",
        )


def _named(answer: Response, file: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
