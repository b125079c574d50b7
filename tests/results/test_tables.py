"""Files as frames: numbers are numbers, texts stay as they are, and what is missing is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.results.analyses.lonely_values import lonely_codes
from surveyapp.results.analyses.tables import AnswerFile, item_columns, read_table
from surveyapp.tables.options import read_options
from tests.tables.writers import WRITERS, labelled_bytes


def reading(folder: Path, data: str | bytes, **options: str) -> AnswerFile:
    path = folder / "answers.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_table(path, read_options(**options))


def test_decimal_commas_as_write_csv2_makes_them(tmp_path: Path):
    text = '"id";"school";"x1";"x2"\n1;"Pasteur";3,3333333;7,75\n2;"Grant-White";5;0,375\n'
    answers = reading(tmp_path, text)
    assert answers.frame["x1"].tolist() == [3.3333333, 5.0]
    assert answers.frame["x2"].tolist() == [7.75, 0.375]
    assert answers.notes == ("Read as UTF-8, separated by semicolon, decimal comma.",)
    with pytest.raises(Invalid, match=r"x1 has decimal points .* x2 has decimal commas"):
        reading(tmp_path, "x1;x2\n3.3;7,75\n")
    chosen = reading(tmp_path, "x1;x2\n3.3;7,75\n", decimal="point").frame
    assert (chosen["x1"].tolist(), chosen["x2"].tolist()) == ([3.3], ["7,75"])


def test_na_is_a_text_among_texts_and_missing_and_counted_among_numbers(tmp_path: Path):
    text = "seg,q1,q2\nNA,5,NA\nEU,NA,3\nnull,4,\nNone,2,1\n,1,N/A\n"
    answers = reading(tmp_path, text)
    assert answers.frame["seg"].tolist()[:4] == ["NA", "EU", "null", "None"]
    assert answers.frame["seg"].isna().tolist() == [False] * 4 + [True]
    assert answers.frame["q1"].isna().tolist() == [False, True, False, False, False]
    assert answers.notes[1:] == (
        "Taken as missing, NA: q1: 1, q2: 1.",
        "Taken as missing, N/A: q2: 1.",
    )


def test_named_codes_are_missing_everywhere_and_counted(tmp_path: Path):
    answers = reading(tmp_path, "q1,q2,t\n-99,5,.\n3,-99.0,x\n4,1,-99\n", missing="-99,.,NULL")
    assert answers.frame["q1"].isna().tolist() == [True, False, False]
    assert answers.frame["q2"].isna().tolist() == [False, True, False]
    assert answers.frame["t"].isna().tolist() == [True, False, True]
    assert "Taken as missing, -99: q1: 1, t: 1." in answers.notes


def test_user_missing_values_are_told_apart_from_empty_cells(tmp_path: Path):
    path = tmp_path / "x.sav"
    path.write_bytes(
        labelled_bytes(
            [["q1", "q2"], [1, 98], [99, 2], [None, 3]],
            "sav",
            missing_ranges={"q1": [99], "q2": [{"lo": 97, "hi": 99}]},
            variable_value_labels={"q1": {99: "Refused"}},
        )
    )
    answers = read_table(path)
    assert answers.frame["q1"].isna().tolist() == [False, True, True]
    assert answers.notes == (
        "Read as SPSS.",
        "Taken as missing, 99 (Refused): q1: 1.",
        "Taken as missing, 98: q2: 1.",
    )


def test_zeros_before_a_number_and_truths_stay_what_they_are(tmp_path: Path):
    frame = reading(tmp_path, "zip,ok,n\n00100,TRUE,1\n02150,false,2\n").frame
    assert frame["zip"].tolist() == ["00100", "02150"]
    assert (frame["ok"].tolist(), frame["n"].dtype) == ([True, False], np.int64)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("q1,q2,q2\n1,2,3\n", r"Two columns are named q2 \(column B and column C\)"),
        ("q1,Q1\n1,2\n", "Two columns are named Q1"),
        ("q1,,q2\n1,2,3\n", "Column B has no heading"),
        ("q1,q2\n1,2\n1,2,3\n", "row 3: The row has 3 cells, but the header row names 2"),
        ("q1,q2\n", "has a header but no rows"),
    ],
)
def test_a_file_that_is_unclear_is_refused_with_the_place(tmp_path: Path, text: str, words: str):
    with pytest.raises(Invalid, match=words):
        reading(tmp_path, text)


def test_r_s_names_of_rows_are_a_column_of_their_own(tmp_path: Path):
    assert reading(tmp_path, '"","q1"\n"1",5\n').frame.columns.tolist() == ["column 1", "q1"]


def test_a_name_means_one_column_whatever_its_capitals_and_the_instrument_before_it(tmp_path: Path):
    answers = reading(tmp_path, "sjq.per3,PER4,per5,nps.x,csat.x\n1,2,3,4,5\n")
    named = answers.named(["per3", "per4", "sjq.per5", "nowhere"])
    assert named.frame.columns.tolist()[:3] == ["per3", "per4", "sjq.per5"]
    assert named.cell("per4", 0) == "B2"
    with pytest.raises(Invalid, match=r"x may be nps\.x or csat\.x; name the column whole"):
        answers.named(["x"])


def test_items_are_found_once_and_within_their_range(tmp_path: Path):
    nps = BUILT_IN.load("nps")
    assert item_columns(reading(tmp_path, "NPS.nps\n9\n0\n"), nps, ["nps"])["nps"].tolist() == [
        9,
        0,
    ]
    with pytest.raises(Invalid, match=r"two columns hold nps: nps and NPS\.nps; keep one"):
        item_columns(reading(tmp_path, "nps,NPS.nps\n9,1\n"), nps, ["nps"])
    with pytest.raises(
        Invalid, match=r"nps: 99 in B4 is outside 0 to 10 \(2 such cells\); .*--missing 99"
    ):
        item_columns(reading(tmp_path, "a,nps\nx,9\ny,10\nz,99\nz,-1\n"), nps, ["nps"])
    read = reading(tmp_path, "a,nps\nx,9\nz,99\n", missing="99")
    assert item_columns(read, nps, ["nps"])["nps"].isna().tolist() == [False, True]


@pytest.mark.parametrize("kind", [kind for kind in WRITERS if kind != "tsv"])
def test_every_kind_of_file_gives_the_same_frame(tmp_path: Path, kind: str):
    path = tmp_path / f"x.{kind}"
    path.write_bytes(WRITERS[kind]([["Q1", "Q2", "SEG"], [5, 2.5, "NA"], [4, 3.0, "EU"]]))
    expected = pd.DataFrame({"Q1": [5, 4], "Q2": [2.5, 3.0], "SEG": ["NA", "EU"]})
    pd.testing.assert_frame_equal(read_table(path).frame, expected)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([1, 7, 4, -99], [-99]),
        ([1, 7, 4, 99, 999], [99, 999]),
        ([1, 7, 4, -9], [-9]),
        ([0, 10, 5, -9], [-9]),
        ([1, 5, 3, -98, -99], [-99, -98]),
        ([18, 80, 45, 99], []),
        ([0, 50, 97, 98, 99], []),
        ([1, 7, 8, 9], []),
        ([-2.5, 0.3, 1.9], []),
        ([1.5, 2.5, 99.5], []),
        ([-9, -5, 0, 4], []),
        ([99, 99], []),
        ([1, 2, 55], []),
    ],
)
def test_a_value_looks_like_a_missing_code_when_it_is_written_as_one_and_lies_alone(
    values: list[float], codes: list[int]
):
    assert lonely_codes(np.array([*values, np.nan], dtype=float)) == codes


def test_our_own_stata_export_names_items_without_a_point(tmp_path: Path):
    answers = reading(tmp_path, "response,response_id,sjq_per3,total_per3x\n1,a,2,3\n")
    assert list(answers.named(["per3"]).frame.columns)[2] == "per3"
    other = reading(tmp_path, "id,sjq_per3\n1,2\n")
    assert list(other.named(["per3"]).frame.columns)[1] == "sjq_per3"  # may be anything


def test_an_instrument_s_own_codes_are_missing_in_its_items_only(tmp_path: Path):
    csat = replace(BUILT_IN.load("csat"), missing_codes=("-99",))
    path = tmp_path / "answers.csv"
    path.write_text("csat.csat,balance\n5,-99\n-99,2\n-99.0,3\n")
    answers = read_table(path, instruments=[csat])
    assert answers.frame["balance"].tolist() == [-99, 2, 3]
    assert item_columns(answers, csat, ["csat"])["csat"].isna().tolist() == [False, True, True]
    assert "Taken as missing, -99: csat.csat: 1." in answers.notes
    with pytest.raises(Invalid, match="-99 in A3 is outside"):
        item_columns(read_table(path), csat, ["csat"])
