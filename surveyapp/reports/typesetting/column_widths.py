"""How wide a table's columns must be where no typeface is at hand to measure with."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.reports.document import Table, plain

_LETTER = 0.5  # mean width of a letter in its size
_ROOM = 1.6  # letters beside a column's longest line
_WRAPPED = 24  # letters of a line of text that may wrap


def needed(table: Table, size: float) -> float:
    """The width in points of a table in which no number wraps, in letters of this size."""
    return sum(_least(table)) * _LETTER * size


def shares(table: Table, width: float, size: float) -> list[float]:
    """Each column's share of a table ``width`` points wide: numbers first, then texts as long as they
    are; what is left over goes to all.
    """
    least, full = _least(table), _full(table)
    room = max(width / (_LETTER * size), 1.0)
    spare = room - sum(least)
    if spare < 0:  # then texts give way
        texts = [size for size, side in zip(least, table.align, strict=True) if side == "l"]
        cut = min(-spare / sum(texts), 0.6) if texts else 0.0
        least = [s * (1 - cut) if a == "l" else s for s, a in zip(least, table.align, strict=True)]
        spare = 0.0
    wishes = [long - short for long, short in zip(full, least, strict=True)]
    given = min(spare / sum(wishes), 1.0) if sum(wishes) > 0 else 0.0
    widths = [short + given * wish for short, wish in zip(least, wishes, strict=True)]
    return [each / sum(widths) for each in widths]


def _least(table: Table) -> list[float]:
    """Letters a column needs when its texts wrap."""
    return [
        min(long, _WRAPPED + _ROOM) if side == "l" else long
        for long, side in zip(_full(table), table.align, strict=True)
    ]


def _letters(line: str) -> float:
    """Capitals are wider than others."""
    return len(line) + 0.45 * sum(letter.isupper() for letter in line)


def _full(table: Table) -> list[float]:
    """Letters of the longest line of each column; heads wrap between words."""
    rows: list[Sequence[str]] = [
        [plain(text) for text in row] for i, row in enumerate(table.rows) if i not in table.groups
    ]
    found = []
    for j, column in enumerate(table.columns):
        lines = [line for row in rows for line in row[j].split("\n")]
        words = plain(column.head).split()
        gap = table.align[max(j - 1, 0) : j + 1] == "rl"  # numbers, then a text close to them
        longest = max(map(_letters, [*lines, *words]), default=0.0)
        found.append(longest + _ROOM + (2 if gap else 0))
    return found
