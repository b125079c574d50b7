"""Results become JSON's own types, nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import pytest

from analysis.json_values import to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    value: float
    table: np.ndarray


def test_every_kind_of_result_becomes_json():
    value = {
        "inner": Inner(float("nan"), np.array([[1, np.inf], [2.5, 3]])),
        "tuple": (np.int64(1), np.float64(0.1), np.bool_(True), Colour.RED),
        "frame": pd.DataFrame({"a": [1.0, None]}),
        3: {"b", "a"},
        "none": None,
    }
    got = to_json(value)
    assert got == {
        "inner": {"value": None, "table": [[1.0, None], [2.5, 3.0]]},
        "tuple": [1, 0.1, True, "red"],
        "frame": [[1.0], [None]],
        "3": ["a", "b"],
        "none": None,
    }
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    assert type(got["tuple"][3]) is str


def test_full_precision_is_kept():
    assert to_json(np.float64(1 / 3)) == 1 / 3


def test_what_has_no_json_form_is_named():
    with pytest.raises(TypeError, match="Generator has no plain JSON form"):
        to_json({"rng": np.random.default_rng(1)})
