"""Each item's answers: moments, ends of the scale, histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from analysis.json_values import filled
from analysis.scale.describe import describe_items
from analysis.scale.study import Number, Section, Study


@dataclass(frozen=True)
class Bar:
    value: float
    n: int


@dataclass(frozen=True)
class ItemRow:
    """skew b1 and excess kurtosis b2 (type 3, R psych); floor, ceiling: shares 0..1."""

    item: str
    factor: str
    n: int
    missing: int
    mean: Number
    sd: Number
    median: Number
    skew: Number
    kurtosis: Number
    minimum: Number
    maximum: Number
    lowest: Number
    highest: Number
    floor: Number
    ceiling: Number
    histogram: tuple[Bar, ...]


@dataclass(frozen=True)
class ItemsSection(Section, percent=4, title="items"):
    """A row an item, in the order of the model."""

    json_field: ClassVar = "rows"

    rows: tuple[ItemRow, ...]

    @classmethod
    def compute(cls, study: Study) -> Self:
        described = describe_items(study.data, study.items, scales=study.scales)
        return cls(
            tuple(
                filled(
                    ItemRow,
                    one,
                    factor=study.factor_of[one.item],
                    histogram=[{"value": value, "n": n} for value, n in one.histogram],
                )
                for one in described
            )
        )
