"""What became of significant correlations once a marker variable is partialled out."""

from __future__ import annotations

from collections.abc import Sequence

SIGNIFICANT = 0.05


def kept_significant(stay: bool, pvalues: Sequence[float]) -> str:
    """What became of the significant correlations; none can stay where there was none."""
    if not any(p < SIGNIFICANT for p in pvalues):
        return "no correlation of the scores was significant before either"
    which = (
        "all correlations of the scores"
        if all(p < SIGNIFICANT for p in pvalues)
        else ("the significant correlations of the scores")
    )
    return f"{which} {'stay' if stay else 'do not all stay'} significant"
