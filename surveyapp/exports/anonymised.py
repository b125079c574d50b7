"""Responses as they may be published: nobody is one of too few.

What could lead to a customer is left out or made coarse: pseudonyms, passages through the journey,
numbers and IDs, the order of arrival, times below the quarter, texts, and attributes of people who
are too few to hide among others.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from surveyapp.errors import Invalid
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Cell, Kind, Variable
from surveyapp.responses.personal_columns import is_personal
from surveyapp.tables.profile import ColumnProfile

_LEFT_OUT = frozenset(
    {
        *("response", "response_id", "run", "customer", "run_started_at", "started_at"),
        *("corrected_at", "import"),  # a small import would single out its people
    }
)
_COARSE = "submitted_at"
_ATTRIBUTE = "attribute."
_SHARED = frozenset({"language", "way", "source", _COARSE})
_FOLLOW = frozenset({"wording", "consent_version"})  # they name the language and the time
_MOST_CLEARED = 0.1


def anonymised(table: Table, texts: set[str], *, minimum_cell: int, chance: random.Random) -> Table:
    """The table as it may be published, its rows in a random order.

    Without the columns that lead to a person and ``texts``; the day of sending becomes the first of
    its quarter. Where fewer than ``minimum_cell`` people share language, way, source and quarter,
    all of these, wording and consent are emptied; among people who share them, attributes likewise, after those
    were given up that tell nearly everybody apart. So each combination is that of enough people.
    Raises Invalid for columns and surveys that would tell who somebody is (``refuse_personal``).
    """
    kept = [
        place
        for place, variable in enumerate(table.variables)
        if variable.name not in _LEFT_OUT and variable.name not in texts
    ]
    variables = [_coarse(table.variables[place]) for place in kept]
    rows = [[_quarter(row[place]) for place in kept] for row in table.rows]
    refuse_personal(variables, rows, minimum_cell)
    chance.shuffle(rows)
    others = [i for i, v in enumerate(variables) if v.name in _SHARED]
    emptied = _clear_rare(rows, others, minimum_cell)
    _clear_following(variables, rows, others, minimum_cell)
    telling = [i for i, v in enumerate(variables) if v.name.startswith(_ATTRIBUTE)]
    attributes = _shareable(rows, others, telling, minimum_cell)
    for row in rows:
        for place in telling:
            row[place] = row[place] if place in attributes else None
    cleared = sum(
        _clear_rare(group, attributes, minimum_cell) for group in _alike(rows, others).values()
    )
    left = [v.name for v in table.variables if v.name in _LEFT_OUT or v.name in texts]
    notes = [
        f"Left out: {', '.join(left)}.",
        "Days of sending are the first of their quarter; rows are in random order.",
        *(
            f"{variables[i].name} is empty: too many of its values are shared by fewer than {minimum_cell} people."
            for i in telling
            if i not in attributes
        ),
        *_cleared("Attributes", cleared, minimum_cell),
        *_cleared(
            "Language, wording, consent version, way, source and quarter", emptied, minimum_cell
        ),
        *table.notes,
    ]
    return Table(variables, table.count, iter(rows), notes)


def _cleared(what: str, rows: int, least: int) -> list[str]:
    if not rows:
        return []
    where = "1 row" if rows == 1 else f"{rows} rows"
    return [f"{what} are empty in {where}, because fewer than {least} people share them."]


def refuse_personal(
    variables: Sequence[Variable], rows: Sequence[Sequence[Cell]], least: int
) -> None:
    """Raise Invalid, with their names, for attributes that say who or where somebody is, and for
    surveys that fewer than ``least`` people answered, whom their survey would set apart.
    """
    found = []
    for place, variable in enumerate(variables):
        if variable.name.startswith(_ATTRIBUTE):
            profile = ColumnProfile()
            profile.add("" if row[place] is None else str(row[place]) for row in rows)
            profile.look()
            if is_personal(variable.name.removeprefix(_ATTRIBUTE), profile):
                found.append(
                    f"{variable.name} says who or where somebody is; leave it out: --without"
                    f" {variable.name}."
                )
        elif variable.name == "survey":
            sizes = Counter(row[place] for row in rows)
            found += [
                f"The survey {code} has {count} response{'s' * (count > 1)}, fewer than {least}; publish the other"
                " surveys by themselves: --survey."
                for code, count in sorted(sizes.items(), key=str)
                if count < least
            ]
    if found:
        raise Invalid("This package would not be anonymous. " + " ".join(found), field="without")


def _alike(
    rows: Sequence[list[Cell]], places: Sequence[int]
) -> dict[tuple[Cell, ...], list[list[Cell]]]:
    """The rows by what stands in these places."""
    found: dict[tuple[Cell, ...], list[list[Cell]]] = {}
    for row in rows:
        found.setdefault(tuple(row[i] for i in places), []).append(row)
    return found


def _shareable(
    rows: Sequence[list[Cell]], others: Sequence[int], attributes: Sequence[int], least: int
) -> list[int]:
    """The attributes that can be published together at the price of few rows: while more than
    _MOST_CLEARED of the rows would lose theirs, the one with the most different values is given up.
    """
    kept = sorted(attributes, key=lambda i: len({row[i] for row in rows}))
    while kept:
        groups = _alike(rows, [*others, *kept]).values()
        if sum(len(group) for group in groups if len(group) < least) <= _MOST_CLEARED * len(rows):
            break
        kept.pop()
    return sorted(kept)


def _clear_rare(rows: Sequence[list[Cell]], places: Sequence[int], least: int) -> int:
    """Empty these cells where fewer than ``least`` rows share them; in how many rows.

    When the emptied rows are too few to hide among themselves, the smallest other groups join them.
    """
    if not places:
        return 0
    groups = Counter(tuple(row[i] for i in places) for row in rows)
    rare = {cells for cells, count in groups.items() if count < least}
    hidden = sum(groups[cells] for cells in rare)
    for cells, count in sorted(groups.items(), key=lambda found: found[1]):
        if not 0 < hidden < least:
            break
        if cells not in rare:
            rare.add(cells)
            hidden += count
    for row in rows:
        if tuple(row[i] for i in places) in rare:
            for i in places:
                row[i] = None
    return hidden


def _clear_following(
    variables: Sequence[Variable], rows: Sequence[list[Cell]], others: Sequence[int], least: int
) -> None:
    """Empty wording and consent where language and time are, and where too few had theirs."""
    for place, variable in enumerate(variables):
        if variable.name in _FOLLOW:
            for row in rows:
                if all(row[i] is None for i in others):
                    row[place] = None
            _clear_rare(rows, [place], least)


def _coarse(variable: Variable) -> Variable:
    if variable.name != _COARSE:
        return variable
    return replace(variable, label="Quarter in which the answers were sent", kind=Kind.DAY)


def _quarter(value: Cell) -> Cell:
    if not isinstance(value, datetime):
        return value
    return date(value.year, (value.month - 1) // 3 * 3 + 1, 1)
