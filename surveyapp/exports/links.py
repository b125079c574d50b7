"""Lists of customers in, lists of single-use links out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from surveyapp.errors import Invalid
from surveyapp.exports.cells import csv_chunks
from surveyapp.surveys.actions import IssuedLink
from surveyapp.surveys.attributes import name_of, typed

CUSTOMER_REF = "customer_ref"
_SNIFFED = 10_000  # characters from which the separator is told


def customers_in(data: bytes) -> list[dict[str, Any]]:
    """The customers of a CSV file, as ``fielding.actions.invite`` takes them.

    The first line names the columns: ``customer_ref`` and one for each attribute; comma, semicolon
    and tab separate. Raises Invalid with the line and what was found there.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"The file is not UTF-8 (byte {error.start}); save it as CSV UTF-8.", field="customers"
        ) from error
    if not text.strip():
        raise Invalid(
            "The file is empty; give a line of headings and one line a customer.", field="customers"
        )
    if "\x00" in text:
        raise Invalid("The file is no text; save the list as CSV.", field="customers")
    rows = csv.reader(io.StringIO(text), delimiter=_separator(text))
    try:
        names = _names(next(rows))
        return [_customer(names, row, rows.line_num) for row in rows if any(map(str.strip, row))]
    except csv.Error as error:
        raise Invalid(f"Line {rows.line_num}: {error}.", field="customers") from error


def links_csv(issued: Sequence[IssuedLink]) -> str:
    """The links as CSV: reference, link, then the attributes by name."""
    names = sorted({name for each in issued for name in each.attributes})

    def rows() -> Iterator[list[Any]]:
        yield [CUSTOMER_REF, "link", *names]
        for each in issued:
            yield [each.customer_ref, each.url, *(each.attributes.get(name) for name in names)]

    return "".join(csv_chunks(rows()))


def _separator(text: str) -> str:
    head = text[:_SNIFFED].splitlines()[0]
    return max(",;\t", key=head.count)


def _names(headings: list[str]) -> list[str]:
    names = [name_of(heading) for heading in headings]
    for column, name in enumerate(names, start=1):
        if not name:
            raise Invalid(f"Column {column} has no heading; name it.", field="customers")
        if names.count(name) > 1:
            raise Invalid(f"Two columns are called {name}; rename one.", field="customers")
    return names


def _customer(names: list[str], row: list[str], line: int) -> dict[str, Any]:
    if len(row) > len(names):
        raise Invalid(
            f"Line {line} has {len(row)} cells for {len(names)} columns; quote cells that hold the"
            " separator.",
            field="customers",
        )
    cells = dict(zip(names, row, strict=False))
    customer_ref = cells.pop(CUSTOMER_REF, "")
    return {
        CUSTOMER_REF: customer_ref,
        "attributes": {name: typed(cell) for name, cell in cells.items()},
    }
