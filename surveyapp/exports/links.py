"""Lists of customers in, lists of single-use links out."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.exports.cells import csv_chunks
from surveyapp.surveys.actions import IssuedLink
from surveyapp.surveys.attributes import name_of, typed
from surveyapp.tables.csv_file import open_csv
from surveyapp.tables.table import Row, refuse_unclear

CUSTOMER_REF = "customer_ref"


def customers_in(data: bytes) -> list[dict[str, Any]]:
    """The customers of a CSV file, as ``surveys.actions.invite`` takes them.

    The first line names the columns: ``customer_ref`` and one for each attribute; comma, semicolon
    and tab separate. Raises Invalid with the line and what was found there.
    """
    try:
        table = open_csv(io.BytesIO(data))
        names = _names(table.headings)
        return [_customer(names, row) for row in table.rows]
    except Invalid as error:
        raise Invalid(str(error), field="customers") from error


def links_csv(issued: Sequence[IssuedLink]) -> str:
    """The links as CSV: reference, link, then the attributes by name."""
    names = sorted({name for each in issued for name in each.attributes})

    def rows() -> Iterator[list[Any]]:
        yield [CUSTOMER_REF, "link", *names]
        for each in issued:
            yield [each.customer_ref, each.url, *(each.attributes.get(name) for name in names)]

    return "".join(csv_chunks(rows()))


def _names(headings: Sequence[str]) -> list[str]:
    refuse_unclear(headings)
    names = [name_of(heading) for heading in headings]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(f"Two columns are called {name}; rename one.", field="customers")
    return names


def _customer(names: list[str], row: Row) -> dict[str, Any]:
    if row.fault:
        raise Invalid(f"Line {row.line}: {row.fault} {row.cure}", field="customers")
    cells = dict(zip(names, row.cells, strict=True))
    customer_ref = cells.pop(CUSTOMER_REF, "")
    return {
        CUSTOMER_REF: customer_ref,
        "attributes": {name: typed(cell) for name, cell in cells.items()},
    }
