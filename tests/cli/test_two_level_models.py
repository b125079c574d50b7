"""Models of rows within clusters from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.test_random_slopes import sloped
from tests.analysis.two_level_groups_numbers import MODEL, regions
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


def test_groups_of_clusters_are_fitted_and_compared(run, tmp_path: Path):
    path, drawn = tmp_path / "regions.csv", tmp_path / "o.svg"
    regions().assign(times=1 + regions()["branch"].str[1:].astype(int) % 3).to_csv(
        path, index=False
    )
    asked = ("--model", MODEL, "--cluster", "branch", "--group", "region", "--estimator", "mlr")
    ran = run(
        *("sem", path, *asked, "--equal", "loadings", "--missing", "fiml"),
        *("--cluster-weights", "times", "--diagram", drawn),
    )
    assert ran.code == 0, ran.err
    assert "north: n = 150 in 25 clusters" in ran.out and "between clusters in south" in ran.out
    assert drawn.read_text().count("between in ") >= 2
    ran = run("invariance", path, *asked, "--json", tmp_path / "steps.json")
    assert ran.code == 0, ran.err
    assert "Not rejected at 5 %: " in ran.out
    steps = json.loads((tmp_path / "steps.json").read_text())["steps"]
    assert [step["name"] for step in steps] == ["configural", "metric", "scalar", "strict"]
    # lavaan 0.6-14, lavTestLRT(metric, scalar) of the same models by MLR
    test = steps[2]["difference"]
    assert (test["chisq"], test["df"]) == (pytest.approx(2.441015353, rel=1e-3), 3)
    refused = run("invariance", path, *asked, "--reference", "south")
    assert refused.code != 0 and "--reference does not go with" in refused.err
    refused = run("sem", path, "--model", "f =~ q1 + q2 + q3", "--cluster-weights", "times")
    assert (
        refused.code != 0 and "--cluster-weights goes with a model that has levels" in refused.err
    )


def test_the_command_says_whether_slopes_differ(run, tmp_path: Path):
    path, out = tmp_path / "rows.csv", tmp_path / "o.json"
    sloped().to_csv(path, index=False)
    asked = ("--outcome", "overall", "--predictors", "wait,tenure", "--cluster", "branch")
    ran = run("mixed", path, *asked, "--slopes", "wait", "--json", out)
    assert ran.code == 0, ran.err
    assert "n = 278 in 40 clusters" in ran.out and "slopes differ: chi-square" in ran.out
    assert len(json.loads(out.read_text())["clusters"]) == 40
    assert run("mixed", path, *asked, "--slopes", "overall").code != 0
