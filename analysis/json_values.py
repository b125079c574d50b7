"""Results as plain JSON values: dicts, lists, text, numbers, None."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd


def to_json(value: Any) -> Any:
    """The same value made of JSON's types; NaN and infinity become None, precision stays.

    Dataclasses become dicts by field, frames and arrays lists of rows, mappings dicts with text
    keys, tuples and sets lists.

    >>> to_json({"a": np.array([1.0, np.nan])})
    {'a': [1.0, None]}
    """
    if isinstance(value, Enum):  # first, for a text that is an enumeration's member is both
        return to_json(value.value)
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, np.generic):
        return to_json(value.item())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return to_json(value.to_numpy())
    if isinstance(value, np.ndarray):
        return to_json(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(entry) for entry in value]
    if isinstance(value, (set, frozenset)):
        return [to_json(entry) for entry in sorted(value)]
    raise TypeError(f"{type(value).__name__} has no plain JSON form")
