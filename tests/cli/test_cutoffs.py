"""The command on dynamic cut-offs: from a file, from written values, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.covariance.sem import fit_sem
from analysis.covariance.simulation.dynamic_cutoffs import dynamic_cutoffs, population_cutoffs
from tests.analysis.classic_data import HS, holzinger

VALUES = "F =~ .7*a + .6*b + .8*c + .5*d"


def test_a_fit_is_set_against_its_cutoffs(run, tmp_path: Path):
    file, out = tmp_path / "hs.csv", tmp_path / "cutoffs.json"
    data = holzinger()
    data.to_csv(file, index=False)
    ran = run("cutoffs", file, "--model", HS, "--samples", 150, "--values-ok", "--json", out)
    assert ran.code == 0, ran.err
    found = json.loads(out.read_text())
    own = dynamic_cutoffs(fit_sem(data, HS), reps=150).to_dict()
    assert {key: found[key] for key in own} == own
    assert found["sample"]["n"] == 301
    assert "textual =~ 0.424*x2" in ran.out
    assert "CFI 0.931 reaches the cut-off of level 2 of 2" in ran.out


def test_an_index_without_cutoffs_is_not_called_better_than_them(run, tmp_path: Path):
    rng = np.random.default_rng(1)
    factor = rng.normal(size=80)
    file = tmp_path / "few.csv"
    answers = {item: 0.5 * factor + 0.75**0.5 * rng.normal(size=80) for item in "abcd"}
    pd.DataFrame(answers).to_csv(file, index=False)
    ran = run("cutoffs", file, "--model", "F =~ a + b + c + d", "--samples", 100)
    assert ran.code == 0, ran.err
    told = ran.out.replace("\n", " ")
    assert re.search(r"SRMR 0\.\d+ has no cut-off at any level", told)
    assert re.search(r"RMSEA 0\.\d+ is better than the cut-offs of every level", told)


def test_written_values_and_n_are_enough(run):
    ran = run("cutoffs", "--model", VALUES, "--n", 250, "--samples", 150, "--seed", 4)
    assert ran.code == 0, ran.err
    level = population_cutoffs(VALUES, 250, reps=150, seed=4).levels[1]
    assert "d ~~ 0.300*b" in ran.out
    assert f"{level.cfi.value:.3f} ±{level.cfi.error:.4f}" in ran.out


def test_answers_of_the_samples_are_chosen(run, tmp_path: Path):
    file, out = tmp_path / "hs.csv", tmp_path / "cutoffs.json"
    data = holzinger()
    data.round().to_csv(file, index=False)
    asked = ("cutoffs", file, "--model", "F =~ x1 + x2 + x4 + x5", "--samples", 100, "--values-ok")
    for options, said, kind in (
        (("--answers", "likert"), "of Likert answers by ML", "likert"),
        (("--answers", "bootstrap", "--estimator", "MLR"), "of the rows drawn again", "bootstrap"),
        (("--estimator", "WLSMV"), "of ordinal answers by WLSMV", "ordinal"),
    ):
        ran = run(*asked, *options, "--json", out)
        assert ran.code == 0, ran.err
        assert said in ran.out.replace("\n", " ")
        assert json.loads(out.read_text())["answers"] == kind
    cuts = "\n".join(f"{item} | -.5*t1 + .5*t2" for item in "abcd")
    ran = run("cutoffs", "--model", f"{VALUES}\n{cuts}", "--n", 200, "--samples", 100)
    assert "of ordinal answers by WLSMV" in ran.out.replace("\n", " ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--model", VALUES), "--n 300"),
        (("--model", VALUES, "--n", 99, "--answers", "likert"), "is about the rows of a FILE"),
        (("--model", "F =~ a + b + c + d", "--n", 99), "has no value"),
    ],
)
def test_what_is_missing_is_named(run, options: tuple[object, ...], said: str):
    ran = run("cutoffs", *options)
    assert ran.code == 2
    assert said in ran.err
