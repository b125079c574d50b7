"""Files that a spreadsheet opens: what is in a cell is shown, never run."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.exports.cells import CsvText, csv_chunks, safe
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
    assert [[unguarded(cell) for cell in row] for row in read] == rows
    assert not [c for row in read for c in row if c.startswith(("=", "+", "-", "@", "\t", "\r"))]


CELLS = st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), st.text(max_size=6))


@settings(deadline=None)
@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[CELLS] * width), max_size=8)))
def test_rows_stand_as_the_librarys_writer_has_them(rows: list[tuple[object, ...]]):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([safe(cell) for cell in row] for row in rows)
    columns = list(zip(*rows, strict=True))
    assert CsvText().of(columns).removeprefix("\ufeff") == text.getvalue()


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


SIGNS = st.text(alphabet="=+-@;\t\n\r'\"x ,", max_size=12)


@given(SIGNS)
def test_no_program_finds_a_formula_wherever_it_splits(text: str):
    """At semicolons, tabs and line ends, within quotes or not; quotes are taken off, or doubled."""
    assert unguarded(guarded(text)) == text
    written = "".join(csv_chunks([[text, "end"]])).removeprefix("\ufeff")
    for cell in re.split("[;\t\r\n]", written):
        assert not cell.lstrip('"').startswith(("=", "+", "-", "@")), written


def test_a_cell_with_a_formula_behind_a_semicolon_is_guarded():
    assert guarded("x;=cmd()") == "x;'=cmd()"
    assert guarded("good; - but slow; see 3;4") == "good; - but slow; see 3;4"
    assert guarded("a\n-b") == "a\n'-b"


def test_twice_the_headings_are_twice_the_work():
    """20,000 columns took minutes: the time for each heading grew with their number."""

    def seconds(columns: int) -> float:
        heads, cells = (f"column {n}" for n in range(columns)), ["1"] * columns
        data = f"customer_ref,{','.join(heads)}\na,{','.join(cells)}\n".encode()
        begun = time.process_time()
        assert len(customers_in(data)[0]["attributes"]) == columns
        return time.process_time() - begun

    few, many = min(seconds(1_000) for _ in range(3)), min(seconds(8_000) for _ in range(2))
    assert many / few < 24, "8 times the headings"  # 64 if it were quadratic


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'", "'quoted'", "O'Brien", "-", ""])
def test_texts_with_apostrophes_are_told_apart(text: str):
    assert unguarded(guarded(text)) == text
