"""``sem --esem`` and ``--rotation`` on a file, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.classic_data import holzinger

CFA = "visual =~ x1 + x2 + x3; textual =~ x4 + x5 + x6; speed =~ x7 + x8 + x9"
BLOCK = 'efa("b")*f1 + efa("b")*f2 =~ x1 + x2 + x3 + x4 + x5 + x6'


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "pupils.csv"
    holzinger().to_csv(path, index=False)
    return path


def test_esem_shows_rotated_loadings_and_correlations(run, answers: Path, tmp_path: Path):
    file = tmp_path / "esem.json"
    done = run("sem", answers, "--model", CFA, "--esem", "--json", str(file))
    assert done.code == 0, done.err
    assert "Standardised loadings, target rotation of esem; 30 of 30 starts" in done.out
    assert "Correlations of the rotated factors of esem" in done.out
    rotation = json.loads(file.read_text())["rotation"]
    assert rotation["target"]["x1"] == {"visual": None, "textual": 0.0, "speed": 0.0}
    assert rotation["blocks"][0]["factors"] == ["visual", "textual", "speed"]


def test_a_target_is_read_from_a_file(run, answers: Path, tmp_path: Path):
    file = tmp_path / "target.csv"
    file.write_text("item,f1,f2\nx1,,0\nx2,NA,0\nx3,,0\nx4,0,\nx5,0,\nx6,0,\n", encoding="utf-8")
    done = run("sem", answers, "--model", BLOCK, "--target", str(file))
    assert done.code == 0, done.err
    assert "target rotation of b" in done.out
    file.write_text("item,f1,f2\nx1,high,0\n", encoding="utf-8")
    done = run("sem", answers, "--model", BLOCK, "--target", str(file))
    assert done.code != 0
    assert "x1: 'high' is no number" in done.err


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (CFA, ["--rotation", "geomin"], "--rotation requires factors to rotate"),
        (CFA, ["--bifactor"], "--bifactor requires --esem"),
        (CFA, ["--esem", "--rotation", "geomin"], "leave out --rotation"),
        (BLOCK, ["--esem"], "exploratory blocks already"),
        (BLOCK, ["--rotation", "target"], "requires --target"),
        (BLOCK, ["--rotation", "quartimin", "--geomin-epsilon", "0.1"], "has no effect"),
        (BLOCK, ["--oblimin-gamma", "0.1"], "has no effect"),
        (BLOCK, ["--target", "nowhere.csv"], "no such file"),
    ],
)
def test_options_without_effect_are_refused(
    run, answers: Path, model: str, options: list[str], said: str
):
    done = run("sem", answers, "--model", model, *options)
    assert done.code != 0
    assert said in done.err


def test_a_scale_has_no_exploratory_blocks(run, answers: Path):
    done = run("validate", answers, "--model", BLOCK)
    assert done.code != 0
    assert "leave out efa() and add --esem" in done.err
