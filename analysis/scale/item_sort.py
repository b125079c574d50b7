"""The item-sort pretest: do judges see in an item the construct that it was written for?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.errors import DataError, MissingItem
from analysis.scale import coin

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SortedItem:
    """One item's sorting.

    ``psa`` is the proportion of substantive agreement n_c / N in 0..1, ``csv`` the coefficient of
    substantive validity (n_c - n_o) / N in -1..1, with ``rival`` the construct that most judges
    chose instead (n_o of them; None when nobody did). ``significant``: at least ``critical`` of
    the N judges chose the intended construct, more than a coin would make (one-sided .05).
    """

    item: str
    intended: str
    judges: int
    agreed: int
    rival: str | None
    rival_count: int
    psa: float
    csv: float
    critical: int
    pvalue: float
    significant: bool


def item_sort(assignments: pd.DataFrame, intended: Mapping[str, str]) -> tuple[SortedItem, ...]:
    """Substantive agreement and validity of each item (Anderson & Gerbing 1991).

    assignments: one row a judge, one column an item, cells the construct's name; an empty cell is
    an item that the judge left out. intended: item -> the construct it was written for.

    Raises MissingItem for an item without a column, DataError for one that nobody sorted.

    >>> import pandas as pd
    >>> sorts = pd.DataFrame({"per1": ["personalization"] * 8 + ["coherence"] * 2})
    >>> item_sort(sorts, {"per1": "personalization"})[0].csv
    0.6
    """
    absent = [item for item in intended if item not in assignments.columns]
    if absent:
        raise MissingItem(f"not among the sorted items: {', '.join(absent)}")
    return tuple(
        sorted_item(item, construct, assignments[item].dropna().astype(str))
        for item, construct in intended.items()
    )


def sorted_item(item: str, construct: str, chosen: Iterable[str]) -> SortedItem:
    """One item's sorting from the construct that each judge chose; an empty text is none.

    Raises DataError for an item that nobody sorted.
    """
    counts = Counter(name for each in chosen if (name := each.strip()))
    judges = counts.total()
    if judges == 0:
        raise DataError(f"{item}: no judge sorted this item")
    agreed = counts.pop(construct, 0)
    rival_count = max(counts.values(), default=0)
    # The smallest count that chance (probability one half) reaches in fewer than 5 % of cases.
    critical = coin.critical_count(judges, 0.05)
    return SortedItem(
        item=item,
        intended=construct,
        judges=judges,
        agreed=agreed,
        # Ties go to the name that comes first, so that judges' order cannot matter.
        rival=min((name for name, n in counts.items() if n == rival_count), default=None),
        rival_count=rival_count,
        psa=agreed / judges,
        csv=(agreed - rival_count) / judges,
        critical=critical,
        pvalue=coin.at_least(agreed, judges),
        significant=agreed >= critical,
    )
