"""What a result was computed from and with: the data's fingerprint and the software's versions."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pandas as pd

from analysis.moments import numeric

PACKAGES = ("numpy", "scipy", "pandas", "semopy", "factor-analyzer", "scikit-learn", "surveyapp")


def fingerprint(data: pd.DataFrame, items: Sequence[str]) -> str:
    """SHA-256 (hex) of the items' names and values, row by row order, missing as one NaN.

    The same answers give the same text whether they arrived as integers, floats or objects.
    """
    values = numeric(data, items)
    values = np.where(np.isnan(values), np.nan, values) + 0.0  # one NaN, no negative zero
    digest = hashlib.sha256()
    for j, name in enumerate(items):
        digest.update(f"{name}\0{len(values)}\0".encode())
        digest.update(np.ascontiguousarray(values[:, j], dtype="<f8").tobytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Version of Python and of each statistical package that is installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
