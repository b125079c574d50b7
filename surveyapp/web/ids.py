"""Numbers in addresses: no longer than the database's own, so that a long one is simply not found."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1
LARGEST_LONG = 2**63 - 1  # of tables that grow with every customer


class Id(IntegerConverter):
    """``<int:...>``: the id of a row, in ASCII digits."""

    regex = r"[0-9]{1,19}"
    largest = LARGEST

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": self.largest, **kwargs})


class LongId(Id):
    """``<long:...>``: the id of a response or job."""

    largest = LARGEST_LONG


def read_ids(app: Flask) -> None:
    """Make both known to the application's routes; before any is registered."""
    app.url_map.converters.update(int=Id, long=LongId)
