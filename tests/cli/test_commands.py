"""Each command does its work, and says in one line with exit code 2 why it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from docx import Document

from instruments.loader import BUILT_IN


def sjq_answers(n: int = 120, seed: int = 3) -> pd.DataFrame:
    """Three correlated factors with loadings .85, cut at seven points."""
    rng = np.random.default_rng(seed)
    key = BUILT_IN.load("sjq").default_key
    assert key is not None
    common = rng.normal(size=n)
    columns = {}
    for items in key.scales.values():
        factor = 0.8 * common + 0.6 * rng.normal(size=n)
        for item in items:
            latent = 0.85 * factor + 0.53 * rng.normal(size=n)
            columns[item] = np.searchsorted([-2, -1.3, -0.7, -0.1, 0.6, 1.3], latent) + 1
    return pd.DataFrame(columns)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    sjq_answers().to_csv(path, index=False)
    return path


def test_score_prints_a_line_a_scale_and_writes_every_row(run, csv: Path, tmp_path: Path):
    ran = run("score", csv, "--instrument", "sjq", "--out", tmp_path / "scores.csv")
    assert ran.code == 0
    assert re.search(r"sjq\.seamlessness +120 ", ran.out)
    written = pd.read_csv(tmp_path / "scores.csv")
    expected = sjq_answers()[["sea1", "sea2", "sea3", "sea4", "sea5", "sea6"]].mean(axis=1)
    assert written["sjq.seamlessness"].to_numpy() == pytest.approx(expected.to_numpy())


def test_score_names_an_item_that_runs_against_its_scale_and_turns_it_when_asked(
    run, csv: Path, tmp_path: Path
):
    plain = run("score", csv, "--instrument", "sjq")
    assert "runs against" not in plain.out
    data = pd.read_csv(csv)
    column = next(name for name in data if name.endswith("sea2"))
    worded = tmp_path / "worded.csv"
    data.assign(**{column: 8 - data[column]}).to_csv(worded, index=False)
    ran = run("score", worded, "--instrument", "sjq")
    assert re.search(
        r"Warning: sjq\.seamlessness: sea2 \(item-rest correlation -0\.\d\d\)", ran.out
    )
    assert "--reverse sea2" in ran.out
    turned = run("score", worded, "--instrument", "sjq", "--reverse", "sea2")
    assert (turned.code, "runs against" in turned.out) == (0, False)
    table = plain.out.partition("Note")[0]
    assert turned.out.startswith(table)
    assert "sea2 is read the other way round, as 8 - sea2" in turned.out
    for reverse, words in (("sea9", "sea9 is no item"), ("sea2,sea2", "sea2 stands twice")):
        refused = run("score", worded, "--instrument", "sjq", "--reverse", reverse)
        assert (refused.code, words in refused.err) == (2, True)


def test_validate_writes_the_whole_result_as_json(run, csv: Path, tmp_path: Path):
    ran = run(
        "validate", csv, "--instrument", "sjq", "--esem", "--json", tmp_path / "out.json",
        "--tables", tmp_path / "out.docx", "--figures", tmp_path / "new" / "figures",
    )  # fmt: skip
    assert ran.code == 0
    drawn = tmp_path / "new" / "figures"
    assert len(list(drawn.glob("*.png"))) == len(list(drawn.glob("*.svg"))) > 3
    assert f"Written: {tmp_path / 'out.docx'}" in ran.out
    assert len(Document(str(tmp_path / "out.docx")).tables) > 9
    assert "Confirmatory factor analysis" in ran.out
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["sample"]["n_complete"] == 120
    assert document["cfa"]["fit"]["df"] == 101
    assert document["esem"]["fit"]["df"] == 75
    assert "All cross-loadings free (ESEM) beside the model" in ran.out


def test_columns_may_be_named_by_instrument_and_item_in_any_case_and_separated_by_semicolons(
    run, tmp_path: Path
):
    path = tmp_path / "a.csv"
    path.write_text("SJQ.NPS;Nps.nps;x\n;9;1\n;3;1\n;10;2\n")
    ran = run("score", path, "--instrument", "nps")
    assert (ran.code, "33.3" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("score", "/nowhere.csv", "--instrument", "sjq"), "/nowhere.csv: no such file"),
        (("validate", "ANSWERS", "--instrument", "sqj"), "sqj"),
        (("validate", "ANSWERS", "--instrument", "nps"), "no column is an item of nps"),
        (("score", "ANSWERS", "--instrument", "sjq", "--key", "sjq-7"), "sjq-7"),
        (("score", "ANSWERS", "--instrument", "emotion"), "no scoring key"),
        (("report", "--journey", "nothing", "--out", "x.pdf"), "nothing"),
        (("import", "ANSWERS", "--survey", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    run, csv: Path, arguments: tuple, says: str
):
    ran = run(*(csv if a == "ANSWERS" else a for a in arguments))
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert "Traceback" not in ran.err


def test_an_answer_outside_its_scale_is_named_with_row_and_value(run, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("csat\n3\n9\n")
    ran = run("score", path, "--instrument", "csat")
    assert ran.code == 2
    assert "csat: 9 in A3 is outside 1 to 5" in ran.err


def test_instruments_are_listed_and_a_broken_one_is_told_with_file_key_and_cure(
    run, tmp_path: Path
):
    assert "sjq-16, sjq-18, sjq-9" in run("instruments", "list").out
    broken = tmp_path / "mine"
    broken.mkdir()
    (broken / "instrument.toml").write_text('code = "mine"\nversion = 1\ncolour = "red"\n')
    ran = run("instruments", "check", broken)
    assert ran.code == 2
    assert "instrument.toml: colour" in ran.out


def test_a_user_is_created_once(run_stored):
    run = run_stored
    create = ("user", "create", "ada@example.org", "--password", "correct horse battery staple")
    assert run(*create).code == 0
    again = run(*create)
    assert (again.code, "already" in again.err) == (2, True)


def test_settings_show_no_secret(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SURVEYAPP_SECRET_KEY", "kept secret, of forty-one different words")
    ran = run("settings")
    assert (ran.code, "SURVEYAPP_SECRET_KEY=(hidden)" in ran.out, "kept secret" in ran.out) == (
        0,
        True,
        False,
    )


def test_an_unknown_setting_is_told(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SURVEYAPP_COLOUR", "red")
    ran = run("settings")
    assert (ran.code, "SURVEYAPP_COLOUR" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("named", "found"),
    [((), "none"), (("--survey", "a", "--deployment", "b"), "a, b")],
)
def test_one_survey_is_named(run_stored, tmp_path: Path, named: tuple[str, ...], found: str):
    ran = run_stored("export", *named, "--out", tmp_path / "out.csv")
    assert ran.code == 2
    assert (
        f"Name one survey with --survey CODE, or a journey with --journey CODE; found {found}."
        in ran.err
    )
    assert not (tmp_path / "out.csv").exists()


def test_samplesize_says_how_many_answers_and_refuses_what_it_would_ignore(run, tmp_path: Path):
    path = tmp_path / "n.json"
    ran = run("samplesize", "margin", "--margin", 5, "--population", 1000, "--response-rate", 20, "--json", path)  # fmt: skip
    assert "278 answers give an interval of about +-5 points" in ran.out
    assert "Ask 1,390 people." in ran.out
    assert json.loads(path.read_text())["n"] == 278
    score = run("samplesize", "nps", "--margin", 5, "--promoters", 50, "--detractors", 20)
    assert "938 answers" in score.out  # (1.96 * 78.10 / 5) ** 2
    found = run("samplesize", "difference", "--difference", 12.5, "--metric", "mean", "--sd", 25)
    assert found.out.startswith("64 answers in each group")
    for wrong, said in (
        (("margin",), "--margin: Enter the wanted margin"),
        (
            ("difference", "--difference", 5, "--population", 9),
            "--population: population is not used",
        ),
        (("difference", "--difference", 5, "--sd", 9), "--sd: sd is not used"),
        (("margin", "--margin", 5, "--promoters", 50), "go together"),
        (("margin", "--margin", 5, "--power", 0.9), "--power: power is not used"),
        (("nps", "--margin", 5, "--response-rate", 0), "response rate"),
    ):
        refused = run("samplesize", *wrong)
        assert refused.code == 2
        assert said in refused.err
