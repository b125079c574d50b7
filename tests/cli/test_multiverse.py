"""``surveyapp multiverse`` on a file."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from surveyapp.cli import surveyapp
from tests.analysis.sjq_population import answers

MODEL = "F =~ sea1 + sea2 + sea3\nG =~ coh1 + coh2 + coh3\nG ~ F"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    data = answers(120, seed=3).astype(int)[["sea1", "sea2", "sea3", "coh1", "coh2", "coh3"]]
    data = data.assign(age=[15 + at % 40 for at in range(120)], region=["N", "S"] * 60)
    path = tmp_path_factory.mktemp("multiverse") / "answers.csv"
    data.to_csv(path, index=False)
    return path


def run(file, *more: str):
    return CliRunner().invoke(
        surveyapp, ["multiverse", str(file), "--model", MODEL, "--parameter", "G~F", *more]
    )


def test_each_exclusion_is_on_and_off_and_n_is_told(file, tmp_path):
    written, drawn = tmp_path / "all.json", tmp_path / "curve.svg"
    done = run(
        file,
        *("--estimators", "ML", "--treatments", "listwise"),
        *("--exclude", "age < 18", "--exclude", "region = S"),
        *("--json", str(written), "--diagram", str(drawn)),
    )
    assert done.exit_code == 0, done.output
    found = json.loads(written.read_text())
    sizes = sorted(each["headline"]["n"] for each in found["universes"])
    assert found["excluded"] == {"age < 18": 9, "region = S": 60}
    assert sizes == [60 - 6, 60, 120 - 9, 120]  # of nine below 18 six are in the north
    assert "4 of 4 universes" in done.output and "age < 18: 9 of 120 rows." in done.output
    assert drawn.read_text().count("<circle") == 4


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--exclude", "nobody"), "write careless"),
        (("--exclude", "age < many"), "no number"),
        (("--exclude", "region < N"), "holds texts"),
        (("--estimators", "OLS"), "none of ML"),
        (("--treatments", ""), "none of listwise"),
        (("--diagram", "curve.png"), "SVG"),
        (tuple("--exclude=age < 18" for _ in range(7)), "at most 6"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(file, more, said):
    done = run(file, *more)
    assert done.exit_code != 0 and said in str(done.exception)
