"""Typed cells as texts: what every other reader of a cell understands."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

_LONGEST_WHOLE = 1e15  # beyond it a float does not know its last digits


def text_of(value: Any) -> str:
    """A typed cell as the text that says the same: ISO for times, no point where nothing follows it.

    Several values in one cell are separated by semicolons; what is missing is empty.
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | Decimal):
        whole = -_LONGEST_WHOLE < value < _LONGEST_WHOLE and value == int(value)
        return str(int(value)) if whole else str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return "; ".join(text_of(each) for each in value)
    return str(value)
