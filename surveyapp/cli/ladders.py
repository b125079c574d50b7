"""Steps of invariance as tables for reading, each number with the digits that keep it on its side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.covariance.measurement_invariance.invariance import Release, Rules
from analysis.digits import digits_beside
from surveyapp.cli.outputs import Table, number, probability
from surveyapp.errors import Invalid

PLAIN = ("chisq", "df", "pvalue", "cfi", "rmsea", "srmr")
ROBUST = ("chisq_scaled", "df", "pvalue_scaled", "cfi_robust", "rmsea_robust", "srmr")
ORDINAL = ("chisq_scaled", "df", "pvalue_scaled", "cfi_scaled", "rmsea_scaled", "srmr")
_CHANGES = ("d_chisq", "d_df", "d_pvalue", "d_cfi", "d_rmsea")


def require_treatment(estimator: str, missing: str, ordered: str) -> None:
    """Raise Invalid where the estimator cannot treat incomplete rows so, or has no ordinal items."""
    if estimator == "WLSMV" and missing == "fiml":
        raise Invalid(
            "--missing fiml: full information is that of numbers; with the estimator WLSMV use --missing"
            " pairwise, or listwise"
        )
    if estimator != "WLSMV" and missing == "pairwise":
        raise Invalid(
            f"--missing pairwise is for the estimator WLSMV; with {estimator} use --missing fiml, or listwise"
        )
    if ordered and estimator != "WLSMV":
        raise Invalid(f"--ordered names ordinal items, which belong to WLSMV; {estimator} has none")


def ladder(title: str, table: pd.DataFrame, rules: Rules, shown: Sequence[str]) -> Table:
    """One row a step: its fit by these measures, the changes and whether it holds."""
    columns = (*shown, *_CHANGES)
    rows: list[list[str]] = []
    for name, row in table.iterrows():
        bounds = _bounds(rules, is_first=not rows)
        cells = [
            ladder_cell(
                key, row.get(key), bounds.get(key.removesuffix("_robust").removesuffix("_scaled"))
            )
            for key in columns
        ]
        rows.append([str(name), *cells, "yes" if row["holds"] else "no"])
    return (title, ("step", *columns, "holds"), rows)


def released(title: str, releases: Sequence[Release]) -> Table:
    """One row a parameter that was let go."""
    freed = [[one.parameter, one.step, number(one.x2), probability(one.pvalue)] for one in releases]
    return (title, ("parameter", "step", "chisq", "p"), freed)


def ladder_cell(key: str, value: Any, bound: float | None = None) -> str:
    """A number, with the digits that keep it on its side of its bound."""
    there = None if value is None or pd.isna(value) else float(value)
    if "pvalue" in key:
        return probability(there)
    if there is not None and bound is not None:
        return number(there, digits_beside(there, bound))
    return number(there, 0 if key in {"df", "d_df"} else 3)


def _bounds(rules: Rules, *, is_first: bool) -> dict[str, float]:
    """What a step's numbers are judged by."""
    if is_first:
        return {"cfi": rules.configural_cfi, "rmsea": rules.configural_rmsea}
    return {"d_cfi": rules.d_cfi, "d_rmsea": rules.d_rmsea}
