"""Every format holds every response, cell for cell, with what each column means."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from python_calamine import CalamineWorkbook

from instruments.loader import BUILT_IN
from instruments.schema import ItemKind
from surveyapp.errors import Invalid
from surveyapp.exports.chosen import Chosen
from surveyapp.exports.formats.registry import FORMATS, format_of
from surveyapp.exports.questions import NOT_APPLICABLE
from surveyapp.exports.responses import answers_table, responses_table
from surveyapp.exports.table import Table
from surveyapp.exports.variable import Kind, Variable
from surveyapp.responses.actions import Stored, submit
from surveyapp.results.scope import Scope
from surveyapp.store.db import Store
from surveyapp.store.models import Response, Segment, SurveyRow
from tests.responses.makers import (
    NOW,
    as_survey,
    make_journey,
    make_segment,
    make_survey,
    some_answers,
)

ASKS = ("sjq", "csat", "nps", "emotion", "effort-causes", "fcr")
ODD = (
    "=1+1",
    "-3 points",
    "a;=cmd",
    "two\nlines",
    '"quoted", and more',
    "Ääkkösiä, عربي, 🙂",
    "NA",
    "'quoted",
)
ATTRIBUTES = {"region": "North", "Région": "Île", "العمر": 41, "tenure_years": 2.5, "vip": True}


@pytest.fixture
def bank(store: Store) -> SurveyRow:
    """Eight responses at a touchpoint, with odd texts; to the third an item did not apply."""
    with store.writing() as session:
        made = make_survey(session, asks=ASKS, journey=make_journey(session), code="bank")
        asked = as_survey(session, made)
        for number, text in enumerate(ODD):
            answers = some_answers(number, ASKS)
            answers["nps"]["nps_reason"] = text
            answers["emotion"]["emotion"] = ("frustrated", "delighted")[number % 2]
            stored = submit(
                session,
                asked,
                answers,
                submission_key=str(number),
                attributes=ATTRIBUTES if number < 7 else {"region": 7},
                started_at=NOW - timedelta(seconds=75) if number % 2 else None,
                paradata={"way": "kiosk"} if number == 2 else {},
                now=NOW + timedelta(minutes=number),
                library=BUILT_IN,
            )
            assert isinstance(stored, Stored)
        third = session.query(Response).filter_by(submission_key="2").one()
        kept = {code: dict(given) for code, given in third.answers.items()}
        del kept["sjq"]["sea1"]
        third.answers = kept
        third.paradata = {**third.paradata, "not_applicable": ["sjq-sea1"]}
    return made


@pytest.fixture
def table(store: Store, bank: SurveyRow) -> Callable[..., tuple[Table, list[list[Any]]]]:
    """The table anew, and its rows in a list, to compare files with."""

    def make(make_table=responses_table, **options: Any) -> tuple[Table, list[list[Any]]]:
        with store.reading() as session:
            survey_id = options.pop("survey_id", None)
            scope = Scope(bank.journey_id, **options)
            wanted = Chosen(scope, survey_id, customers=True)
            rows = [list(row) for row in make_table(session, wanted, library=BUILT_IN).rows]
            again = make_table(session, wanted, library=BUILT_IN)
            return Table(again.variables, again.count, iter(list(again.rows)), again.notes), rows

    return make


def _column(made: Table, rows: list[list[Any]], name: str) -> list[Any]:
    place = made.headings.index(name)
    return [row[place] for row in rows]


def test_rows_say_where_who_how_and_what(table):
    made, rows = table()
    assert made.count == len(rows) == len(ODD)
    assert len(set(made.headings)) == len(made.headings)
    first = dict(zip(made.headings, rows[2], strict=True))
    assert [first[name] for name in ("journey", "stage", "touchpoint", "survey", "way")] == [
        *("account", "apply", "form", "bank", "kiosk"),
    ]
    assert _column(made, rows, "nps.nps_reason") == list(ODD)
    assert _column(made, rows, "seconds")[1] == 75 + 60
    assert _column(made, rows, "attribute.region")[-1] == "7"  # elsewhere it is a text
    assert _column(made, rows, "attribute.vip")[0] == "true"
    kinds = {each.name: each.kind for each in made.variables}
    assert kinds["attribute.العمر"] is Kind.INTEGER
    assert kinds["attribute.tenure_years"] is Kind.NUMBER


def test_without_the_right_no_column_joins_answers_of_one_customer(store: Store, bank: SurveyRow):
    with store.reading() as session:
        made = responses_table(session, Chosen(Scope(bank.journey_id)), library=BUILT_IN)
        long = answers_table(session, Chosen(Scope(bank.journey_id)), library=BUILT_IN)
    for headings in (made.headings, long.headings):
        assert not {"customer", "run", "run_started_at"} & set(headings)


def _moments(values: list[Any]) -> list[Any]:
    return [None if value is None else value.replace(tzinfo=None) for value in values]


def test_csv_and_json_lines_hold_every_cell(table, tmp_path: Path):
    made, rows = table()
    FORMATS["csv"].write(made, tmp_path / "r.csv")
    text = (tmp_path / "r.csv").read_bytes().decode("utf-8-sig")
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(read) == made.count
    assert [row["nps.nps_reason"] for row in read][:2] == ["'=1+1", "'-3 points"]
    assert [row["sjq.sea1"] for row in read][2] == ""  # no value that could be computed with
    made, _ = table()
    FORMATS["jsonl"].write(made, tmp_path / "r.jsonl")
    *lines, last = map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines())
    assert last == {"rows": len(lines)} == {"rows": made.count}
    assert [line["answers"]["nps"]["nps_reason"] for line in lines] == list(ODD)
    assert lines[0]["attributes"] == {**ATTRIBUTES, "vip": "true"}
    assert "sea1" not in lines[2]["answers"]["sjq"]
    assert lines[0]["scores"]["nps"] == _column(made, rows, "score.nps")[0]


def test_excel_holds_texts_as_texts_numbers_as_numbers_and_what_columns_mean(table, tmp_path: Path):
    made, rows = table()
    FORMATS["xlsx"].write(made, tmp_path / "r.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "r.xlsx"))
    assert book.sheet_names == ["Responses", "Variables", "Notes"]
    head, *read = book.get_sheet_by_name("Responses").to_python()
    assert head == made.headings
    for name in ("nps.nps_reason", "attribute.region", "nps.nps", "score.nps"):
        column = [row[head.index(name)] for row in read]
        assert column == _column(made, rows, name)
    times = [row[head.index("submitted_at")] for row in read]
    assert times == _moments(_column(made, rows, "submitted_at"))
    with zipfile.ZipFile(tmp_path / "r.xlsx") as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert 'state="frozen"' in sheet
    said = {row[0]: row for row in book.get_sheet_by_name("Variables").to_python()[1:]}
    assert said["nps.nps"][1].startswith("How likely are you")
    assert "0 = Not at all likely" in said["nps.nps"][4]


def test_parquet_holds_types_and_labels(table, tmp_path: Path):
    made, rows = table()
    FORMATS["parquet"].write(made, tmp_path / "r.parquet")
    read = pq.read_table(tmp_path / "r.parquet")
    assert (read.num_rows, read.column_names) == (made.count, made.headings)
    for variable in made.variables:
        expected = [
            None if value in variable.missing else value
            for value in _column(made, rows, variable.name)
        ]
        if variable.kind is Kind.MOMENT:
            expected = [v and v.replace(microsecond=v.microsecond // 1000 * 1000) for v in expected]
        assert read[variable.name].to_pylist() == expected, variable.name
    about = read.schema.field("nps.nps").metadata
    assert json.loads(about[b"labels"])["10"] == "Extremely likely"


def test_spss_holds_labels_measures_and_missing_values(table, tmp_path: Path):
    made, rows = table()
    notes = FORMATS["sav"].write(made, tmp_path / "r.sav")
    data, meta = pyreadstat.read_sav(tmp_path / "r.sav", user_missing=True)
    assert len(data) == made.count == meta.number_rows
    assert len(data.columns) == len(made.variables)
    assert list(data["nps.nps_reason"]) == list(ODD)
    assert data["sjq.sea1"][2] == NOT_APPLICABLE
    assert meta.missing_ranges["sjq.sea1"] == [{"lo": NOT_APPLICABLE, "hi": NOT_APPLICABLE}]
    assert meta.variable_value_labels["sjq.sea1"][NOT_APPLICABLE] == "Not applicable"
    assert meta.variable_value_labels["nps.nps"][10.0] == "Extremely likely"
    assert meta.variable_measure["sjq.sea1"] == "ordinal"
    assert meta.column_names_to_labels["nps.nps"].startswith("How likely are you")
    assert list(data["submitted_at"].dt.floor("s")) == [
        pd.Timestamp(each).floor("s") for each in _moments(_column(made, rows, "submitted_at"))
    ]
    arabic = made.headings.index("attribute.العمر")
    assert data.iloc[:, arabic].tolist()[:7] == [41.0] * 7
    assert any(f"attribute.العمر is called {data.columns[arabic]} here." in note for note in notes)
    said = " ".join(meta.notes)
    assert "attribute.العمر" in said
    plain, _ = pyreadstat.read_sav(tmp_path / "r.sav")  # as every analysis reads it
    assert pd.isna(plain["sjq.sea1"][2])


def test_stata_holds_labels_and_extended_missing_values(table, tmp_path: Path):
    made, _ = table()
    notes = FORMATS["dta"].write(made, tmp_path / "r.dta")
    data, meta = pyreadstat.read_dta(tmp_path / "r.dta", user_missing=True)
    assert len(data) == made.count
    assert list(data["nps_nps_reason"]) == list(ODD)
    assert data["sjq_sea1"][2] == "a"
    assert meta.variable_value_labels["sjq_sea1"]["a"] == "Not applicable"
    assert meta.variable_value_labels["nps_nps"][10] == "Extremely likely"
    assert all(len(name) <= 32 for name in data.columns)
    assert any("nps.nps is called nps_nps here." in note for note in notes)
    plain = pd.read_stata(tmp_path / "r.dta", convert_categoricals=False)  # another reader
    assert pd.isna(plain["sjq_sea1"][2])
    assert plain["nps_nps"].tolist() == data["nps_nps"].tolist()


def test_the_long_form_has_a_row_for_each_answer(table):
    made, rows = table(make_table=answers_table)
    wide, wide_rows = table()
    assert made.count == len(rows)
    numbers = [dict(zip(made.headings, row, strict=True)) for row in rows]
    given = [row for row in numbers if (row["instrument"], row["item"]) == ("nps", "nps")]
    assert [row["number"] for row in given] == _column(wide, wide_rows, "nps.nps")
    assert [row["text"] for row in numbers if row["item"] == "nps_reason"] == list(ODD)
    unasked = [row for row in numbers if row["missing"]]
    assert [(row["item"], row["missing"]) for row in unasked] == [("sea1", "not applicable")]


def test_only_what_was_chosen_is_exported(table, bank: SurveyRow, store: Store):
    with store.writing() as session:
        make_segment(session, "south", "region = 7")
        number = session.query(Segment.id).scalar()
        session.query(Response).filter_by(submission_key="3").one().submitted_at += timedelta(
            days=9
        )
    made, rows = table(segment_id=number)
    assert (made.count, _column(made, rows, "nps.nps_reason")) == (1, [ODD[7]])
    made, rows = table(since=date(2026, 4, 1))
    assert (made.count, _column(made, rows, "nps.nps_reason")) == (1, [ODD[3]])
    made, _ = table(since=date(2026, 3, 1), until=date(2026, 3, 1))
    assert made.count == len(ODD) - 1
    made, _ = table(make_table=answers_table, segment_id=number, since=date(2026, 4, 1))
    assert made.count == 0
    made, _ = table(survey_id=bank.id + 1)
    assert made.count == 0


@pytest.mark.parametrize("code", FORMATS)
def test_a_table_without_rows_is_written(table, tmp_path: Path, code: str):
    made, _ = table(survey_id=99)
    path = tmp_path / f"none{FORMATS[code].suffix}"
    FORMATS[code].write(made, path)
    assert path.stat().st_size > 0


@pytest.mark.parametrize("code", ["xlsx", "sav", "dta"])
def test_more_rows_than_a_format_holds_are_refused(tmp_path: Path, code: str):
    most = FORMATS[code].most
    assert most is not None
    many = Table([Variable("x", "X", Kind.INTEGER)], most + 1, iter(()))
    with pytest.raises(Invalid, match=f"hold {most:,} rows here, these are {most + 1:,}"):
        FORMATS[code].write(many, tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("code", "length"), [("xlsx", 32_768), ("dta", 2_046)])
def test_a_text_that_a_format_cannot_hold_is_refused_by_name(
    tmp_path: Path, code: str, length: int
):
    made = Table([Variable("nps.why", "Why", Kind.TEXT)], 1, iter([["x" * length]]))
    with pytest.raises(Invalid, match=r"nps\.why"):
        FORMATS[code].write(made, tmp_path / "x")


def test_a_format_is_named_or_follows_the_file():
    assert format_of(None, Path("a.SAV")) is FORMATS["sav"]
    assert format_of(None, Path("/dev/stdout")) is FORMATS["csv"]
    assert format_of("dta", Path("a.csv")) is FORMATS["dta"]
    with pytest.raises(Invalid, match="'pdf' is no export format; choose from csv, xlsx"):
        format_of("pdf", Path("a.pdf"))


def test_the_r_script_stands_beside_its_data(table, tmp_path: Path):
    made, rows = table()
    FORMATS["r"].write(made, tmp_path / "r.zip")
    with zipfile.ZipFile(tmp_path / "r.zip") as package:
        package.extractall(tmp_path)
    script = (tmp_path / "responses.R").read_text()
    data = (tmp_path / "responses.csv").read_text(encoding="utf-8-sig")
    assert next(csv.reader(io.StringIO(data, newline=""))) == made.headings
    for name in made.headings:
        assert f"responses[[{json.dumps(name, ensure_ascii=False)}]]" in script
    program = shutil.which("Rscript")
    if program is None:
        return  # the script's text is all that can be looked at here
    told = 'source("responses.R"); cat(nrow(responses), responses[["nps.nps"]], sep = " ");'
    told += 'cat("|", paste(responses[["nps.nps_reason"]], collapse = "|"));'
    told += 'cat("|", format(responses[["submitted_at"]][1], "%Y-%m-%d %H:%M:%S"), is.factor(responses[["emotion.emotion"]]))'
    ran = subprocess.run(
        [program, "-e", told], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    numbers = " ".join(str(value) for value in _column(made, rows, "nps.nps"))
    assert ran.stdout.startswith(f"{len(rows)} {numbers}")
    assert f"| {'|'.join(ODD)}" in ran.stdout
    assert ran.stdout.endswith(f"{NOW.astimezone(UTC):%Y-%m-%d %H:%M:%S} TRUE")
    assert datetime.now(UTC) > NOW


def test_each_choice_of_a_multiple_choice_has_a_column(table):
    made, rows = table()
    instrument = BUILT_IN.load("effort-causes")
    (item,) = [each for each in instrument.items if each.kind is ItemKind.MULTIPLE_CHOICE]
    name = f"effort-causes.{item.code}"
    columns = [each for each in made.variables if each.name.startswith(f"{name}.")]
    assert [each.name for each in columns] == [f"{name}.{choice}" for choice in item.choices]
    assert columns[0].labels == {0: "Not ticked", 1: "Ticked"}
    given = _column(made, rows, name)
    ticked = [_column(made, rows, each.name) for each in columns]
    assert any(given)
    for told, cells in zip(given, zip(*ticked, strict=True), strict=True):
        chosen = [choice for choice, cell in zip(item.choices, cells, strict=True) if cell]
        assert told == ("; ".join(chosen) or None)
        assert set(cells) <= ({0, 1} if told else {None})
