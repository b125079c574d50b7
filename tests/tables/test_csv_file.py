"""CSV files are read as people and programs write them; nothing in them is guessed or dropped in silence."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.errors import Invalid
from surveyapp.tables.csv_file import open_csv
from surveyapp.tables.options import ReadOptions
from surveyapp.tables.table import refuse_unclear


def rows(data: bytes) -> list[list[str]]:
    return [row.cells for row in open_csv(BytesIO(data)).rows]


@pytest.mark.parametrize(
    ("encoding", "said", "text"),
    [
        ("utf-8", "UTF-8", "Köln 5 € „zu hoch“ Žižek 顧客"),
        ("utf-8-sig", "UTF-8", "Köln 5 € „zu hoch“ Žižek 顧客"),
        ("utf-16", "UTF-16", "Köln 5 € „zu hoch“ Žižek 顧客"),
        ("cp1252", "Windows-1252", "Gebühr 50 € zu hoch – „Wucher“ – 5‰ … Œuvre, Žižek"),
        ("latin-1", "Latin-1", "Köln, Ærø, à côté"),
    ],
)
def test_every_letter_of_every_usual_encoding_arrives(encoding: str, said: str, text: str):
    table = open_csv(BytesIO(f"nps;reason\r\n9;{text}\r\n".encode(encoding)))
    assert (table.headings, table.encoding, table.separator) == (
        ("nps", "reason"),
        said,
        "semicolon",
    )
    assert [row.cells for row in table.rows] == [["9", text]]


def test_an_encoding_is_told_from_the_last_byte_too():
    data = b"nps,reason\n" + b"9,well\n" * 400_000 + "8,fünf €\n".encode("cp1252")
    table = open_csv(BytesIO(data))
    assert table.encoding == "Windows-1252"
    assert [row.cells for row in table.rows][-1] == ["8", "fünf €"]


def test_a_byte_of_no_encoding_is_refused_with_its_place():
    with pytest.raises(Invalid, match=r"byte 13 is 0x81.*save it as CSV UTF-8"):
        open_csv(BytesIO(b"nps,reason\n9,\x81\xfc\n"))


@pytest.mark.parametrize("data", [b"a\n\x00b\n", b"", b"\n\n"])
def test_what_is_no_csv_is_refused(data: bytes):
    with pytest.raises(Invalid):
        open_csv(BytesIO(data))


@pytest.mark.parametrize(
    ("head", "headings", "separator"),
    [
        ("a,b;c,d\n", ("a", "b;c", "d"), "comma"),
        ('"customer_ref;region;city",nps\n', ("customer_ref;region;city", "nps"), "comma"),
        ('"How likely,\nreally?";nps\n', ("How likely, really?", "nps"), "semicolon"),
        ("sep=;\na,b;c\n", ("a,b", "c"), "semicolon"),
        ("sep=\t\na,b\tc\n", ("a,b", "c"), "tab"),
        ("a\tb\n", ("a", "b"), "tab"),
        ("nps\n", ("nps",), "comma"),
    ],
)
def test_the_separator_is_found_outside_quotes(
    head: str, headings: tuple[str, ...], separator: str
):
    table = open_csv(BytesIO(head.encode()))
    assert (table.headings, table.separator) == (headings, separator)


def test_a_separator_that_is_none_is_refused():
    with pytest.raises(Invalid, match=r"names the separator '\|'"):
        open_csv(BytesIO(b"sep=|\na|b\n"))


def test_rows_that_end_early_have_empty_cells_and_empty_columns_at_the_end_are_none():
    assert rows(b"nps,reason,region,,\n9\n8,good,,,\n7,,North,,\n") == [
        ["9", "", ""],
        ["8", "good", ""],
        ["7", "", "North"],
    ]


def test_a_value_below_no_heading_is_a_fault_of_its_row_only():
    read = list(open_csv(BytesIO(b"nps,region,\n9,North,\n8,South,x\n\n7,East\n")).rows)
    assert [row.cells for row in read] == [["9", "North"], [], ["7", "East"]]
    assert (read[1].number, read[1].fault) == (
        3,
        "The row has 3 cells, but the header row names 2 columns.",
    )
    assert read[1].cure == "Quote cells that contain the separator."
    assert read[2].number == 5


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        (["nps", "", "csat"], "Column B has no heading"),
        (["nps", "csat", "NPS"], r"named NPS \(column A and column C\)"),
    ],
)
def test_unclear_headings_are_refused_by_their_place(headings: list[str], words: str):
    with pytest.raises(Invalid, match=words):
        refuse_unclear(headings)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=("Cs",)),
    max_size=8,
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6), st.sampled_from(",;\t"))
def test_what_is_written_comes_back(written: list[tuple[str, str, str]], separator: str):
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in written]
    text = "\n".join(separator.join(row) for row in [["a", "b", "c"], *quoted]) + "\n"
    kept = [list(row) for row in written if any(cell.strip() for cell in row)]
    assert rows(text.encode("utf-8-sig")) == kept


def test_a_blank_line_is_a_row_that_a_spreadsheet_shows_and_a_line_break_in_a_cell_is_none():
    table = open_csv(BytesIO(b'nps,reason\n9,"two\nlines"\n\n8,x,y\n'))
    assert [(row.number, row.cells) for row in table.rows] == [(2, ["9", "two\nlines"]), (4, [])]
    assert table.place(4, 27) == "AB4"


@pytest.mark.parametrize("line", [b'"9, never closed\n8,x\n', b'9,"a" and "b"\n'])
def test_quotes_that_do_not_fit_are_a_fault_of_the_row_and_never_guessed(line: bytes):
    read = list(open_csv(BytesIO(b"nps,reason\n" + line)).rows)
    assert read[0].number == 2
    assert "Close each quotation mark" in read[0].cure


def test_two_separators_as_likely_are_settled_by_the_rows_or_asked_for():
    assert open_csv(BytesIO(b"id;nps,nps_reason\n1;9\n2;8\n")).separator == "semicolon"
    assert open_csv(BytesIO(b"id,nps;nps_reason\n1,9\n2,8\n")).separator == "comma"
    unclear = b"id;nps,nps_reason\n"
    with pytest.raises(Invalid, match="separated by comma and semicolon; choose") as refused:
        open_csv(BytesIO(unclear))
    assert refused.value.field == "delimiter"
    chosen = open_csv(BytesIO(unclear), ReadOptions(delimiter=";"))
    assert chosen.headings == ("id", "nps,nps_reason")


def test_the_first_column_may_lack_a_heading_as_r_writes_it():
    table = open_csv(BytesIO(b'"","nps"\n"1",9\n"2",8\n'))
    refuse_unclear(table.headings)
    assert table.headings == ("", "nps")
