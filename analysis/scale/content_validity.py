"""Content validity of items from judges' ratings: relevance (CVI, Aiken's V) and necessity (CVR)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import mean, stdev

from scipy.special import stdtrit

from analysis.errors import DataError
from analysis.metrics import critical_z, wilson
from analysis.scale import coin

LOWEST, HIGHEST, RELEVANT = 1, 4, 3  # of the relevance scale; from 3 on an item counts as relevant
FEWEST_JUDGES = 3  # below this nothing is said of an item (Lynn 1986)
UNANIMOUS_TO = 5  # up to as many judges all must agree (Lynn 1986)
ENOUGH = (
    7 / 9
)  # I-CVI of more judges: 7 of 9, which tables print as .78 (Lynn 1986; Polit & Beck 2006)
EXCELLENT, FAIR = 0.74, 0.40  # kappa* (Polit, Beck & Owen 2007)
_FEWEST = 3  # judges between whom S-CVI/Ave is taken to vary
Ratings = Mapping[
    str, Sequence[int | None]
]  # by item, each judge's in the same order; None: left out


@dataclass(frozen=True)
class Proportion:
    """An estimate with its 95 % interval and the number that it comes from; no interval: None."""

    estimate: float
    low: float | None
    high: float | None
    n: int
    method: str


@dataclass(frozen=True)
class RelevantItem:
    """One item's relevance by ``judges`` who rated it 1 to 4.

    ``icvi`` is the share of judges who rate it 3 or 4 (item content validity index), ``chance`` the
    probability of that many by coin tosses, ``kappa`` the modified kappa (icvi - chance) / (1 -
    chance), ``aiken`` Aiken's V, the mean rating as a share of the way from 1 to 4.
    """

    item: str
    judges: int
    relevant: int
    mean: float
    icvi: Proportion
    chance: float
    kappa: float
    aiken: Proportion


@dataclass(frozen=True)
class Relevance:
    """Relevance of a whole set of items.

    ``average`` is S-CVI/Ave, the mean of the items' indices, None without items; its interval is that
    of the judges' own shares of relevant items, where every judge rated every item. ``universal`` is
    S-CVI/UA, the share of items that all of their judges find relevant.
    """

    items: tuple[RelevantItem, ...]
    average: Proportion
    universal: Proportion


@dataclass(frozen=True)
class EssentialItem:
    """One item's necessity: ``essential`` of ``judges`` call it essential.

    ``cvr`` is Lawshe's content validity ratio in -1..1, with Wilson's limits of the share taken to the
    ratio's scale. ``significant``: at least ``critical`` judges, more than a coin would make (exact
    binomial test, one-sided .05).
    """

    item: str
    judges: int
    essential: int
    cvr: Proportion
    critical: int
    pvalue: float
    significant: bool


def aiken_v(
    ratings: Sequence[float], *, lowest: float, highest: float, confidence: float = 0.95
) -> Proportion:
    """Aiken's V of ratings, with the score interval of Penfield and Giacobbi.

    V = (mean - lowest) / (highest - lowest); its interval is Wilson's with n (highest - lowest) in the
    place of n. Raises DataError without ratings or for one outside the scale.

    Validated against the documented output of R's contentvalidR (``aikens_v(R, lo = 1, hi = 5)``), printed to
    two places, and by putting the limits into the score test that they solve.

    References: Aiken 1985; Penfield & Giacobbi 2004.

    >>> aiken_v([4, 4, 3], lowest=1, highest=4).estimate.__round__(3)
    0.889
    """
    if not len(ratings):
        raise DataError("Aiken's V needs at least one rating")
    if min(ratings) < lowest or max(ratings) > highest:
        raise DataError(f"a rating is outside {lowest:g} to {highest:g}")
    steps = highest - lowest
    n = len(ratings)
    value = (sum(ratings) / n - lowest) / steps
    z = critical_z(confidence)
    nk = n * steps
    middle, half = 2 * nk * value + z**2, z * sqrt(4 * nk * value * (1 - value) + z**2)
    base = 2 * (nk + z**2)
    low, high = max(0.0, (middle - half) / base), min(1.0, (middle + half) / base)
    return Proportion(value, low, high, n, "Score interval of Penfield and Giacobbi (2004)")


def modified_kappa(relevant: int, judges: int) -> tuple[float, float]:
    """Kappa* of an item that ``relevant`` of ``judges`` find relevant, and the chance it is corrected by.

    Validated against exact fractions of the definition, the documented output of R's contentvalidR
    (``cvi(M)``) to two places, and the values printed in table 2 of Polit, Beck & Owen (2007) to .01, as
    kappa there is of rounded parts.

    >>> [round(modified_kappa(4, 5)[0], 2), round(modified_kappa(7, 9)[0], 2)]
    [0.76, 0.76]
    """
    chance = comb(judges, relevant) * 0.5**judges
    share = relevant / judges
    return ((share - chance) / (1 - chance) if chance < 1 else float("nan")), chance


def relevance(ratings: Ratings) -> Relevance:
    """Content validity indices of ratings from 1 (not relevant) to 4 (highly relevant).

    Raises DataError for an item that nobody rated, or a value that is no whole number from 1 to 4.

    References: Lynn 1986; Polit & Beck 2006; Polit, Beck & Owen 2007.

    >>> found = relevance({"a": [4, 4, 3], "b": [4, 2, 3]})
    >>> round(found.average.estimate, 3), found.universal.estimate
    (0.833, 0.5)
    """
    if not ratings:
        raise DataError("no items were rated")
    found = tuple(_relevant(item, _given(item, values)) for item, values in ratings.items())
    average = mean(each.icvi.estimate for each in found)
    low, high = _between_judges(ratings, average)
    agreed = sum(each.relevant == each.judges for each in found)
    judges = max(len(values) for values in ratings.values())
    return Relevance(
        found,
        Proportion(average, low, high, judges, "Student's t over the judges' own shares"),
        _share(agreed, len(found)),
    )


def essential(ratings: Ratings) -> tuple[EssentialItem, ...]:
    """Lawshe's content validity ratio of each item, CVR = (n_e - N / 2) / (N / 2).

    A rating is 1 for essential, else 0.

    Critical numbers are those of the exact binomial test, which Ayre and Scally (2014) tabulate:
    Lawshe's own table was never derived. Raises DataError.

    Validated against their critical numbers of 5 to 40 judges in a public transcription, and the documented
    output of R's contentvalidR (``cvr(essential, N = 12)``).

    References: Lawshe 1975; Wilson, Pan & Schumsky 2012; Ayre & Scally 2014.
    """
    return tuple(
        _essential(item, _given(item, values, allowed=(0, 1))) for item, values in ratings.items()
    )


def critical_number(judges: int, level: float = 0.05) -> int:
    """The fewest judges who make a ratio significant: chance reaches it in at most ``level`` of cases.

    More than ``judges`` where even all of them are too few.

    >>> [critical_number(n) for n in (5, 8, 10, 20, 40)]
    [5, 7, 9, 15, 26]
    """
    return coin.critical_count(judges, level)


def is_relevant(relevant: int, judges: int) -> bool:
    """Whether as many judges who find an item relevant are enough, and kappa* is excellent.

    >>> [is_relevant(5, 5), is_relevant(4, 5), is_relevant(7, 9), is_relevant(6, 8)]
    [True, False, True, False]
    """
    agreed = relevant == judges if judges <= UNANIMOUS_TO else relevant / judges >= ENOUGH
    return agreed and modified_kappa(relevant, judges)[0] > EXCELLENT


def _given(
    item: str, ratings: Sequence[int | None], allowed: Sequence[int] = range(LOWEST, HIGHEST + 1)
) -> list[int]:
    values = [each for each in ratings if each is not None]
    wrong = next((each for each in values if each not in allowed), None)
    if wrong is not None:
        raise DataError(f"{item}: {wrong!r} is no rating from {allowed[0]} to {allowed[-1]}")
    if not values:
        raise DataError(f"{item}: no judge rated this item")
    return values


def _relevant(item: str, values: list[int]) -> RelevantItem:
    relevant = sum(each >= RELEVANT for each in values)
    kappa, chance = modified_kappa(relevant, len(values))
    return RelevantItem(
        item,
        len(values),
        relevant,
        sum(values) / len(values),
        _share(relevant, len(values)),
        chance,
        kappa,
        aiken_v(values, lowest=LOWEST, highest=HIGHEST),
    )


def _essential(item: str, values: list[int]) -> EssentialItem:
    n, yes = len(values), sum(values)
    share = _share(yes, n)
    low, high = (2 * each - 1 for each in (share.low or 0.0, share.high or 0.0))
    critical = critical_number(n)
    return EssentialItem(
        item,
        n,
        yes,
        Proportion(2 * share.estimate - 1, low, high, n, share.method),
        critical,
        coin.at_least(yes, n),
        yes >= critical,
    )


def _share(part: int, n: int) -> Proportion:
    share = part / n
    low, high = wilson(share, n, critical_z(0.95))
    # At none and all of n the limit is the share itself, but for rounding.
    return Proportion(share, min(low, share), max(high, share), n, "Wilson score interval")


def _between_judges(ratings: Ratings, average: float) -> tuple[float | None, float | None]:
    """Limits of S-CVI/Ave from the judges' shares; None where somebody left an item out or all agree."""
    columns = list(ratings.values())
    judges = len(columns[0])
    complete = all(len(each) == judges and None not in each for each in columns)
    if not complete or judges < _FEWEST:
        return None, None
    shares = [mean(int((each[at] or 0) >= RELEVANT) for each in columns) for at in range(judges)]
    spread = stdev(shares)
    if spread == 0:
        return None, None
    half = float(stdtrit(judges - 1, 0.975)) * spread / sqrt(judges)
    return max(0.0, average - half), min(1.0, average + half)
