"""``surveyapp study`` and ``surveyapp report --study``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from surveyapp.store.db import Store
from tests.results.study_place import make_study, people


def test_a_file_is_studied_and_every_digit_written(run, tmp_path: Path):
    file, out = tmp_path / "answers.csv", tmp_path / "study.json"
    people(120).to_csv(file, index=False)
    tables = tmp_path / "tables"
    made = run(
        "study", file, "--bootstrap", 100, "--seed", 4, "--json", out, "--tables", tables
    )  # fmt: skip
    assert (made.code, made.err) == (0, "")
    assert "Hypotheses, n = 120" in made.out
    assert (
        "H1: Service journey quality is positively associated with service quality. Supported"
        in made.out
    )
    assert "a different population" in made.out
    found = json.loads(out.read_text())
    assert found["format"] == "sjq-study/1"
    effect = found["study"]["hypotheses"][0]["estimate"]
    assert f"{effect:.3f}" in made.out
    (paths,) = tables.glob("table-*-paths.csv")
    full = {(row["source"], row["target"]): row for row in found["study"]["full"]["paths"]}
    last = paths.read_text().splitlines()[-1].split(",")
    assert float(last[2]) == list(full.values())[-1]["estimate"]
    again = tmp_path / "again.json"
    run("study", file, "--bootstrap", 100, "--seed", 4, "--json", again)
    assert again.read_text() == out.read_text()


def test_columns_may_carry_the_instrument_and_the_marker_may_be_missing(run, tmp_path: Path):
    data = people(120).drop(columns=[f"mar{k}" for k in range(1, 5)])
    file, out = tmp_path / "answers.csv", tmp_path / "study.json"
    data.rename(columns=lambda c: f"sjq.{c}" if c[:3] in ("sea", "coh", "per") else c.upper()).to_csv(
        file, index=False
    )  # fmt: skip
    told = ("--tables", tmp_path / "tables.tex", "--report-language", "de")
    made = run("study", file, "--bootstrap", 100, "--json", out, *told)
    assert (made.code, made.err) == (0, "")
    assert "Warning: the data has no marker items" in made.out
    assert "\\caption{Hypothesen und Ergebnisse}" in (tmp_path / "tables.tex").read_text("utf-8")
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
    made = run_stored(
        "report", "--journey", "account", "--study", "--bootstrap", 100, "--out", out,
        "--tables", tmp_path / "study.tex", "--figures", tmp_path,
    )  # fmt: skip
    assert (made.code, made.err) == (0, "")
    assert "\\caption{Hypotheses and Results}" in (tmp_path / "study.tex").read_text()
    assert len(list(tmp_path.glob("figure-0[1-4]-*.png"))) == 4
    assert "Journey quality, service quality" in PdfReader(out).pages[0].extract_text()


def test_the_command_writes_a_report_in_the_language_asked_for(
    run_stored, store: Store, tmp_path: Path
):
    with store.writing() as session:
        make_study(session, people(40))
    out, told = tmp_path / "johto.pdf", ("report", "--journey", "account", "--executive")
    made = run_stored(*told, "--report-language", "fi", "--out", out)
    assert (made.code, made.err) == (0, "")
    reader = PdfReader(out)
    assert reader.trailer["/Root"]["/Lang"] == "fi"
    assert "Käännösluonnos" in reader.pages[0].extract_text()
    refused = run_stored(*told, "--report-language", "et", "--out", out)
    assert refused.code == 2 and "'et' is not one of" in refused.err


def test_two_reports_at_once_are_refused(run_stored, tmp_path: Path):
    made = run_stored(
        "report", "--journey", "x", "--study", "--validate", "sjq", "--out", tmp_path / "x.pdf"
    )
    assert (made.code, made.out) == (2, "")
    assert "--executive, --partner, --validate and --study are different reports" in made.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--every-segment", "--out", "x.pdf"), "one --out that ends in .zip"),
        (("--every-segment", "--out", "x.zip", "--figures", "."), "has no --tables and --figures"),
        (("--also", "docx", "--out", "x.pdf"), "--also is of --every-segment"),
        (("--out", "x.zip"), "has the ending '.zip'"),
    ],
)
def test_a_zip_of_segments_goes_with_nothing_else(run_stored, options, said: str):
    made = run_stored("report", "--journey", "x", *options)
    assert (made.code, made.out) == (2, "") and said in made.err


@pytest.mark.parametrize(
    "command",
    [
        ("study", "answers.csv"),
        ("validate", "answers.csv", "--instrument", "sjq"),
        ("report", "--journey", "account", "--out", "report.pdf"),
    ],
)
def test_places_that_cannot_take_tables_or_figures_are_refused_at_once(
    run, tmp_path: Path, command: tuple[str, ...]
):
    file = tmp_path / "file"
    file.write_text("mine")
    for option, place, says in (
        ("--tables", tmp_path / "out.pdf", "name a .docx or .tex file, or a folder for CSV files"),
        ("--tables", file, "is a file; name a folder"),
        ("--figures", file, "is a file; name a folder"),
    ):
        made = run(*command, option, place)
        assert made.code == 2
        assert says in made.err and str(place) in made.err and made.err.count("\n") == 1
    assert file.read_text() == "mine"
