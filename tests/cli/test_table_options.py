"""Every command reads every kind of file by one rule, and asks where a file has two readings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.data_sets import simulated
from tests.tables.writers import WRITERS, csv_bytes, xlsx_bytes

MODEL = "A =~ a1 + a2 + a3 + a4"
PATHS = "A =~ a1 + a2\nB =~ a3 + a4\nB ~ A"


@pytest.fixture
def rows() -> list[list[object]]:
    data = simulated(200, model={"A": ("a1", "a2", "a3", "a4")}, loadings={"A": (0.8,) * 4}, seed=7)
    segments = ["NA" if k % 2 else "EU" for k in range(len(data))]
    body = [[*map(int, row), seg] for row, seg in zip(data.to_numpy(), segments, strict=True)]
    return [[*map(str, data.columns), "seg"], *body]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "sav", "dta", "parquet"])
def test_a_group_called_na_is_a_group_in_every_kind_of_file(run, tmp_path: Path, rows, kind: str):
    path = tmp_path / f"x.{kind}"
    path.write_bytes(WRITERS[kind](rows))
    ran = run("invariance", path, "--model", MODEL, "--group", "seg")
    assert (ran.code, "Groups of seg: EU, NA" in ran.out) == (0, True), ran.err
    assert "Note: Read as " in ran.out


@pytest.mark.parametrize(
    ("command", "model"),
    [("sem", MODEL), ("validate", MODEL), ("invariance", MODEL), ("pls", PATHS)],
)
def test_a_missing_code_stops_until_it_is_named_or_said_to_be_a_value(
    run, tmp_path: Path, rows, command: str, model: str
):
    holes = [(3, 0), (5, 1), (9, 1)]
    coded, blank = ([list(row) for row in rows] for _ in range(2))
    for row, column in holes:
        coded[row][column], blank[row][column] = -99, ""
    path = tmp_path / "coded.csv"
    path.write_bytes(csv_bytes(coded))
    options = ["--model", model, *(["--group", "seg"] if command == "invariance" else [])]
    stopped = run(command, path, *options)
    assert stopped.code == 2
    assert (
        "a1, a2: -99 looks like a missing code: 3 cells, first in A4; pass --missing -99 or --values-ok"
        in stopped.err
    )
    assert run(command, path, *options, "--values-ok").code in {0, 2}
    named = run(command, path, *options, "--missing", "-99", "--json", tmp_path / "named.json")
    assert named.code == 0, named.err
    assert "Note: Taken as missing, -99: a1: 1, a2: 2." in named.out
    (tmp_path / "blank.csv").write_bytes(csv_bytes(blank))
    run(command, tmp_path / "blank.csv", *options, "--json", tmp_path / "blank.json")
    documents = [json.loads((tmp_path / f"{n}.json").read_text()) for n in ("named", "blank")]
    assert documents[0] == documents[1]


def test_treatment_and_codes_may_both_be_given(run, tmp_path: Path, rows):
    rows[3][0] = -99
    path = tmp_path / "x.csv"
    path.write_bytes(csv_bytes(rows))
    ran = run("sem", path, "--model", MODEL, "--missing", "fiml", "--missing", "-99,.")
    assert (ran.code, "ML, n = 200" in ran.out) == (0, True), ran.err
    both = run("sem", path, "--model", MODEL, "--missing", "fiml", "--missing", "listwise")
    assert (both.code, "name one treatment" in both.err) == (2, True)


def test_a_model_finds_the_columns_of_our_own_export(run, tmp_path: Path, rows):
    rows[0] = ["sjq.a1", "sjq.a2", "sjq.A3", "A4", "seg"]
    path = tmp_path / "x.csv"
    path.write_bytes(csv_bytes(rows))
    ran = run("sem", path, "--model", MODEL)
    assert (ran.code, "A =~ a4" in ran.out) == (0, True), ran.err


def test_score_and_validate_refuse_the_same_answers(run, tmp_path: Path):
    path = tmp_path / "x.csv"
    path.write_text("id,per3,per4,per5\na,7,6,5\nb,-99,5,4\n")
    for command in ("score", "validate"):
        ran = run(command, path, "--instrument", "sjq")
        assert ran.code == 2
        assert "per3: -99 in B3 is outside 1 to 7 (1 such cell)" in ran.err
        assert "pass --missing -99" in ran.err


def test_two_columns_of_one_name_are_refused_by_every_command(run, tmp_path: Path):
    path = tmp_path / "d.csv"
    path.write_text("id,nps,nps\n0,3,7\n1,9,1\n")
    for arguments in (("score", path, "--instrument", "nps"), ("sem", path, "--model", "f =~ nps")):
        ran = run(*arguments)
        assert (ran.code, "Two columns are named nps" in ran.err) == (2, True)


def test_separators_in_quoted_headings_separate_nothing(run, tmp_path: Path):
    path = tmp_path / "qh.csv"
    text = 'id;"Would you, all in all, honestly, tell us, please?";nps\n'
    path.write_text(text + "".join(f'{k};"a, b";{k % 11}\n' for k in range(40)))
    ran = run("score", path, "--instrument", "nps")
    assert (ran.code, "nps 1: 40 rows" in ran.out) == (0, True)


def test_a_sheet_a_delimiter_a_decimal_sign_and_an_encoding_may_be_named(run, tmp_path: Path):
    (tmp_path / "x.xlsx").write_bytes(
        xlsx_bytes([["nps"], [9]], "March", April=[["nps"], [3], [4]])
    )
    asked = run("score", tmp_path / "x.xlsx", "--instrument", "nps")
    assert (asked.code, "choose the sheet (--sheet)" in asked.err) == (2, True)
    ran = run("score", tmp_path / "x.xlsx", "--instrument", "nps", "--sheet", "April")
    assert "nps 1: 2 rows" in ran.out
    (tmp_path / "y.csv").write_bytes("nps;ort;x\n9;Łódź;1,234\n".encode("cp1250"))
    options = ["--delimiter", "semicolon", "--decimal", "comma", "--encoding", "Windows-1250"]
    ran = run("score", tmp_path / "y.csv", "--instrument", "nps", *options)
    assert "Note: Read as CP1250, separated by semicolon, decimal comma." in ran.out
    wrong = run("score", tmp_path / "y.csv", "--instrument", "nps", "--decimal", "dot")
    assert (wrong.code, "use point or comma" in wrong.err) == (2, True)
