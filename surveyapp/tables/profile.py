"""What the columns of a table hold, told from all of their cells before any of them is used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import islice

from surveyapp.tables.dates import OrderSigns, order_signs
from surveyapp.tables.numbers import Signs, signs_of
from surveyapp.tables.table import DataTable

Watch = Callable[[Sequence[list[str]]], None]

_BATCH = 2000  # rows
_MOST_DISTINCT = 50_000  # cells of a column that are kept to be counted
_ADDRESS = re.compile(
    r"[^@\s]+@[^@\s]+\.[^@\s]+"  # of mail
    r"|(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){4,7}",  # of a machine
    re.IGNORECASE,
)


class ColumnProfile:
    """The cells of one column: how often each came, while they are few, and what all of them are.

    ``many`` says that there were more different ones than are kept. ``signs`` are what its numbers
    allow, None for a column of texts; ``orders`` what its dates tell, ``filled`` how many cells are
    not empty, ``addresses`` how many of them are addresses of mail or of machines.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.many = False
        self.signs: Signs | None = Signs()
        self.orders = OrderSigns()
        self.filled = self.addresses = 0

    def add(self, cells: Iterable[str]) -> None:
        self.counts.update(cells)
        if len(self.counts) > _MOST_DISTINCT:
            self.look()
            self.counts.clear()
            self.many = True

    def look(self) -> None:
        """Take in what the counted cells are."""
        found = None if self.signs is None else signs_of(self.counts)
        self.signs = None if self.signs is None or found is None else self.signs.merged(found)
        self.orders = self.orders.merged(order_signs(self.counts))
        for cell, count in self.counts.items():
            if cell.strip():
                self.filled += count
                self.addresses += count if is_address(cell) else 0

    def is_rare(self, minimum: int) -> bool:
        """Whether some value, one that is not empty, is shared by fewer rows than this."""
        return self.many or any(
            count < minimum for cell, count in self.counts.items() if cell.strip()
        )


def is_address(cell: str) -> bool:
    """Whether the cell is an address of mail or of a machine."""
    may_be = "@" in cell or "." in cell or ":" in cell
    return may_be and _ADDRESS.fullmatch(cell.strip()) is not None


def profiles(
    table: DataTable, places: Collection[int], watch: Watch | None = None
) -> Mapping[int, ColumnProfile]:
    """The profiles of these columns of a table, all of whose rows are read for it, and given to
    ``watch``, some at a time.
    """
    found = {place: ColumnProfile() for place in places}
    if not found and watch is None:
        return found
    rows = iter(table.rows)
    while batch := list(islice(rows, _BATCH)):
        whole = [row.cells for row in batch if not row.fault]
        for place, profile in found.items():
            profile.add([cells[place] for cells in whole])
        if watch is not None:
            watch(whole)
    for profile in found.values():
        profile.look()
    return found
