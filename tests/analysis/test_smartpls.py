"""Paths, standard errors and group differences that SmartPLS 4 printed for public data."""

from __future__ import annotations

import pandas as pd
import pytest
from seminr.datasets import load_corp_rep

from analysis.composite.groups import compare_groups
from analysis.composite.pls import fit_pls

_FORMED = {"ATTR": 3, "CSOR": 5, "PERF": 5, "QUAL": 8}
_REFLECTED = {"COMP": 3, "LIKE": 3, "CUSL": 3}


def _measured(name: str, operator: str, items: int) -> str:
    return f"{name} {operator} " + " + ".join(f"{name.lower()}_{k + 1}" for k in range(items))


MODEL = "\n".join(
    [
        *(_measured(name, "<~", items) for name, items in _FORMED.items()),
        *(_measured(name, "=~", items) for name, items in _REFLECTED.items()),
        "CUSA =~ cusa",
        "COMP ~ ATTR + CSOR + PERF + QUAL",
        "LIKE ~ ATTR + CSOR + PERF + QUAL",
        "CUSA ~ COMP + LIKE",
        "CUSL ~ COMP + LIKE + CUSA",
    ]
)
# SmartPLS 4, bootstrap multi-group analysis of the extended corporate reputation model (Hair, Hult,
# Ringle & Sarstedt 2022), as openpls-engine 1.9.0 holds them in its tests' data: path by customers with
# a contract and by prepaid ones, and their standard errors.
# fmt: off
PRINTED = {
    "ATTR -> COMP": (0.049, 0.163, 0.067, 0.087), "ATTR -> LIKE": (0.133, 0.245, 0.082, 0.111),
    "COMP -> CUSA": (0.108, 0.214, 0.084, 0.118), "COMP -> CUSL": (-0.062, 0.136, 0.069, 0.086),
    "CSOR -> COMP": (0.091, -0.026, 0.068, 0.082), "CSOR -> LIKE": (0.199, 0.096, 0.069, 0.108),
    "CUSA -> CUSL": (0.440, 0.599, 0.053, 0.057), "LIKE -> CUSA": (0.476, 0.365, 0.077, 0.099),
    "LIKE -> CUSL": (0.424, 0.205, 0.071, 0.081), "PERF -> COMP": (0.305, 0.210, 0.081, 0.113),
    "PERF -> LIKE": (0.172, -0.002, 0.086, 0.122), "QUAL -> COMP": (0.418, 0.535, 0.085, 0.105),
    "QUAL -> LIKE": (0.336, 0.501, 0.088, 0.110),
}
# fmt: on
ROUNDED = 5.1e-4


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    loaded = load_corp_rep()
    data = pd.DataFrame(loaded.values, columns=list(loaded.columns))
    plan = data["servicetype"].map({2: "contract", 1: "prepaid"})
    return data.mask(data == -99).assign(plan=plan)


@pytest.mark.parametrize(("plan", "at", "n"), [("contract", 0, 219), ("prepaid", 1, 125)])
def test_paths_and_errors_of_each_group_are_smartpls(
    customers: pd.DataFrame, plan: str, at: int, n: int
) -> None:
    own = customers[customers["plan"] == plan]
    fit = fit_pls(
        own, MODEL, bootstrap=600, seed=1, bca=False, fit_test=False, statistics=["paths"]
    )
    assert fit.n == n
    assert fit.bootstrap is not None
    errors = fit.bootstrap.tables["paths"]["se"]
    for label, printed in PRINTED.items():
        source, target = label.split(" -> ")
        assert fit.path(source, target) == pytest.approx(printed[at], abs=ROUNDED)
        assert errors[(source, target)] == pytest.approx(printed[2 + at], rel=0.12)


def test_differences_of_groups_are_smartpls(customers: pd.DataFrame) -> None:
    found = compare_groups(
        customers, MODEL, "plan", groups=("contract", "prepaid"), permutations=20, seed=1
    ).paths
    for row in found.to_dict("records"):
        contract, prepaid, *_ = PRINTED[f"{row['source']} -> {row['target']}"]
        assert row["difference"] == pytest.approx(contract - prepaid, abs=2 * ROUNDED)
