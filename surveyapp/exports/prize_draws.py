"""The list of those who take part in a draw, as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.exports.cells import csv_chunks
from surveyapp.store.models import DrawEntry


def entries_csv(entries: Sequence[DrawEntry]) -> str:
    """Address and day, in the order given."""

    def rows() -> Iterator[list[str]]:
        yield ["address", "day"]
        for each in entries:
            yield [each.address, each.day.isoformat()]

    return "".join(csv_chunks(rows()))
