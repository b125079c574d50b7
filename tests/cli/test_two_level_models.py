"""Models of rows within clusters from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.two_level_numbers import FIT, PLAIN, branches

pytestmark = pytest.mark.xdist_group("two-level")


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "branches.csv"
    data = branches()
    data.loc[3, "q1"] = None
    data.to_csv(path, index=False)
    return path


def test_sem_fits_a_text_with_levels(run, answers: Path, tmp_path: Path):
    text = PLAIN.replace("tenure", "b*tenure") + "effect := 2*b\n"
    ran = run(
        *("sem", answers, "--model", text, "--cluster", "branch"),
        *("--estimator", "mlr", "--json", tmp_path / "out.json", "--diagram", tmp_path / "o.svg"),
    )
    assert ran.code == 0, ran.err
    for said in (
        "MLR at two levels, n = 586 in 60 clusters of branch (3 to 17 rows, on average 9.8); 1 of 587",
        "Fit of each level beside an unrestricted other one (scaled)",
        "Estimates within clusters",
        "Estimates between clusters",
        "effect := 2*b",
        "Reliability at each level",
        "Warning: 1 of 587 rows has a missing answer and was left out",
    ):
        assert said in ran.out, said
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["sample"]["n"] == 586
    assert document["fit"]["df"] == FIT["robust"]["df"]
    assert 'cluster = "branch"' in document["r_script"]
    assert document["modification_indices"] == []  # none beyond 3.84
    assert (tmp_path / "o.svg").read_text().count("<svg") >= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "requires clusters"),
        (("--cluster", "branch", "--weights", "mood"), "choose estimator MLR"),
        (("--cluster", "branch", "--group", "missing"), "missing"),
        (("--cluster", "branch", "--missing", "pairwise"), "'pairwise' does not go with levels"),
        (("--cluster", "branch", "--free", "q1~1"), "free: 'q1~1'"),
        (("--cluster", "branch", "--imputations", "5"), "--imputations does not go with"),
        (("--cluster", "branch", "--esem"), "--esem does not go with"),
        (("--cluster", "branch", "--rotation", "geomin"), "--rotation does not go with"),
        (("--cluster", "branch", "--likelihood", "wishart"), "--likelihood does not go with"),
        (("--cluster", "branch", "--estimator", "WLSMV"), "ML or MLR"),
        (("--cluster", "place"), "place"),
    ],
)
def test_what_does_not_go_with_levels_is_refused_by_name(
    run, answers: Path, options: tuple[str, ...], said: str
):
    ran = run("sem", answers, "--model", PLAIN, *options)
    assert ran.code != 0
    assert said in ran.err and "Traceback" not in ran.err
