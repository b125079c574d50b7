"""A cell of a file that is not taken: where, what stands there, why not, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RefusedCell:
    """``place`` is that of a spreadsheet; ``column`` is empty where a whole row is meant."""

    place: str
    column: str
    value: str
    reason: str
    cure: str = ""
