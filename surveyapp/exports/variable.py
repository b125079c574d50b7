"""What a column of an export means, whatever file it is written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

Cell = int | float | str | bool | datetime | date | None


class Kind(StrEnum):
    """The closed list of what a column holds; every format has a type for each."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    MOMENT = "moment"  # a time with its offset, in UTC
    DAY = "day"


class Measure(StrEnum):
    """Level of measurement, as SPSS and codebooks name it."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    SCALE = "scale"


@dataclass(frozen=True)
class Variable:
    """A column. ``labels`` names its values, ``missing`` those that stand for no answer and why.

    ``label`` is what a reader is told of it: of an item its wording, in the survey's language.
    """

    name: str
    label: str
    kind: Kind
    measure: Measure = Measure.NOMINAL
    labels: Mapping[Any, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # by point or code
    missing: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
