"""Numbers as people and programs write them: which sign is the decimal one, and what a cell says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from surveyapp.errors import Invalid
from surveyapp.tables.missing import is_word

POINT, COMMA = ".", ","
_BOTH = frozenset({POINT, COMMA})
_WHOLE = re.compile(r"[+-]?[0-9]+(?:[eE][+-]?[0-9]+)?")
_NUMBER = {
    decimal: re.compile(
        rf"[+-]?(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{other}[0-9]{{3}})+)(?:{own}[0-9]*)?(?:[eE][+-]?[0-9]+)?"
        rf"|[+-]?{own}[0-9]+(?:[eE][+-]?[0-9]+)?"
    )
    for decimal, own, other in ((POINT, r"\.", ","), (COMMA, ",", r"\."))
}


@dataclass(frozen=True)
class Signs:
    """What the cells of a column of numbers allow: the decimal signs with which each is a number.

    None fits where each is a number with one sign or the other. ``example`` is one that has a sign,
    ``found`` says whether there was a number at all.
    """

    fitting: frozenset[str] = _BOTH
    example: str = ""
    found: bool = False

    def merged(self, other: Signs) -> Signs:
        """What both columns allow, when they are parts of one."""
        telling = min((self, other), key=lambda each: (not each.example, len(each.fitting)))
        return Signs(self.fitting & other.fitting, telling.example, self.found or other.found)

    def is_number(self, decimal: str) -> bool:
        """Whether the column has numbers, all of which are written with this sign, or with none."""
        return self.found and decimal in self.fitting


def number_in(cell: str, decimal: str) -> str | None:
    """The number in a cell as Python writes it, without groups of thousands; None for what is none."""
    cell = cell.strip()
    if not _NUMBER[decimal].fullmatch(cell):
        return None
    if decimal == COMMA:
        return cell.replace(".", "").replace(",", ".")
    return cell.replace(",", "")


def signs_of(cells: Iterable[str]) -> Signs | None:
    """The decimal signs that a column's cells allow; None for a column of texts.

    Empty cells do not count, nor do the words that stand for a missing number.
    """
    fitting, example, any_number = _BOTH, "", False
    for cell in cells:
        cell = cell.strip()
        if not cell or is_word(cell):
            continue
        any_number = True
        if cell.isdigit() or _WHOLE.fullmatch(cell):
            continue
        found = frozenset(sign for sign in _BOTH if _NUMBER[sign].fullmatch(cell))
        if not found:
            return None
        if not example or len(found) < len(_BOTH):
            example = cell
        fitting &= found
    return Signs(fitting, example, any_number)


def decimal_of(columns: Mapping[str, Signs], *, separator: str, chosen: str = "") -> str:
    """The decimal sign of a file whose columns of numbers allow these signs.

    ``chosen`` is what somebody said. Where commas separate, a lone point is the decimal sign. Raises
    Invalid, naming a column and a cell, where two readings are possible.
    """
    columns = {name: signs for name, signs in columns.items() if signs.example}
    if chosen or not columns:
        return chosen or POINT
    fitting = _BOTH.intersection(*(signs.fitting for signs in columns.values()))
    if len(fitting) == 1:
        return next(iter(fitting))
    if fitting and separator == "comma" and all("," not in s.example for s in columns.values()):
        return POINT
    raise Invalid(_asked(columns), field="decimal")


def _asked(columns: Mapping[str, Signs]) -> str:
    for name, signs in columns.items():
        if not signs.fitting:
            return (
                f"Column {name}: some cells are numbers with a decimal point, others with a decimal"
                f" comma ({signs.example}); choose the decimal sign (--decimal point or comma)."
            )
    point, comma = (
        next(((n, s) for n, s in columns.items() if s.fitting == {sign}), None)
        for sign in (POINT, COMMA)
    )
    if point and comma:
        return (
            f"Column {point[0]} has decimal points ({point[1].example}) and column {comma[0]} has"
            f" decimal commas ({comma[1].example}); choose the decimal sign (--decimal point or comma)."
        )
    name, signs = next(iter(columns.items()))
    plain = re.sub("[.,]", "", signs.example)
    return (
        f"Column {name}: {signs.example} may be {plain} or {signs.example.replace(',', '.')};"
        " choose the decimal sign (--decimal point or comma)."
    )
