"""How far what a program proposes of comments agrees with what people gave them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis.metrics import Share
from analysis.theme_proposals import measured


def agreement(proposed: Sequence[bool], given: Sequence[bool]) -> dict[str, Any]:
    """Precision and recall with intervals, as JSON; None for a share of nothing."""
    found = measured(proposed, given)
    return {"precision": _share(found.precision), "recall": _share(found.recall), "n": found.n}


def by_column(
    names: Sequence[str], proposed: np.ndarray, given: np.ndarray
) -> list[dict[str, Any]]:
    """The same for each column of (texts, codes), by the column's name."""
    return [
        {"code": name, **agreement(proposed[:, place].tolist(), given[:, place].tolist())}
        for place, name in enumerate(names)
    ]


def pooled(proposed: np.ndarray, given: np.ndarray) -> dict[str, Any]:
    """The same over all columns: of all proposals, of all codes that were given; ``n`` are the texts."""
    found = agreement(proposed.ravel().tolist(), given.ravel().tolist())
    return {**found, "n": len(given)}


def _share(share: Share | None) -> dict[str, float] | None:
    if share is None:
        return None
    return {"estimate": share.estimate, "low": share.low, "high": share.high, "n": share.n}
