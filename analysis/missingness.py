"""What is not there: missing answers by item, by person and by pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.moments import numeric


@dataclass(frozen=True)
class ItemMissing:
    """How many answers an item lacks; ``share`` is of all rows."""

    item: str
    missing: int
    share: float


@dataclass(frozen=True)
class MissingPattern:
    """Rows that lack exactly the items in ``missing``."""

    missing: tuple[str, ...]
    n: int


@dataclass(frozen=True)
class MissingReport:
    """Counts over a rows x items table. ``patterns`` start with the most frequent."""

    n_rows: int
    n_items: int
    n_complete: int
    n_empty: int  # rows without any answer
    cells: int
    missing_cells: int
    share: float
    items: tuple[ItemMissing, ...]
    patterns: tuple[MissingPattern, ...]


def missing_report(data: pd.DataFrame, items: Sequence[str] | None = None) -> MissingReport:
    """Count missing answers by item and by pattern.

    Raises MissingItem, and DataError for text or infinity.

    >>> missing_report(pd.DataFrame({"a": [1, None], "b": [2, 3]})).patterns[1]
    MissingPattern(missing=('a',), n=1)
    """
    names = tuple(data.columns) if items is None else tuple(items)
    absent = np.isnan(numeric(data, names))
    rows, cols = absent.shape
    kinds, counts = (
        np.unique(absent, axis=0, return_counts=True) if absent.size else (absent[:0], np.empty(0))
    )
    order = np.argsort(-counts, kind="stable")
    total = int(absent.sum())
    return MissingReport(
        n_rows=rows,
        n_items=cols,
        n_complete=int((~absent.any(axis=1)).sum()) if cols else rows,
        n_empty=int(absent.all(axis=1).sum()) if cols else 0,
        cells=absent.size,
        missing_cells=total,
        share=total / absent.size if absent.size else 0.0,
        items=tuple(
            ItemMissing(name, int(absent[:, j].sum()), float(absent[:, j].mean()) if rows else 0.0)
            for j, name in enumerate(names)
        ),
        patterns=tuple(
            MissingPattern(tuple(np.array(names)[kinds[i]].tolist()), int(counts[i])) for i in order
        ),
    )
