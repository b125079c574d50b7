"""Waves, many groups and differential items on the command line: tables, verdicts, refusals, JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

MODEL = "F =~ x1 + x2 + x3 + x4"


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 customers at two waves and three branches, seven points; x2 is higher in branch C."""
    rng, n = np.random.default_rng(8), 120
    level, rows = rng.normal(size=n), []
    branch = np.resize(["A", "B", "C"], n)
    for wave in ("spring", "autumn"):
        level = 0.8 * level + 0.6 * rng.normal(size=n)
        answers = {
            f"x{k}": level + rng.normal(size=n) * 0.6 + 4 + 1.2 * (k == 2) * (branch == "C")
            for k in range(1, 5)
        }
        items = pd.DataFrame(answers).round().clip(1, 7).astype(int)
        rows.append(items.assign(reference=[f"c{k}" for k in range(n)], wave=wave, branch=branch))
    path = tmp_path_factory.mktemp("panel") / "panel.csv"
    pd.concat(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def asked(run, panel: Path, tmp_path: Path):
    """The document and the printed text of a command on the file."""

    def ask(command: str, *options: object) -> tuple[dict[str, Any], str]:
        written = tmp_path / "out.json"
        ran = run(command, panel, "--model", MODEL, *options, "--json", written)
        assert ran.code == 0, ran.err
        return json.loads(written.read_text()), ran.out

    return ask


def test_waves_of_the_same_customers(asked):
    found, told = asked(
        "longitudinal", "--person", "reference", "--wave", "wave", "--waves", "spring,autumn"
    )
    assert found["waves"] == ["spring", "autumn"]
    assert found["sample"]["n"] == found["in_all"] == 120
    assert found["reached"] in ("scalar", "strict")
    assert "Means may be compared between the waves." in told
    assert "120 of 120 customers answered at every wave, 120 analysed" in told
    assert "lavTestLRT(configural, metric, scalar, strict)" in found["r_script"]


def test_waves_of_customers_in_branches(asked):
    waves = ("--person", "reference", "--wave", "wave", "--waves", "spring,autumn")
    found, told = asked("longitudinal", *waves, "--estimator", "MLR", "--cluster", "branch")
    assert found["steps"][0]["clusters"] is not None
    assert "below 30 clusters" in told or "3 clusters" in told
    assert 'cluster = "branch"' in found["r_script"]


def test_waves_without_customers_are_refused(run, panel: Path):
    alone = run("longitudinal", panel, "--model", MODEL)
    assert (alone.code, alone.out) == (2, "")
    assert "nothing tells which answers belong to one customer" in alone.err
    half = run("longitudinal", panel, "--model", MODEL, "--wave", "wave")
    assert "--person and --wave go together" in half.err
    mixed = run("longitudinal", panel, "--model", MODEL, "--person", "branch", "--wave", "wave")
    assert "branch A has 40 rows at wave spring" in mixed.err


def test_means_of_branches_are_aligned(asked):
    found, told = asked("alignment", "--group", "branch", "--simulate", "5")
    (factor,) = found["factors"]
    differing = {(each["item"], each["kind"]): each["not_in"] for each in factor["items"]}
    assert differing["x2", "intercept"] == ["C"]
    assert "x2 intercept" in told and "2 of 3" in told
    assert found["recovery"]["reps"] == 5
    assert "in simulated samples the means found correlate" in told


def test_thresholds_of_ordinal_items_are_aligned(asked):
    found, told = asked("alignment", "--group", "branch", "--estimator", "WLSMV", "--least", "20")
    assert found["ordinal"] and {each["kind"] for each in found["factors"][0]["items"]} > {
        *("loading", "threshold 1", "threshold 2")
    }
    assert "of loadings and thresholds differ" in told and ", of thresholds " in told


def test_means_and_changes_are_plotted_with_their_intervals(
    run, asked, panel: Path, tmp_path: Path
):
    plot = tmp_path / "means.svg"
    asked("alignment", "--group", "branch", "--plot", plot)
    drawn = plot.read_text()
    assert drawn.count("<circle") == 3
    assert "C: " in drawn  # what a screen reader is told
    asked("longitudinal", "--person", "reference", "--wave", "wave", "--plot", plot)
    assert "spring against autumn" in plot.read_text()
    refused = run(
        *("alignment", panel, "--model", MODEL, "--group", "branch", "--plot", tmp_path / "m.png")
    )
    assert "the plot is SVG" in refused.err


def test_a_differential_item_is_found_both_ways(asked):
    options = ("--group", "branch", "--level", "0.01")
    ordinal, told = asked("dif", *options)
    assert ordinal["flagged"] == ["x2"]
    assert "DIF: x2." in told
    mimic, told = asked("dif", *options, "--method", "mimic")
    assert mimic["flagged"] == ["x2"]
    assert "Factor means beside A, in SDs within groups" in told
    ordinal, told = asked("dif", *options, "--method", "mimic", "--estimator", "WLSMV")
    assert ordinal["flagged"] == ["x2"]
    assert "in its SDs within groups" in told


def test_options_of_the_other_method_are_refused(run, panel: Path):
    asked = ("dif", panel, "--model", MODEL, "--group", "branch")
    assert (
        "--criterion is not used by --method mimic"
        in run(*asked, "--method", "mimic", "--criterion", "size").err
    )
    assert "--method ordinal takes complete rows" in run(*asked, "--missing", "fiml").err


def test_ordinal_items_climb_a_ladder_of_their_own(asked, run, panel: Path):
    waves = ("--person", "reference", "--wave", "wave", "--waves", "spring,autumn")
    found, told = asked("longitudinal", *waves, "--estimator", "WLSMV")
    assert [step["name"] for step in found["steps"]][1] == "thresholds"
    assert "lavTestLRT(configural, thresholds, " in found["r_script"]
    assert "in points of the answers" not in told
    refused = (
        ("--missing", "fiml", "full information is that of numbers"),
        ("--ordered", "x9", "x9 is no item of the model"),
    )
    for option, value, said in refused:
        asked_for = ("longitudinal", panel, "--model", MODEL, *waves, "--estimator", "WLSMV")
        assert said in run(*asked_for, option, value).err


def test_some_ordinal_items_beside_numbers_with_pairwise_answers(asked, run, panel: Path):
    waves = ("--person", "reference", "--wave", "wave", "--waves", "spring,autumn")
    chosen = ("--ordered", "x1,x2", "--missing", "pairwise")
    found, _ = asked("longitudinal", *waves, "--estimator", "WLSMV", *chosen)
    assert found["steps"][0]["fit"]["df"] == 15
    assert 'ordered = c("x1_spring", "x1_autumn", ' in found["r_script"]
    without = run("longitudinal", panel, "--model", MODEL, *waves, *chosen)
    assert "--missing pairwise is for the estimator WLSMV" in without.err
