"""Files that a spreadsheet opens: what is in a cell is shown, never run."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.exports.cells import csv_chunks, safe
from surveyapp.exports.links import customers_in
from surveyapp.exports.qr import qr_file
from surveyapp.tables.guard import guarded, unguarded
from surveyapp.tables.options import OPTION_FIELDS


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-3", "'-3"),
        (-3, -3),
        (-0.5, -0.5),
        (True, "true"),
        (None, ""),
        ("plain - text", "plain - text"),
    ],
)
def test_texts_that_would_be_formulas_get_an_apostrophe_and_numbers_stay(value, cell):
    assert safe(value) == cell


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=20))
def test_what_is_written_is_read_back_and_begins_no_formula(rows: list[list[str]]):
    text = "".join(csv_chunks(rows)).removeprefix("\ufeff")
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not [c for row in read for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_long_table_comes_in_pieces():
    pieces = list(csv_chunks([i, "x"] for i in range(1200)))
    assert len(pieces) == 3
    assert pieces[0].startswith("\ufeff0,x")
    assert sum(piece.count("\n") for piece in pieces) == 1200


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_of_customers_is_read_whatever_separates_it(separator: str, encoding: str):
    lines = [["customer_ref", "Région", "tenure"], ["0007", "Île", "3"], ["8", "", "2.5"]]
    data = "\r\n".join(separator.join(line) for line in lines).encode(encoding)
    assert customers_in(data) == [
        {"customer_ref": "0007", "attributes": {"Région": "Île", "tenure": 3}, "place": "Row 2"},
        {"customer_ref": "8", "attributes": {"Région": "", "tenure": 2.5}, "place": "Row 3"},
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_an_error_for_people(data: bytes):
    try:
        customers_in(data)
    except Invalid as error:
        assert error.field in {"customers", *OPTION_FIELDS}


def test_qr_codes_are_pictures_of_both_kinds():
    drawn = qr_file("http://localhost/s/abc", "svg", title="Link to <A>")
    assert b"<title>Link to &lt;A&gt;</title>" in drawn
    assert qr_file("http://localhost/s/abc", "png", title="").startswith(b"\x89PNG\r\n")


@given(st.text())
def test_the_guard_of_formulas_is_undone_exactly(text: str):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'", "'quoted'", "O'Brien", "-", ""])
def test_texts_with_apostrophes_are_told_apart(text: str):
    assert unguarded(guarded(text)) == text
