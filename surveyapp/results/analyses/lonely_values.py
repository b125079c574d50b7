"""Values that look like codes for a missing answer: far from all others, and written as such codes are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from surveyapp.errors import Invalid
from surveyapp.results.analyses.tables import AnswerFile

# 6 to 9 repeated, and the last numbers below 100, 1000 and 10000, which codebooks give to reasons. One
# digit alone is a code only below zero: 9 may be the tenth point of a scale.
_CODE = re.compile(r"-[6-9]|-?(?:6{2,4}|7{2,4}|8{2,4}|9{2,4}|9{1,3}[5-9])")


def refuse_lonely(answers: AnswerFile, columns: Sequence[str]) -> None:
    """Raise Invalid, with the number of cells and the first of them, where these columns of numbers have
    a value that looks like a code for a missing answer.
    """
    cells: dict[int, list[tuple[str, int]]] = {}
    for name in columns:
        values = pd.to_numeric(answers.frame[name], errors="coerce").to_numpy(
            dtype=float, na_value=np.nan
        )
        for code in lonely_codes(values):
            found = np.flatnonzero(values == code).tolist()
            cells.setdefault(code, []).extend((name, place) for place in found)
    if not cells:
        return
    code, places = max(cells.items(), key=lambda each: len(each[1]))
    named = ", ".join(dict.fromkeys(name for name, _ in places))
    codes = ",".join(str(each) for each in sorted(cells))
    raise Invalid(
        f"{answers.path}: {named[:120]}: {code} looks like a missing code: {len(places)}"
        f" {'cell' if len(places) == 1 else 'cells'}, first in {answers.cell(*places[0])}; pass"
        f" --missing {codes} or --values-ok"
    )


def lonely_codes(values: np.ndarray) -> list[int]:
    """The values (n,) that look like codes for a missing answer, such as -99, 99 or 999 beside 1 to 7.

    Such a value is written as a code and lies further from the others than these spread, or, negative
    beside others that are not, further than half of it. So an age of 99 is none beside 18 to 80.
    """
    distinct = np.unique(values[np.isfinite(values)])
    candidates = [float(v) for v in distinct if v.is_integer() and _CODE.fullmatch(f"{v:.0f}")]
    others = [float(v) for v in distinct if float(v) not in candidates]
    if not candidates or not others:
        return []
    low, high = others[0], others[-1]
    # A value that the others reach is one of them: 97 to 99 on a scale from 0 to 100.
    while near := [v for v in candidates if low - 1 <= v <= high + 1]:
        candidates = [v for v in candidates if v not in near]
        low, high = min(low, *near), max(high, *near)
    spread = high - low
    return [int(v) for v in candidates if _is_far(v, low, high, spread)]


def _is_far(value: float, low: float, high: float, spread: float) -> bool:
    gap = low - value if value < low else value - high
    return gap > spread or (value < 0 <= low and 2 * gap > spread)
