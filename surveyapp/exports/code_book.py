"""A code book as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.exports.cells import csv_chunks
from surveyapp.store.models import CommentCode


def code_book_csv(codes: Sequence[CommentCode]) -> str:
    """One code a row, in the order given."""

    def rows() -> Iterator[list[str]]:
        yield ["code", "name", "definition", "theme", "dimension", "retired"]
        for each in codes:
            retired = "yes" if each.retired else "no"
            yield [each.code, each.name, each.definition, each.theme, each.dimension, retired]

    return "".join(csv_chunks(rows()))
