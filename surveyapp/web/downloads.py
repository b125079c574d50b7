"""Tables that a browser downloads while they are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from flask import Response
from sqlalchemy.orm import Session

from surveyapp.exports.csv_table import CsvTable
from surveyapp.web.installation import installation

log = logging.getLogger(__name__)


def download(table: Callable[[Session], CsvTable], name: str) -> Response:
    """``table`` of one snapshot of the database as ``<name>-<number of rows>-rows.csv``.

    The first chunk is read before the answer begins, so that most faults become a page that says
    so. A later one breaks the connection: the browser reports a failed download, never a short table.
    """
    opened = ExitStack()
    try:
        streamed = table(opened.enter_context(installation().store.reading()))
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

    answer = Response(chunks(), mimetype="text/csv")
    answer.call_on_close(opened.close)
    file = f"{name}-{streamed.rows}-rows.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer
