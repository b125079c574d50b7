"""Who answered, by what is known of them: counts and shares, or mean, spread and range, none too small."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from math import sqrt
from typing import Any

MOST_LISTED = 12  # values of one attribute; the rest are told together
_FEW = 5  # different numbers: up to here they are codes, counted like names


@dataclass(frozen=True)
class Category:
    """How many respondents have a value, and their share of all; ``value`` None: it is not known."""

    value: str | None
    n: int
    share: float


@dataclass(frozen=True)
class Characteristic:
    """One attribute of the respondents: ``categories``, or of a number ``mean``, ``sd`` and range.

    ``others`` values are not listed and have ``others_n`` respondents together. The range from ``low``
    to ``high`` leaves out the lowest and highest values that fewer respondents share than the minimum
    cell. ``n`` respondents have a number, None where too few have none; without a ``mean`` too few
    have one.
    """

    name: str
    categories: tuple[Category, ...] = ()
    others: int = 0
    others_n: int = 0
    numeric: bool = False
    n: int | None = None
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


def characteristics(
    known: Iterable[tuple[bool, Mapping[str, Any]]], *, minimum: int
) -> tuple[Characteristic, ...]:
    """The attributes of the analysed respondents, by name.

    known: of everybody whose answers other analyses may show, whether the analysis has this one, and
    the attributes. A value is listed when at least ``minimum`` analysed respondents have it and as
    many of the others, or none of them, so that neither this table nor its difference from that of
    everybody tells of fewer; what is taken together holds as many, too.
    """
    inside: dict[str, Counter[Hashable]] = {}
    outside: dict[str, Counter[Hashable]] = {}
    sizes = Counter[bool]()
    for analysed, attributes in known:
        sizes[analysed] += 1
        counts = inside if analysed else outside
        for name, value in attributes.items():
            if isinstance(value, (str, int, float)):
                counts.setdefault(name, Counter())[_kept_apart(value)] += 1
    found = []
    for name in sorted(inside):
        cells = _Cells(
            _with_unknown(inside[name], sizes[True]),
            _with_unknown(outside.get(name, Counter()), sizes[False]),
            minimum,
        )
        found.append(_numeric(name, cells) if _is_number(inside[name]) else _named(name, cells))
    return tuple(found)


@dataclass(frozen=True)
class _Cells:
    """How many of the analysed and of the other respondents have each value."""

    inside: Counter[Hashable]
    outside: Counter[Hashable]
    minimum: int

    def small(self, values: Iterable[Hashable]) -> bool:
        """Whether these values together have some respondents on either side, but too few."""
        listed = list(values)
        return any(
            0 < sum(side[value] for value in listed) < self.minimum
            for side in (self.inside, self.outside)
        )

    def together(self) -> set[Hashable]:
        """The values that are not told apart: too small, or beyond the most frequent."""
        order = [value for value, _ in self.inside.most_common()]
        hidden = {value for value in order if self.small([value])}
        hidden |= set(islice((v for v in order if v not in hidden), MOST_LISTED, None))
        for value in reversed(order):
            if not hidden or (len(hidden) > 1 and not self.small(hidden)):
                break
            hidden.add(value)
        return hidden


def _named(name: str, cells: _Cells) -> Characteristic:
    total, hidden = cells.inside.total(), cells.together()
    listed = [value for value, _ in cells.inside.most_common() if value not in hidden]
    listed.sort(key=lambda value: value is None)  # not known comes last
    return Characteristic(
        name,
        tuple(
            Category(_text(value), cells.inside[value], cells.inside[value] / total)
            for value in listed
        ),
        others=len(hidden),
        others_n=sum(cells.inside[value] for value in hidden),
    )


def _numeric(name: str, cells: _Cells) -> Characteristic:
    numbers = {value: n for value, n in cells.inside.items() if isinstance(value, (int, float))}
    n = sum(numbers.values())
    if n < cells.minimum or cells.small(numbers):
        return Characteristic(name, numeric=True)
    mean = sum(value * count for value, count in numbers.items()) / n
    squares = sum((value - mean) ** 2 * count for value, count in numbers.items())
    ordered = sorted(Counter(numbers).elements())
    ends = n >= 2 * cells.minimum
    return Characteristic(
        name,
        numeric=True,
        n=None if cells.small([None]) else n,
        mean=mean,
        sd=sqrt(squares / (n - 1)) if n > 1 else None,
        low=float(ordered[cells.minimum - 1]) if ends else None,
        high=float(ordered[-cells.minimum]) if ends else None,
    )


def _with_unknown(counts: Counter[Hashable], total: int) -> Counter[Hashable]:
    unknown = total - counts.total()
    return counts + Counter({None: unknown}) if unknown else counts


def _is_number(counts: Counter[Hashable]) -> bool:
    values = [value for value in counts if value is not None]
    return len(values) > _FEW and all(isinstance(value, (int, float)) for value in values)


def _kept_apart(value: str | float) -> Hashable:
    """A truth value as text, because True and 1 would be counted as one."""
    return str(value).lower() if isinstance(value, bool) else value


def _text(value: Hashable) -> str | None:
    if value is None:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)
