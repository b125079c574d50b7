"""How many rows an analysis has, uses and leaves out, and what to do where those are many."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

INCOMPLETE = "have a missing answer"
MANY = 0.05  # of the rows with a missing answer, above which both treatments are compared


@dataclass(frozen=True)
class Losses:
    """``rows`` of the data, ``used`` by the analysis; ``incomplete`` have a missing answer, which of
    all ``cells`` are ``missing``; ``no_group`` have no group and are left out for that, as
    ``not_drawn`` are for want of a weight above 0 or of a cluster.
    """

    rows: int
    used: int
    incomplete: int
    cells: int
    missing: int
    no_group: int = 0
    not_drawn: int = 0

    @property
    def dropped(self) -> int:
        """Rows that are left out, for whatever reason."""
        return self.rows - self.used

    @property
    def share(self) -> float:
        """Of the rows, those with a missing answer."""
        return self.incomplete / self.rows if self.rows else 0.0

    @property
    def many(self) -> bool:
        """Whether what is done with missing answers may matter."""
        return self.share > MANY


def losses(values: np.ndarray, used: int, *, no_group: int = 0, not_drawn: int = 0) -> Losses:
    """The losses of an analysis of these answers (n, p), missing as NaN."""
    holes = np.isnan(values)
    return Losses(
        rows=len(values),
        used=used,
        incomplete=int(holes.any(axis=1).sum()),
        cells=holes.size,
        missing=int(holes.sum()),
        no_group=no_group,
        not_drawn=not_drawn,
    )


def tells_of_missing(warning: str) -> bool:
    """Whether a warning says how many of all rows a missing answer left out, and no more.

    >>> tells_of_missing("44 of 200 rows have a missing answer and were left out")
    True
    """
    return re.fullmatch(rf"\d+ of \d+ rows {INCOMPLETE} and were left out", warning) is not None
