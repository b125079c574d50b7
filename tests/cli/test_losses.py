"""What answers are missing is said first, with its share; where it is much, both treatments stand there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from semopy.examples import holzinger39

from analysis.covariance.sem import fit_sem

THREE = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
FIML = [107.4310, 116.3154, 159.6490, 174.7329]
LISTWISE = [111.3348, 118.8925, 159.5193, 173.1807]


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each tenth pupil lacks one answer, the first two their school."""
    data = holzinger39.get_data()
    for at in range(5, len(data), 10):
        data.loc[at, f"x{at // 10 % 9 + 1}"] = None
    data.loc[:2, "school"] = None
    path = tmp_path_factory.mktemp("gaps") / "hs.csv"
    data.to_csv(path, index=False)
    return path


def test_invariance_says_losses_first_and_shows_both_ladders(run, gaps: Path, tmp_path: Path):
    at = tmp_path / "out.json"
    ran = run("invariance", gaps, "--model", THREE, "--group", "school", "--json", at)
    assert ran.code == 0
    assert ran.out.strip().splitlines()[0] == (
        "Groups of school: Pasteur, Grant-White; 32 of 301 rows (10.6%) were left out, because "
        "answers are missing or school is unknown (2)"
    )
    assert (
        "30 of 301 rows (10.0%) have a missing answer and are left out; --missing fiml" in ran.out
    )
    document = json.loads(at.read_text())
    assert list(document)[:2] == ["rules_version", "sample"]
    assert (document["sample"]["n"], document["sample"]["dropped"]) == (269, 32)
    listwise, fiml = document["missing_comparison"]
    assert (listwise["n"], fiml["n"]) == (269, 299)
    # lavaan 0.6-14: cfa(model, d[!is.na(d$school), ], group = "school", missing = "fiml" or "listwise"),
    # then with group.equal = "loadings", c("loadings", "intercepts"), + "residuals".
    assert [row["chisq"] for row in fiml["steps"]] == pytest.approx(FIML, abs=2e-3)
    assert [row["chisq"] for row in listwise["steps"]] == pytest.approx(LISTWISE, abs=2e-3)


def test_sem_says_losses_first_and_what_to_do(run, gaps: Path):
    ran = run("sem", gaps, "--model", THREE, "--estimator", "MLM")
    assert "n = 271; 30 of 301 rows (10.0%) were left out, because answers are missing" in ran.out
    assert "--estimator MLR --missing fiml would use what they have" in ran.out
    assert ran.out.count("have a missing answer") == 1


def test_pls_says_what_it_replaces_or_leaves_out_and_shows_both(run, gaps: Path, tmp_path: Path):
    model = f"{THREE}; speed ~ visual + textual"
    ran = run("pls", gaps, "--model", model, "--json", tmp_path / "out.json")
    assert ran.out.strip().splitlines()[0] == (
        "Paths, n = 301; 30 of 2,709 answers (1.1%) are missing and replaced by the mean of their item"
    )
    document = json.loads((tmp_path / "out.json").read_text())
    both = document["missing_comparison"]
    assert (both["n_mean"], both["n_listwise"]) == (301, 271)
    assert [row["mean"] for row in both["paths"]] == [row["estimate"] for row in document["paths"]]
    assert "PLS has no FIML" in ran.out
    left = run("pls", gaps, "--model", model, "--missing", "listwise")
    assert "Paths, n = 271; 30 of 301 rows (10.0%) were left out" in left.out


def test_sem_says_which_rows_have_no_weight_or_cluster(run, tmp_path: Path):
    data = holzinger39.get_data()
    data = data.assign(w=1.0, k=[f"b{at % 40}" for at in range(len(data))])
    data.loc[data.index[:2], "w"] = None
    path, at = tmp_path / "drawn.csv", tmp_path / "out.json"
    data.to_csv(path, index=False)
    drawn = ("--weights", "w", "--cluster", "k", "--estimator", "MLR")
    ran = run("sem", path, "--model", THREE, *drawn, "--json", at)
    assert ran.code == 0
    assert "were left out, because the weight or cluster is missing or 0" in ran.out
    assert "40 clusters of k, mean size 7.5" in ran.out
    document = json.loads(at.read_text())
    assert document["sample"]["no_weight_or_cluster"] == 2
    assert document["weights"]["effective_n"] == pytest.approx(299)
    assert len(document["clusters"]["items"]) == 9
    refused = run("sem", path, "--model", THREE, "--cluster", "k")
    assert refused.code != 0
    assert "cluster goes with MLR or WLSMV" in refused.out + refused.err


def test_invariance_takes_weights_and_clusters(run, tmp_path: Path):
    data = holzinger39.get_data()
    data = data.assign(w=1 + np.arange(len(data)) % 5 / 2, k=np.arange(len(data)) % 43)
    data.loc[data.index[0], "w"] = None
    data.loc[data.index[1], "school"] = None
    path, at = tmp_path / "drawn.csv", tmp_path / "out.json"
    data.to_csv(path, index=False)
    ran = run(
        "invariance", path, "--model", THREE, "--group", "school", "--estimator", "MLR",
        "--weights", "w", "--cluster", "k", "--json", at,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "school is unknown (1) or the weight or cluster is missing or 0 (1)" in ran.out
    document = json.loads(at.read_text())
    own = fit_sem(data, THREE, estimator="MLR", group="school", sampling_weights="w", cluster="k")
    assert document["steps"][0]["fit"]["chisq_scaled"] == pytest.approx(own.fit["chisq_scaled"])
    assert document["drawn"] == {"weights": "w", "cluster": "k"}
    assert document["sample"]["no_weight_or_cluster"] == 1
