"""Lists of customers in, lists of single-use links out."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.exports.cells import csv_chunks
from surveyapp.surveys.actions import IssuedLink
from surveyapp.surveys.attributes import name_of, typed
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import OPTION_FIELDS, ReadOptions
from surveyapp.tables.table import Row, refuse_unclear
from surveyapp.tables.typed_columns import TypedColumns

CUSTOMER_REF = "customer_ref"
ADDRESSES = ("email", "address")
_KNOWN = frozenset({CUSTOMER_REF, *ADDRESSES, "phone", "language", "zone", "reason"})


def customers_in(
    data: bytes,
    name: str = "",
    options: ReadOptions | None = None,
    *,
    needed: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The customers of a file of any kind, as ``surveys.actions.invite`` takes them.

    The first row names the columns: ``customer_ref`` and one for each attribute; one of ``needed``
    must be there. Each customer has its place in the file. Raises Invalid with the row and what was
    found there.
    """
    try:
        options = options or ReadOptions()
        table = open_table(io.BytesIO(data), name, options)
        places = _names(table.headings)
        if needed and not set(needed) & set(places.values()):
            raise Invalid(
                f"The file has no column {' or '.join(needed)}; it has"
                f" {', '.join(table.headings)[:300]}."
            )
        columns = TypedColumns(table, options, places)
        return [_customer(places, columns, row) for row in table.rows]
    except Invalid as error:
        field = error.field if error.field in OPTION_FIELDS else "customers"
        raise Invalid(str(error), field=field) from error


def links_csv(issued: Sequence[IssuedLink]) -> str:
    """The links as CSV: reference, link, then the attributes by name."""
    names = sorted({name for each in issued for name in each.attributes})

    def rows() -> Iterator[list[Any]]:
        yield [CUSTOMER_REF, "link", *names]
        for each in issued:
            yield [each.customer_ref, each.url, *(each.attributes.get(name) for name in names)]

    return "".join(csv_chunks(rows()))


def _names(headings: Sequence[str]) -> dict[int, str]:
    """The names of the columns by place, without that of R's and pandas' names of rows.

    In those that this program gives a meaning capitals do not count.
    """
    refuse_unclear(headings)
    names = {place: name_of(heading) for place, heading in enumerate(headings) if heading}
    names = {
        place: name.lower() if name.lower() in _KNOWN else name for place, name in names.items()
    }
    for name, count in Counter(names.values()).items():
        if count > 1:
            raise Invalid(f"Two columns are called {name}; rename one.")
    return names


def _customer(places: Mapping[int, str], columns: TypedColumns, row: Row) -> dict[str, Any]:
    place = columns.table.place(row.number).capitalize()
    if row.fault:
        raise Invalid(f"{place}: {row.fault} {row.cure}")
    cells = columns.emptied(row.cells)
    values = {
        name: cells[at] if name == CUSTOMER_REF else typed(columns.value(at, cells[at]))
        for at, name in places.items()
    }
    return {
        CUSTOMER_REF: values.pop(CUSTOMER_REF, ""),
        "attributes": values,
        "place": place,
    }
