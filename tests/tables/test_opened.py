"""Every kind of file holds the same table, is known by its content and says how it was read."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import pytest

from surveyapp.errors import Invalid
from surveyapp.tables.opened import open_table
from surveyapp.tables.options import ReadOptions, read_options
from surveyapp.tables.table import DataTable, column_letters
from tests.tables.writers import WRITERS, csv_bytes, labelled_bytes, parquet_bytes, xlsx_bytes

MOMENT = datetime.fromisoformat("2026-03-29 14:05")
ROWS = [["ID", "NPS", "REASON", "WEIGHT"], ["a1", 9, "North", 1.5], ["a2", 3, "", 0.25]]


def opened(data: bytes, name: str = "", **options: str) -> DataTable:
    return open_table(BytesIO(data), name, read_options(**options))


def cells(table: DataTable) -> list[list[str]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("kind", WRITERS)
def test_every_kind_of_file_holds_the_same_table_whatever_its_name(kind: str):
    table = opened(WRITERS[kind](ROWS), "answers.csv")
    assert table.headings == ("ID", "NPS", "REASON", "WEIGHT")
    found = [["a1", "9", "North", "1.5"], ["a2", "3", "", "0.25"]]
    assert cells(table) == found
    assert cells(table) == found  # a second reading begins anew


@pytest.mark.parametrize(
    ("kind", "said", "place"),
    [
        ("csv", "Read as UTF-8, separated by comma.", "B3"),
        ("tsv", "Read as UTF-16, separated by tab.", "B3"),
        ("xlsx", "Read as workbook, sheet Answers.", "B3"),
        ("ods", "Read as workbook, sheet Answers.", "B3"),
        ("sav", "Read as SPSS.", "case 2, NPS"),
        ("dta", "Read as Stata.", "case 2, NPS"),
        ("parquet", "Read as Parquet.", "case 2, NPS"),
    ],
)
def test_a_table_says_how_it_was_read_and_where_a_cell_stands(kind: str, said: str, place: str):
    table = opened(WRITERS[kind](ROWS))
    last = list(table.rows)[-1]
    assert (table.said(), table.place(last.number, 1)) == (said, place)


@pytest.mark.parametrize(
    ("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_have_the_letters_of_a_spreadsheet(column: int, letters: str):
    assert column_letters(column) == letters


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04rest of a workbook", "looks like a workbook but cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "looks like a workbook but cannot be read"),
        (b"PAR1 and nothing else", "cannot be read as Parquet"),
        (b"$FL2 and nothing else", "cannot be read as SPSS data"),
        (b"<stata_dta> and nothing else", "cannot be read as Stata data"),
    ],
)
def test_a_broken_file_is_refused_in_words(data: bytes, words: str):
    with pytest.raises(Invalid, match=words):
        opened(data)


def test_codes_of_spss_keep_their_labels_and_its_user_missing_values_beside_them():
    rows = [["q1", "seg"], [1, 1], [99, 2], [None, 1], [7, 2]]
    labels = {"q1": {1: "low", 99: "Refused"}, "seg": {1: "EU", 2: "NA"}}
    data = labelled_bytes(
        rows,
        "sav",
        variable_value_labels=labels,
        missing_ranges={"q1": [{"lo": 90, "hi": 99}]},
        column_labels={"q1": "How was it?"},
    )
    table = opened(data)
    assert cells(table) == [["1", "1"], ["99", "2"], ["", "1"], ["7", "2"]]
    assert table.value_labels[1] == {"1": "EU", "2": "NA"}
    assert "99" in table.user_missing[0] and "7" not in table.user_missing[0]
    assert table.texts[0] == "How was it?"


def test_letters_of_stata_are_its_missing_values_and_not_texts():
    rows = [["q1", "t"], [1, "a"], ["a", "a"], [None, "b"]]
    data = labelled_bytes(
        rows,
        "dta",
        missing_user_values={"q1": ["a"]},
        variable_value_labels={"q1": {1: "low", "a": "Refused"}},
    )
    table = opened(data)
    assert cells(table)[1] == [".a", "a"]
    assert ".a" in table.user_missing[0] and 1 not in table.user_missing
    assert table.value_labels[0][".a"] == "Refused"


def test_parquet_says_lists_times_and_truths_as_every_reader_understands_them():
    rows = [["ticks", "at", "ok"], [["a", "b"], MOMENT, True]]
    assert cells(opened(parquet_bytes(rows))) == [["a; b", "2026-03-29 14:05:00", "true"]]


def test_a_workbook_s_dates_and_numbers_are_what_they_are_and_rows_are_numbered_as_shown():
    rows = [
        [],
        ["id", "nps", "when", "ok", "code"],
        ["007", 9.0, MOMENT, True, "46110,5951"],
        [],
        ["x", 0.1, None, False, 3.25],
    ]
    table = opened(xlsx_bytes(rows))
    assert [(row.number, row.cells) for row in table.rows] == [
        (3, ["007", "9", "2026-03-29 14:05:00", "true", "46110,5951"]),
        (5, ["x", "0.1", "", "false", "3.25"]),
    ]


def test_a_workbook_whose_cells_begin_below_and_right_of_a1_keeps_its_letters():
    table = opened(xlsx_bytes([[], [None, "id", "nps"], [None, "a", 9]]))
    assert table.headings == ("", "id", "nps")
    (row,) = table.rows
    assert (table.place(row.number, 2), row.cells) == ("C3", ["", "a", "9"])


def test_cells_of_error_are_told():
    table = opened(xlsx_bytes([["id", "nps"], ["a", "=1/0"], ["b", 3]]))
    assert cells(table) == [["a", ""], ["b", "3"]]
    assert table.notes == (
        "Error cells such as #DIV/0! and #N/A in the workbook: 1; they count as empty.",
    )


def test_a_sheet_is_asked_for_where_several_have_cells():
    data = xlsx_bytes([["nps"], [9]], "March", April=[["nps"], [3]], Empty=[])
    with pytest.raises(Invalid, match=r"2 sheets: March, April; choose the sheet") as refused:
        opened(data)
    assert refused.value.field == "sheet"
    assert cells(opened(data, sheet="april")) == [["3"]]
    with pytest.raises(Invalid, match="no sheet 'May'; it has March, April, Empty"):
        opened(data, sheet="May")
    assert cells(opened(xlsx_bytes([["nps"], [9]], "March", Empty=[]))) == [["9"]]


def test_a_workbook_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("surveyapp.tables.workbook._LARGEST", 1000)
    with pytest.raises(Invalid, match="at most 1,000 are read"):
        opened(xlsx_bytes(ROWS))


@pytest.mark.parametrize(
    ("name", "text"), [("cp1250", "Łódź, Žižek"), ("cp1251", "Москва"), ("utf-16-le", "顧客")]
)
def test_an_encoding_may_be_named(name: str, text: str):
    assert cells(opened(csv_bytes([["nps", "t"], [9, text]], encoding=name), encoding=name)) == [
        ["9", text]
    ]


@pytest.mark.parametrize(
    ("options", "field", "words"),
    [
        ({"encoding": "klingon"}, "encoding", "no encoding that is known"),
        ({"encoding": "ascii"}, "file", "is not ASCII"),
        ({"delimiter": "x"}, "delimiter", "use comma, semicolon, tab"),
        ({"decimal": "x"}, "decimal", "use point or comma"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_at_its_field(
    options: dict[str, str], field: str, words: str
):
    with pytest.raises(Invalid, match=words) as refused:
        opened("nps\nKöln\n".encode(), **options)
    assert refused.value.field == field


def test_options_come_back_from_a_job_as_they_went():
    options = read_options(sheet="A", delimiter="tab", decimal="comma", missing="-99,., NULL,")
    assert options.missing == ("-99", ".", "NULL")
    assert ReadOptions.from_json(options.to_json()) == options
