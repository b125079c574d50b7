"""``surveyapp study`` and ``surveyapp report --study``."""

from __future__ import annotations

import json
from pathlib import Path

from pypdf import PdfReader

from surveyapp.store.db import Store
from tests.results.study_place import make_study, people


def test_a_file_is_studied_and_every_digit_written(run, tmp_path: Path):
    file, out = tmp_path / "answers.csv", tmp_path / "study.json"
    people(120).to_csv(file, index=False)
    made = run("study", file, "--bootstrap", 100, "--seed", 4, "--json", out)
    assert (made.code, made.err) == (0, "")
    assert "Hypotheses, n = 120" in made.out
    assert "H1: Service journey quality raises service quality. Supported" in made.out
    assert "a different population" in made.out
    found = json.loads(out.read_text())
    assert found["format"] == "sjq-study/1"
    effect = found["study"]["hypotheses"][0]["estimate"]
    assert f"{effect:.3f}" in made.out
    again = tmp_path / "again.json"
    run("study", file, "--bootstrap", 100, "--seed", 4, "--json", again)
    assert again.read_text() == out.read_text()


def test_columns_may_carry_the_instrument_and_the_marker_may_be_missing(run, tmp_path: Path):
    data = people(120).drop(columns=[f"mar{k}" for k in range(1, 5)])
    file, out = tmp_path / "answers.csv", tmp_path / "study.json"
    data.rename(columns=lambda c: f"sjq.{c}" if c[:3] in ("sea", "coh", "per") else c.upper()).to_csv(
        file, index=False
    )  # fmt: skip
    made = run("study", file, "--bootstrap", 100, "--json", out)
    assert (made.code, made.err) == (0, "")
    assert "Warning: the data has no marker items" in made.out
    found = json.loads(out.read_text())
    assert found["study"]["marker"] is None and found["sample"]["marker"] == []


def test_missing_columns_are_named_in_one_line(run, tmp_path: Path):
    file = tmp_path / "answers.csv"
    people(20).drop(columns=["loy1", "tan2"]).to_csv(file, index=False)
    made = run("study", file)
    assert made.code == 2
    assert made.err.count("\n") == 1
    assert "2 items are missing from the columns: tan2, loy1" in made.err


def test_the_report_of_a_journeys_study_is_written(run_stored, store: Store, tmp_path: Path):
    with store.writing() as session:
        make_study(session, people(100))
    out = tmp_path / "study.pdf"
    made = run_stored("report", "--journey", "account", "--study", "--bootstrap", 100, "--out", out)
    assert (made.code, made.err) == (0, "")
    assert "Journey quality, service quality" in PdfReader(out).pages[0].extract_text()


def test_two_reports_at_once_are_refused(run_stored, tmp_path: Path):
    made = run_stored(
        "report", "--journey", "x", "--study", "--validate", "sjq", "--out", tmp_path / "x.pdf"
    )
    assert (made.code, made.out) == (2, "")
    assert "--validate and --study are different reports" in made.err
