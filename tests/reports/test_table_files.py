"""Tables and figures of a document as files: every number, nothing hidden, every name whole."""

from __future__ import annotations

import csv
import io
import json
import re
import struct
import zipfile
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

import pytest
from docx import Document as WordFile
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from analysis.scale.document import ScaleValidation
from instruments.loader import BUILT_IN
from instruments.schema import Metric
from surveyapp.errors import Invalid
from surveyapp.i18n.report_languages import written_in
from surveyapp.i18n.words import Words
from surveyapp.reports import apa, bibliography, stored_content
from surveyapp.reports.document import (
    Cell,
    Chart,
    Column,
    Cover,
    Document,
    Estimate,
    Interval,
    Quantity,
    Styled,
    Table,
    plain,
)
from surveyapp.reports.files import figure_files, numbered
from surveyapp.reports.files.csv_tables import csv_text
from surveyapp.reports.files.latex import escaped, tex
from surveyapp.reports.files.table_files import FORMS
from surveyapp.reports.files.word import docx
from surveyapp.reports.journeys.scores import score
from surveyapp.reports.studies import study as studies
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.validation.content import content
from surveyapp.results.view_models import Definition, Figure, Hidden, Unit
from tests.reports import study_document
from tests.reports.test_undefined_numbers import MADE, validated

pytestmark = pytest.mark.xdist_group("validations")  # computed once a process

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="470" height="100"><text font-family="Source Sans Pro" y="20">بنك</text></svg>'
NASTY = r"""\ & % $ # _ { } ~ ^ < > | " ` [x] * -- --- '' ,, ?` !` é ß Łódź"""


@lru_cache(maxsize=1)
def validation() -> Document:
    study = Study(
        ScaleValidation.from_dict(json.loads(validated())),
        "Journey", "Bank", None, None, MADE, BUILT_IN,
    )  # fmt: skip
    return content(study, made=MADE)


@lru_cache(maxsize=1)
def study() -> Document:
    asked: Study[Any] = Study(
        study_document.document(), "Journey", "Bank", None, None, MADE, BUILT_IN
    )
    return studies.content(asked, made=MADE)


@lru_cache(maxsize=2)
def word(kind: str) -> Any:
    made = validation() if kind == "validation" else study()
    return WordFile(io.BytesIO(docx(made)))


def small(*blocks: Any) -> Document:
    return Document(Cover("", "Small", "", ()), blocks, "", "Bank", "", date(2026, 11, 29))


def numbers(value: Any) -> set[float]:
    """Every number that stands in a JSON document."""
    if isinstance(value, dict):
        return set().union(*map(numbers, value.values()))
    if isinstance(value, list):
        return set().union(*map(numbers, value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {float(value)} if is_number else set()


def rows(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_text(table).removeprefix("\ufeff"))))


def cells_of(kind: str) -> list[tuple[Table, list[list[str]]]]:
    """Each table with the texts of its Word table; panels one after the other."""
    made = validation() if kind == "validation" else study()
    parts = [part for table in numbered.tables(made.blocks) for part in table.panels()]
    found = word(kind).tables
    assert len(found) == len(parts) > 9
    return [
        (part, [[cell.text for cell in row.cells] for row in grid.rows])
        for part, grid in zip(parts, found, strict=True)
    ]


@pytest.mark.parametrize("kind", ["validation", "study"])
def test_every_number_in_word_is_one_of_the_json_rounded(kind: str):
    document = json.loads(validated()) if kind == "validation" else study_document.document()
    known = numbers(document)
    for loading in document["cfa"]["loadings"] if kind == "validation" else ():
        half = 1.96 * (loading["std_se"] or 0.0)
        known |= {loading["std_all"] - half, loading["std_all"] + half}
    shown = 0
    for table, texts in cells_of(kind):
        assert texts[0] == [plain(head) for head in table.head]
        for i, (cells, said) in enumerate(zip(table.cells, texts[1:], strict=True)):
            if i in table.groups:
                assert set(said) == {plain(table.rows[i][0])}
                continue
            assert said == [plain(text) for text in table.rows[i]]
            for cell, text in zip(cells, said, strict=True):
                value = cell.value if isinstance(cell, Quantity) else cell
                ends = [value]
                if isinstance(value, Interval):
                    ends = [value.low, value.high]
                for end, figure in zip(ends, re.findall(r"[−.,\d]*\d", text), strict=False):
                    if not isinstance(end, int | float):
                        continue
                    digits = len(figure.partition(".")[2])
                    own = 100 * end if text == f"{figure}%" else end  # a share is shown in percent
                    assert float(figure.replace("−", "-").replace(",", "")) == pytest.approx(
                        own, abs=0.5 * 10**-digits + 1e-9
                    ) or text.startswith("< "), (table.title, text, end)
                    is_known = end in known or end / 100 in known or isinstance(end, int)
                    assert is_known or table.title.startswith(("Descriptive", "Reliability")), text
                    shown += 1
    assert shown > 100


def test_word_tables_are_of_apa_and_can_be_edited():
    made = word("validation")
    assert {section.orientation for section in made.sections} <= set(WD_ORIENT)
    titles = [p for p in made.paragraphs if p.style.name == "Table Title"]
    labels = [p.text for p in made.paragraphs if p.style.name == "Table Number"]
    assert labels == [f"Table {i}" for i in range(1, len(made.tables) + 1)]
    assert all(run.italic for p in titles for run in p.runs)
    notes = [p for p in made.paragraphs if p.style.name == "Table Note" and p.text]
    assert all(p.text.startswith("Note. ") and p.runs[0].italic for p in notes)
    for table in made.tables:
        first, last = table.rows[0], table.rows[-1]
        assert first._tr.trPr.find(qn("w:tblHeader")) is not None
        assert [line.tag for line in borders(first)] == [qn("w:top"), qn("w:bottom")]
        assert [line.tag for line in borders(last)] == [qn("w:bottom")]
        sides = {line.tag for row in table.rows for line in borders(row)}
        assert not sides & {qn("w:left"), qn("w:right"), qn("w:insideV")}
    assert (made.core_properties.author, made.core_properties.comments) == ("Bank", "")


@pytest.mark.parametrize("kind", ["validation", "study"])
def test_word_and_latex_list_exactly_the_works_that_their_tables_cite(kind: str):
    made = validation() if kind == "validation" else study()
    said = [text for table in numbered.tables(made.blocks) for text in bibliography.texts(table)]
    works = bibliography.cited_works(said)
    assert len(works) > 2
    listed = [plain(bibliography.reference(work)) for work in works.values()]
    paragraphs = word(kind).paragraphs
    assert [p.text for p in paragraphs if p.style.name == "Reference"] == listed
    assert [p.text for p in paragraphs if p.style.name == "References Heading"] == ["References"]
    text = tex(made)
    assert re.findall(r"\\bibitem\[[^]]*\]\{([\w-]+)\} ", text) == list(works)
    for work in works.values():
        assert escaped(work.title) in text
    assert "thebibliography" not in tex(small(matrix(3, ".5")))


def borders(row: Any) -> list[Any]:
    found = row._tr.tc_lst[0].tcPr.find(qn("w:tcBorders"))
    return [] if found is None else list(found)


def test_a_wide_table_lies_on_its_side_and_a_wider_one_in_panels():
    wide = matrix(16, "-1234.50")
    page = WordFile(io.BytesIO(docx(small(wide, matrix(3, ".5"))))).sections
    assert [section.orientation for section in page] == [WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT]
    assert page[0].page_width > page[0].page_height
    parts = list(matrix(40, ".45").panels())
    assert [len(part.columns) for part in parts] == [18, 18, 7]
    assert [part.title for part in parts[1:]] == ["Matrix (Continued)"] * 2
    seen = [cell for part in parts for row in part.cells for cell in row[1:] if cell != ""]
    assert len(seen) == 40 * 41 / 2
    assert len(rows(matrix(40, ".45"))[0]) == 41
    by_threes = replace(matrix(18, ".45"), together=3)
    assert [len(part.columns) for part in by_threes.panels()] == [16, 4]
    finnish = replace(matrix(18, "0,45"), words=Words("fi"))
    assert [len(part.columns) for part in finnish.panels()] == [15, 5]


def matrix(n: int, shown: str) -> Table:
    columns = [Column("Item", 2.0), *(Column(str(i), 1.0) for i in range(n))]
    below: list[list[Cell]] = [
        [f"i{i}", *(Quantity(0.5, shown) if j <= i else "" for j in range(n))] for i in range(n)
    ]
    return Table(columns, below, "Matrix", note="Made up.")


def test_csv_has_every_digit_with_intervals_in_columns_of_their_own():
    document = json.loads(validated())
    by_title = {table.title: table for table in numbered.tables(validation().blocks)}
    head, *found = rows(by_title["Reliability and Convergent Validity"])
    assert head == ["Factor", "Items", "α", "95% CI lower", "95% CI upper", "Ordinal α", "ω", "CR", "AVE"]  # fmt: skip
    for row, told in zip(found, document["reliability"], strict=True):
        assert float(row[2]) == told["alpha"] and float(row[4]) == told["alpha_upper"]
    head, *found = rows(by_title["Confirmatory Factor Analysis: Loadings"])
    assert head[:3] == ["Group", "Item", "b"]
    assert [row[1] for row in found] == [row["item"] for row in document["cfa"]["loadings"]]
    assert [float(row[2]) for row in found] == [row["est"] for row in document["cfa"]["loadings"]]
    assert found[0][3] == ""  # fixed: undefined, not a dash
    head, *found = rows(by_title["Means, Standard Deviations and Correlations of the Items"])
    matrices = document["matrices"]
    assert head[3:] == matrices["items"][:-1]
    assert float(found[5][4]) == matrices["correlation"][5][1]
    head, *_ = rows(by_title["Correlations Before and After the Marker Variable"])
    assert head == ["Scores", "r", "r p", "Adjusted", "Adjusted p"]


def definition() -> Definition:
    return Definition("csat", "csat", Metric.SHARE, "CSAT", "CSAT", Unit.PERCENT, (0, 100), "", "")


def test_what_is_hidden_stays_hidden_in_every_format():
    hidden = Figure(definition(), None, None, None, None, None, Hidden.FEW)
    open_ = Figure(definition(), 40, 62.5, 50.1, 74.9, None)
    table = Table(
        [Column("", 0.5, name="Touchpoint"), Column("CSAT", 0.5, align="r")],
        [["Branch", score(hidden, few=5)], ["Web", score(open_, few=5)]],
        "Scores",
    )
    again = stored_content.read(stored_content.stored(small(table)))
    for document in (small(table), again):
        (made,) = numbered.tables(document.blocks)
        assert rows(made) == [
            ["Touchpoint", "CSAT"],
            ["Branch", "hidden (fewer than 5)"],
            ["Web", "62.5"],
        ]
        (grid,) = WordFile(io.BytesIO(docx(document))).tables
        assert [cell.text for cell in grid.columns[1].cells] == [
            "CSAT",
            "hidden (fewer than 5)",
            "62%",
        ]
        assert "Branch & hidden (fewer than 5) \\\\" in tex(document)


def test_stored_content_gives_the_same_files():
    for made in (validation(), study()):
        again = stored_content.read(stored_content.stored(made))
        assert tex(again) == tex(made)
        for code in ("csv",):
            assert FORMS[code].make(again) == FORMS[code].make(made)
        assert [f.chart.svg for f in numbered.figures(again.blocks)] == [
            f.chart.svg for f in numbered.figures(made.blocks)
        ]
    estimate = Table([Column("d", 1.0)], [[Quantity(Estimate(1.5, 1.0, 2.0), "2")], ["x"]], "D")
    (same,) = stored_content.read(stored_content.stored(small(estimate))).blocks
    assert isinstance(same, Table)
    assert rows(same) == rows(estimate) == [["d", "d lower", "d upper"], ["1.5", "1.0", "2.0"], ["x", "", ""]]  # fmt: skip
    with pytest.raises(Invalid, match="create the report again"):
        stored_content.read(b'{"format": "report-content/9"}')


def test_latex_is_balanced_and_has_no_letter_that_acts():
    document = small(
        Table([Column(NASTY, 0.5), Column((Styled("χ", "italic"), "²"), 0.5, apa.number)],
              [[NASTY, -1.5], ["[a]", None]], NASTY, note=NASTY)
    )  # fmt: skip
    for text in (tex(document), tex(validation()), tex(study())):
        opened = re.findall(r"\\begin\{(\w+)\}", text)
        assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", text))
        bare = re.sub(r"\\[\\{}$&#%_]", "", text)
        assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
        body = text[text.index("\\begin{document}") :]
        assert not re.search(r"(?<!\\)[#%_^](?!2\$)", re.sub(r"\\\\", "", body))
        assert all(ord(c) < 0x250 or c in "‘’“”…€" for c in body)
        for table in re.findall(r"\\toprule\n(.*?)\\bottomrule", body, re.S):
            lines = [line for line in table.split("\n") if " & " in line]
            assert len({len(re.findall(r"(?<!\\)&", line)) for line in lines}) == 1
    assert escaped("a--b,,c''") == "a-{}-b,{},c'{}'"
    assert escaped("−.5 ≥ α") == r"$-$.5 $\geq$ $\alpha$"
    assert escaped("\u202eevil\u0007") == "evil "


def test_names_in_every_script_are_whole():
    names = ["بنك الشمال (UK)", "Łódź", "東京支店", "Ελλάδα", "Господин"]
    table = Table([Column("Name", 1.0)], [[name] for name in names], "Names of banks")
    document = small(table, Chart("رسم", SVG))
    assert [row[0] for row in rows(table)[1:]] == names
    made = WordFile(io.BytesIO(docx(document)))
    assert [row.cells[0].text for row in made.tables[0].rows[1:]] == names
    arabic = made.tables[0].rows[1].cells[0].paragraphs[0].runs
    assert [run._r.rPr is not None and run._r.rPr.find(qn("w:rtl")) is not None for run in arabic] == [True, False]  # fmt: skip
    text = tex(document)
    assert all(name in text for name in names[:3]) and "run lualatex" in text
    (figure,) = numbered.figures(document.blocks)
    assert figure.name == "figure-01"  # no letter of the title is safe in every file system
    assert "بنك" in figure_files.svg_file(SVG)


def test_csv_has_heads_in_the_language_of_its_document():
    table = Table(
        [Column("Item", 0.5), Column("b", 0.2, apa.number), Column("KI", 0.2, apa.interval)],
        [["Zzz", "", ""], ["a", 1.5, Interval(1.0, 2.0)]],
        "Zzz",
        groups=frozenset({0}),
    )
    made = replace(small(table, Chart("Zzz", SVG)), words=written_in("de"))
    (told,) = numbered.tables(made.blocks)
    assert rows(told)[0] == ["Gruppe", "Item", "b", "KI Untergrenze", "KI Obergrenze"]
    again = stored_content.read(stored_content.stored(made))
    for document in (made, again):
        with zipfile.ZipFile(io.BytesIO(FORMS["figures"].make(document))) as files:
            head = files.read("figures.csv").decode("utf-8-sig").splitlines()[0]
        assert head == "Datei,Titel,Anmerkung,Breite (px),Höhe (px),Breite (mm),dpi"


def test_figures_are_of_300_dpi_and_their_width_is_told():
    document = small(Chart("One figure", SVG, "n = 4"))
    with zipfile.ZipFile(io.BytesIO(FORMS["figures"].make(document))) as files:
        assert files.namelist() == ["figure-01-one-figure.svg", "figure-01-one-figure.png", "figures.csv"]  # fmt: skip
        drawn = files.read("figure-01-one-figure.png")
        listed = list(csv.DictReader(io.StringIO(files.read("figures.csv").decode("utf-8-sig"))))
        assert b"sans-serif" in files.read("figure-01-one-figure.svg")
    at = drawn.index(b"pHYs") + 4
    assert struct.unpack(">IIB", drawn[at : at + 9]) == (11811, 11811, 1)  # 300 dpi in metres
    assert figure_files.pixels(drawn) == (1958, 416)
    assert (listed[0]["Width (mm)"], listed[0]["dpi"], listed[0]["Note"]) == ("166", "300", "n = 4")
    again = FORMS["figures"].make(replace(document, made=date(2027, 1, 1)))
    assert again == FORMS["figures"].make(document)


def test_every_table_and_figure_has_a_file_of_its_own():
    for made in (validation(), study()):
        found = numbered.tables(made.blocks)
        assert len({numbered.table_name(table) for table in found}) == len(found)
        assert all(table.title for table in found)
        with zipfile.ZipFile(io.BytesIO(FORMS["csv"].make(made))) as files:
            assert len(files.namelist()) == len(found)
