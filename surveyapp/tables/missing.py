"""What stands for a missing answer: codes that somebody names, and those that a file declares."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

# What programs write for a missing number. In a column of texts they are texts: Namibia is NA.
WORDS = frozenset(
    {"na", "n/a", "#n/a", "#na", "nan", "-nan", "null", "none", "<na>", "#null!", "#n/v", "#nv"}
)
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")


def is_word(cell: str) -> bool:
    """Whether this stands for a missing number, in a column of numbers."""
    return len(cell) <= 6 and cell.strip().casefold() in WORDS


@dataclass(frozen=True)
class UserMissing:
    """Values that an SPSS or Stata file declares to be missing: ranges of numbers, and codes."""

    ranges: tuple[tuple[float, float], ...] = ()
    codes: frozenset[str] = frozenset()

    @classmethod
    def of(cls, codes: Iterable[str]) -> UserMissing:
        """These codes; -99 is also -99.0."""
        known = tuple(codes)
        numbers = [float(code) for code in known if _NUMBER.fullmatch(code)]
        words = (code for code in known if not _NUMBER.fullmatch(code))
        return cls(tuple((number, number) for number in numbers), frozenset(words))

    def __or__(self, other: UserMissing) -> UserMissing:
        return UserMissing(self.ranges + other.ranges, self.codes | other.codes)

    def __contains__(self, cell: str) -> bool:
        if cell in self.codes:
            return True
        if not self.ranges:
            return False
        try:
            value = float(cell)
        except ValueError:
            return False
        return any(low <= value <= high for low, high in self.ranges)


class MissingCodes:
    """Empties the cells that hold a code for a missing answer, and counts them by column and code.

    ``named`` codes hold in every column: -99 is also -99.0 and -99,0. ``declared`` ones hold in
    theirs.
    """

    def __init__(
        self, named: Collection[str], declared: Mapping[int, UserMissing] | None = None
    ) -> None:
        self._named = frozenset(form for code in named for form in _forms(code))
        self._declared = declared or {}
        self.counts: Counter[tuple[int, str]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._named or self._declared)

    def emptied(self, cells: list[str]) -> list[str]:
        """The row's cells, empty where they stood for a missing answer."""
        found = [place for place, cell in enumerate(cells) if cell.strip() in self._named]
        found += [
            place
            for place, declared in self._declared.items()
            if cells[place] and cells[place] in declared and place not in found
        ]
        if not found:
            return cells
        cells = list(cells)
        for place in found:
            self.counts[place, cells[place].strip()] += 1
            cells[place] = ""
        return cells

    def count(self, place: int, code: str) -> None:
        """Count a cell that somebody else found to be missing."""
        self.counts[place, code] += 1

    def notes(
        self, headings: Sequence[str], labels: Mapping[int, Mapping[str, str]] | None = None
    ) -> list[str]:
        """What was taken as missing: a sentence for each code, with its label if it has one."""
        by_code: dict[str, list[str]] = {}
        for (place, code), count in sorted(self.counts.items()):
            label = (labels or {}).get(place, {}).get(code)
            shown = f"{code} ({label})" if label else code
            by_code.setdefault(shown, []).append(f"{headings[place]}: {count}")
        return [f"Taken as missing, {code}: {', '.join(found)}." for code, found in by_code.items()]


def _forms(code: str) -> set[str]:
    digits = code[1:] if code[:1] in {"-", "+"} else code
    if not digits.isdigit():
        return {code}
    return {f"{code}{sign}{zeros}" for sign in ".," for zeros in ("0", "00")} | {code}
