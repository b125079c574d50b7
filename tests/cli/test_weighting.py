"""Scores of a file weighted by known shares, as R's survey weights the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.analysis.test_weighted_regression import AGE as BIG_AGE
from tests.analysis.test_weighted_regression import NAMES, X, Y
from tests.analysis.test_weighted_regression import REGION as BIG_REGION
from tests.analysis.test_weighting import AGE, AGES, REGION, REGIONS, SCORES


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The answers of R's numbers, and the shares of both attributes, one of them in percent."""
    answers = pd.DataFrame({"attribute.region": REGION, "age": AGE, "y": SCORES})
    answers.to_csv(tmp_path / "answers.csv", index=False)
    rows = [("region", value, 100 * share) for value, share in REGIONS.items()]
    rows += [("age", value, share) for value, share in AGES.items()]
    shares = pd.DataFrame(rows, columns=["attribute", "value", "share"])
    shares.to_csv(tmp_path / "shares.csv", index=False)
    return tmp_path / "answers.csv", tmp_path / "shares.csv"


@pytest.mark.parametrize(
    ("options", "estimate", "error"),
    [
        ((), 4.9971284628, 0.5476946623),
        (("--as", "nps"), -45.8552221995, 13.0728407566),
        (("--as", "top", "--top", 8), 28.6124885714, 7.6702308317),
    ],
)
def test_a_files_scores_are_weighted_as_in_r(run, files, tmp_path: Path, options, estimate, error):
    answers, shares = files
    out, told = tmp_path / "weights.csv", tmp_path / "weighted.json"
    ran = run(
        *("weight", answers, "--shares", shares, "--score", "y", *options),
        *("--out", out, "--json", told),
    )
    assert ran.code == 0, ran.err
    assert f"{estimate:.2f}" in ran.out and "effective n" in ran.out
    document = json.loads(told.read_text())
    (found,) = document["scores"]
    assert found["estimate"] == pytest.approx(estimate, rel=1e-8)
    assert found["error"] == pytest.approx(error, rel=1e-8)
    assert found["design_effect"] == pytest.approx(1.1111748273, rel=1e-8)
    assert (found["n"], found["left_out"]) == (40, 0)
    assert document["shares"]["region"] == REGIONS
    weights = pd.read_csv(out)["y"]
    assert (weights.min(), weights.max()) == pytest.approx((0.603897766, 1.713777213))


def test_rows_without_a_score_or_attribute_are_left_out_and_counted(run, files):
    answers, shares = files
    table = pd.read_csv(answers)
    table.loc[0, "y"], table.loc[1, "age"] = None, None
    table.to_csv(answers, index=False)
    ran = run("weight", answers, "--shares", shares, "--score", "y")
    assert ran.code == 0, ran.err
    assert "2 of 40 rows without y or one of region, age are left out" in ran.out


@pytest.mark.parametrize(
    ("shares", "options", "said"),
    [
        ("attribute,value,share\nregion,N,0.5\nregion,S,0.2\nregion,E,0.2\n", (), "add up to 0.9"),
        ("attribute,value,share\nregion,N,50\nregion,S,50\n", (), "without a known share"),
        ("attribute,value,share\nregion,N,50\nregion,N,50\n", (), "stands there twice"),
        ("attribute,value\nregion,N\n", (), "there is no column share"),
        ("attribute,value,share\nregion,N,much\n", (), "not a number in every row"),
        ("attribute,value,share\ncity,N,100\n", (), "there is no column city"),
        ("attribute,value,share\nregion,N,100\n", ("--as", "top"), "--top goes with --as top"),
        ("attribute,value,share\nregion,N,100\n", ("--score", "age"), "a column of texts"),
    ],
)
def test_what_cannot_be_weighted_is_refused_by_name(run, files, shares: str, options, said: str):
    answers, path = files
    path.write_text(shares)
    score = () if "--score" in options else ("--score", "y")
    refused = run("weight", answers, "--shares", path, *score, *options)
    assert refused.code == 2
    assert said in refused.err


def test_drivers_of_a_weighted_score_stand_beside_it(run, tmp_path: Path, files):
    _, shares = files
    table = pd.DataFrame(X, columns=NAMES).assign(region=BIG_REGION, age=BIG_AGE, y=Y)
    table.loc[120] = [1, 1, 1, "N", "y", None]
    table.to_csv(tmp_path / "big.csv", index=False)
    wanted = [part for name in NAMES for part in ("--driver", name)]
    told = tmp_path / "drivers.json"
    ran = run(
        "weight", tmp_path / "big.csv", "--shares", shares, "--score", "y", *wanted, "--json", told
    )
    assert ran.code == 0, ran.err
    assert "Drivers of y, weighted: n = 120" in ran.out and "59.6%" in ran.out
    assert "120 of 121 rows" in ran.out
    found = json.loads(told.read_text())["drivers"]
    third = found["regression"]["coefficients"][2]
    assert (third["estimate"], third["error"]) == pytest.approx((1.20629433431, 0.06272288032))
    assert found["importance"]["drivers"][2]["part"] == pytest.approx(0.595531009642)
    alone = run(
        "weight", tmp_path / "big.csv", "--shares", shares, "--score", "y", "--driver", "x1"
    )
    assert alone.code != 0 and "1 predictors" in alone.err
