"""Results become JSON's own types, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from analysis.json_values import filled, from_json, to_json


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


@dataclass(frozen=True)
class Leaf:
    name: str
    value: float | None = None


@dataclass(frozen=True)
class Leaves:
    json_field: ClassVar = "rows"

    rows: tuple[Leaf, ...]


@dataclass(frozen=True)
class Tree:
    n: int
    leaves: Leaves
    means: Mapping[str, float | None]
    best: Leaf | None


TREE = Tree(2, Leaves((Leaf("a", 1.5), Leaf("b"))), {"a": 0.5, "b": None}, None)


def test_what_is_written_is_read_again():
    written = to_json(TREE)
    assert written["leaves"] == [{"name": "a", "value": 1.5}, {"name": "b", "value": None}]
    assert from_json(Tree, json.loads(json.dumps(written))) == TREE
    assert from_json(Leaf, {"name": "c"}) == Leaf("c", None)


def test_whole_numbers_are_read_for_numbers_and_stay_whole():
    assert to_json(from_json(Leaf, {"name": "a", "value": 3})) == {"name": "a", "value": 3}


def test_a_dataclass_is_filled_from_another_and_from_arrays():
    source = Leaf("a", float("nan"))
    assert filled(Leaf, source) == Leaf("a", None)
    table = filled(Tree, n=np.int64(1), leaves=[source], means={"a": np.float64(2)}, best=source)
    assert table == Tree(1, Leaves((Leaf("a"),)), {"a": 2.0}, Leaf("a"))
    with pytest.raises(TypeError, match="Leaf has no weight"):
        filled(Leaf, source, weight=1)


def test_a_type_without_json_form_is_refused_when_it_is_first_read():
    with pytest.raises(TypeError, match="no plain JSON form"):
        from_json(complex, 1)
