"""A fingerprint stands for the answers, whatever type they came in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.provenance import fingerprint, versions

DATA = pd.DataFrame({"a": [1, 2, 3], "b": [4.0, np.nan, 0.0]})


def test_types_do_not_matter_to_the_fingerprint():
    same = [
        DATA.astype(object),
        DATA.assign(a=["1", "2", "3"]),
        DATA.assign(b=pd.array([4, None, 0], dtype="Int64")),
        DATA.assign(b=[4.0, np.nan, -0.0]),
        DATA.assign(other="ignored"),
    ]
    assert {fingerprint(frame, ["a", "b"]) for frame in same} == {fingerprint(DATA, ["a", "b"])}


def test_values_names_rows_and_order_matter_to_the_fingerprint():
    different = [
        fingerprint(DATA, ["a", "b"]),
        fingerprint(DATA, ["b", "a"]),
        fingerprint(DATA, ["a"]),
        fingerprint(DATA.iloc[::-1], ["a", "b"]),
        fingerprint(DATA.assign(b=[4.0, 1.0, 0.0]), ["a", "b"]),
        fingerprint(DATA.rename(columns={"a": "c"}), ["c", "b"]),
    ]
    assert len(set(different)) == len(different)
    assert all(len(text) == 64 for text in different)


def test_the_statistical_packages_are_named_with_their_versions():
    found = versions()
    assert {"python", "numpy", "scipy", "pandas", "semopy", "factor-analyzer"} <= set(found)
    assert found["numpy"] == np.__version__
