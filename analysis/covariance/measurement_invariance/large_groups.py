"""Groups that are large enough to be compared, and those that are left out by name."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.covariance.data import require_group_column
from analysis.errors import DataError, TooFewCases


@dataclass(frozen=True)
class LargeGroups:
    """The rows of large groups, the others' sizes, and a sentence on these, if any."""

    rows: pd.DataFrame
    left_out: dict[str, int]
    said: tuple[str, ...]


def large_groups(data: pd.DataFrame, group: str, *, least: int, most: int) -> LargeGroups:
    """The groups with ``least`` rows or more. Rows whose group is unknown are left out too.

    Raises DataError for a column that is not there or more than ``most`` groups, TooFewCases for
    fewer than two.
    """
    column = require_group_column(data, group)
    sizes = column.dropna().astype(str).value_counts(sort=False)
    small = {str(label): int(size) for label, size in sizes.items() if size < least}
    kept = len(sizes) - len(small)
    if kept < 2:
        second = sorted(sizes.tolist(), reverse=True)[1:2]
        raise TooFewCases(least, second[0] if second else 0, what="rows in a second group")
    if kept > most:
        raise DataError(
            f"{group} has {kept} groups of {least} rows or more; at most {most} are compared"
        )
    said: tuple[str, ...] = ()
    if small:
        named = ", ".join(f"{label} ({size})" for label, size in small.items())
        said = (f"groups with fewer than {least} rows are left out: {named}",)
    rows = column.notna() & ~column.astype(str).isin(list(small))
    return LargeGroups(data[rows.to_numpy()], small, said)
