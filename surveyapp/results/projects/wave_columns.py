"""Columns that end in a wave: those of the other waves of a model's items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class WaveColumns:
    """A file's columns ``x1_w1``, ``x1_w2``: the ``items`` without their wave, the ``waves`` in the order of
    the columns, and the wave whose columns the model names.
    """

    items: tuple[str, ...]
    waves: tuple[str, ...]
    own: str

    def base(self, name: str) -> str:
        """An item's or a factor's name without the model's wave."""
        return name.removesuffix(f"_{self.own}")

    def in_text(self, text: str) -> str:
        """The model of one wave, with names that have no wave."""
        return re.sub(rf"(?<=[\w.])_{re.escape(self.own)}(?![\w.])", "", text)


def wave_columns(items: Sequence[str], columns: Sequence[str]) -> WaveColumns | None:
    """The waves in which every item of a model has a column; None where there are not two.

    >>> wave_columns(["x1_w1", "x2_w1"], ["x1_w1", "x2_w1", "x1_w2", "x2_w2", "x1_w3"]).waves
    ('w1', 'w2')
    """
    parts = [name.rpartition("_") for name in items]
    own = {wave for _, _, wave in parts}
    bases = tuple(base for base, _, _ in parts)
    if len(own) != 1 or not all(bases) or len(set(bases)) < len(bases):
        return None
    known = set(columns)
    ends = [
        name.removeprefix(f"{bases[0]}_")
        for name in columns
        if name[: len(bases[0]) + 1] == f"{bases[0]}_"
    ]
    waves = tuple(end for end in ends if end and all(f"{base}_{end}" in known for base in bases))
    return WaveColumns(bases, waves, own.pop()) if len(waves) > 1 else None
