"""Numbers of an address, each within what it may be."""

from __future__ import annotations

import math
from collections.abc import Mapping

from surveyapp.errors import Invalid


def number_in(
    arguments: Mapping[str, str], name: str, usual: float | None, least: float, most: float
) -> float | None:
    """The number under ``name``; ``usual`` where nothing stands there. Raises Invalid, with the field.

    >>> number_in({"power": "90"}, "power", 80.0, 1, 99.9)
    90.0
    """
    text = arguments.get(name, "").strip()
    if not text:
        return usual
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise Invalid(f"{text[:20]!r} is not a number from {least:g} to {most:,g}.", field=name)
    return found


def whole_in(
    arguments: Mapping[str, str], name: str, usual: int | None, least: int, most: int
) -> int | None:
    """The same of a whole number."""
    found = number_in(arguments, name, usual, least, most)
    if found is None:
        return None
    if not float(found).is_integer():
        raise Invalid(f"{found:g} is not a whole number.", field=name)
    return int(found)
