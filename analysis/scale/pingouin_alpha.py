"""Cronbach's alpha by pingouin, the independent check of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import pandas as pd

from analysis.errors import TooFewCases
from analysis.scale.reliability import cronbach_alpha

AGREEMENT = 1e-9  # both compute the same closed formula; only the order of sums differs


@dataclass(frozen=True)
class AlphaCheck:
    """The largest absolute difference of alpha, and the factor ``of`` which it is."""

    program: str
    version: str
    largest_difference: float
    of: str
    agrees: bool


def check_alpha(data: pd.DataFrame, model: Mapping[str, Sequence[str]]) -> AlphaCheck:
    """Compute each factor's alpha again with pingouin, on the factor's complete rows.

    data: items in columns (n, p). model: factor -> items; single items have no alpha and are left
    out. Raises TooFewCases without a factor of several items, and what ``cronbach_alpha`` raises.
    """
    # pingouin takes half a second to import: never on the web process's start.
    import pingouin

    differences = {}
    for factor, items in model.items():
        if len(items) < 2:
            continue
        ours = cronbach_alpha(data, list(items)).alpha.estimate
        theirs, _ = pingouin.cronbach_alpha(data[list(items)].dropna())
        differences[factor] = abs(ours - float(theirs))
    if not differences:
        raise TooFewCases(1, 0, what="factors with several items")
    worst = max(differences, key=lambda factor: differences[factor])
    return AlphaCheck(
        program="pingouin",
        version=version("pingouin"),
        largest_difference=differences[worst],
        of=worst,
        agrees=differences[worst] < AGREEMENT,
    )
