"""The classic data sets of structural equation modelling, from installed packages."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from tests.analysis.lavaan_numbers import REMOVED

HS = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
PD = """
ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8
"""
ITEMS = tuple(f"x{i}" for i in range(1, 10))


@lru_cache(maxsize=2)
def _packaged(name: str) -> pd.DataFrame:
    """A table of semopy's examples, read without importing semopy, which takes seconds."""
    spec = find_spec("semopy")
    assert spec is not None and spec.origin is not None
    return pd.read_csv(Path(spec.origin).parent / "examples" / name, index_col=0)


def holzinger() -> pd.DataFrame:
    """Holzinger & Swineford 1939: 301 pupils of two schools, x1 to x9."""
    return _packaged("holzinger_swineford39_data.csv").copy()


def democracy() -> pd.DataFrame:
    """Bollen (1989): 75 developing countries, y1 to y8 and x1 to x3."""
    return _packaged("pd_data.csv").copy()


def incomplete() -> pd.DataFrame:
    """Holzinger & Swineford with the cells removed that the reference run had removed."""
    data = holzinger()
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(REMOVED), dtype=np.uint8))
    mask = bits[: len(data) * len(ITEMS)].reshape(len(data), len(ITEMS)).astype(bool)
    values = data[list(ITEMS)].to_numpy(dtype=float, copy=True)
    values[mask] = np.nan
    data[list(ITEMS)] = values
    return data
