"""What a cell says, however a program writes it: 5, 5.0 and 5,00 are one number."""

from __future__ import annotations

import re

from surveyapp.tables.dates import moment_in

_NUMBER = re.compile(r"([+-]?)(0|[1-9][0-9]{0,14})(?:[.,]([0-9]*))?")
_GROUP = 3  # digits behind a sign that may separate thousands


def value_of(cell: str) -> str:
    """The cell's value as a text: a number without a plus and zeros at its end, a truth value in small
    letters, else the cell without spaces around it.

    What may be thousands (1,000) or a code (007) is left as it is.
    """
    cell = cell.strip()
    found = _NUMBER.fullmatch(cell)
    if found is None:
        return cell.lower() if len(cell) in {4, 5} and cell.lower() in {"true", "false"} else cell
    sign, whole, decimals = found[1], found[2], found[3] or ""
    if len(decimals) == _GROUP and whole != "0" and len(whole) <= _GROUP:
        return cell
    decimals = decimals.rstrip("0")
    number = f"{whole}.{decimals}" if decimals else whole
    return f"-{number}" if sign == "-" and number != "0" else number


def moment_of(cell: str) -> str:
    """The time in a cell as ISO writes it; the cell where it is none, or has two readings."""
    try:
        return moment_in(cell).isoformat()
    except ValueError:
        return cell.strip()
