"""Every work that a report cites is in the one bibliography, and listed at its end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import surveyapp.reports
from analysis.scale.conclusions import Conclusion
from instruments.loader import BUILT_IN
from surveyapp.reports import bibliography
from surveyapp.reports.document import Block, Document, Heading, Paragraph, Styled, plain
from surveyapp.reports.studies.study import content as study_content
from surveyapp.reports.validation.content import content as validation_content
from surveyapp.reports.validation.criteria import criteria_table
from tests.reports.study_document import document as study_document
from tests.reports.test_study_report import asked
from tests.reports.test_validation_chapters import _pupils
from tests.reports.test_validation_report import MADE, study

pytestmark = pytest.mark.xdist_group("validations")

REPORTS = Path(surveyapp.reports.__file__).parent
_NAME = r"[A-ZÀ-Þ][\w’'-]+"
CITATION = re.compile(
    rf"{_NAME}(?:, {_NAME})*,?(?: (?:&|and) {_NAME}|(?:,| [A-Z]\w+,)? et al\.)?,? \(?(?:19|20)\d\d\b"
)
MONTHS = "January February March April May June July August September October November December"


def citations(text: str) -> set[str]:
    found = {one[0] for one in CITATION.finditer(text)}
    return {one for one in found if one.split()[0] not in MONTHS.split()}


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    import json

    return {
        "validation": validation_content(study(json.loads(_pupils())), made=MADE),
        "study": study_content(asked(study_document()), made=MADE),
    }


def listed(document: Document) -> list[str]:
    """The paragraphs below the last heading, which is that of the references."""
    blocks = list(document.blocks)
    at = max(i for i, block in enumerate(blocks) if isinstance(block, Heading))
    assert isinstance(blocks[at], Heading) and blocks[at].text == "References"
    return [plain(b.text) for b in blocks[at + 1 :] if isinstance(b, Paragraph)]


def before_references(document: Document) -> Iterator[Block]:
    for block in document.blocks:
        if isinstance(block, Heading) and block.text == "References":
            return
        yield block


@pytest.mark.parametrize("which", ["validation", "study"])
def test_the_list_has_exactly_the_works_that_the_report_cites(
    documents: dict[str, Document], which: str
):
    said = [t for block in before_references(documents[which]) for t in bibliography.texts(block)]
    keys = {key for text in said for key in bibliography.named(text)}
    works = [plain(bibliography.reference(bibliography.works()[key])) for key in keys]
    assert sorted(listed(documents[which])) == sorted(works)
    assert len(works) > 8


@pytest.mark.parametrize("which", ["validation", "study"])
def test_every_citation_in_a_report_is_in_the_bibliography(
    documents: dict[str, Document], which: str
):
    for block in before_references(documents[which]):
        for text in bibliography.texts(block):
            for citation in citations(text):
                assert bibliography.named(citation), (citation, text)


def test_no_string_of_a_report_holds_a_citation_of_its_own():
    found = []
    for path in sorted(REPORTS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docstrings
            ):
                found += [(path.name, one) for one in citations(node.value)]
    assert found == []


def test_every_published_source_of_an_instrument_is_in_the_bibliography():
    for code in BUILT_IN.available():
        citation = BUILT_IN.load(code).citation
        years = re.findall(r"\((\d{4})\)", citation)
        assert len(bibliography.named(citation)) == len(years), citation


def test_a_reference_has_the_form_of_apa_7():
    works = bibliography.works()
    chapter, book = works["browne-1993"], works["hair-black-2019"]
    assert bibliography.reference(works["chen-2007"]) == (
        "Chen, F. F. (2007). Sensitivity of goodness of fit indexes to lack of measurement "
        "invariance. ",
        Styled("Structural Equation Modeling, 14", "italic"),
        "(3), 464–504. https://doi.org/10.1080/10705510701301834",
    )
    assert plain(bibliography.reference(chapter)) == (
        "Browne, M. W., & Cudeck, R. (1993). Alternative ways of assessing model fit. In K. A. "
        "Bollen & J. S. Long (Eds.), Testing structural equation models (pp. 136–162). Sage."
    )
    assert plain(bibliography.reference(book)) == (
        "Hair, J. F., Black, W. C., Babin, B. J., & Anderson, R. E. (2019). Multivariate data "
        "analysis (8th ed.). Cengage."
    )
    assert all(w.journal or w.publisher for w in works.values())
    assert all(w.volume and w.pages for w in works.values() if w.journal)


def test_citations_take_their_names_from_the_file_with_diacritics():
    assert bibliography.cited("cheung-2002", "chen-2007") == "(Chen, 2007; Cheung & Rensvold, 2002)"
    assert bibliography.told("henseler-2015") == "Henseler et al. (2015)"
    assert bibliography.source("Ronkko & Cho 2022") == "Rönkkö and Cho (2022)"
    assert bibliography.source("McDonald 1999; cut as Nunnally 1978") == (
        "McDonald (1999); cut as Nunnally (1978)"
    )
    assert bibliography.source("own rule") == "own rule"


def test_a_cut_off_is_printed_as_it_is_applied_and_its_value_on_its_side_of_it():
    rows = criteria_table(
        [
            Conclusion("invariance", "d_cfi", "metric over region", -0.00541, ">=", -0.005, "Chen 2007", False),
            Conclusion("cfa", "lowest_loading", "a", 0.69996, ">=", 0.70, "Kaiser 1974", False),
            Conclusion("method_variance", "full_collinearity_vif", "a", 3.3004, "<=", 3.3, "Kock 2015", False),
        ],
        1,
    ).rows  # fmt: skip
    shown = [[plain(cell).replace("\N{MINUS SIGN}", "-") for cell in row[1:3]] for row in rows]
    assert shown == [["-.0054", "≥ -.005"], [".69996", "≥ .70"], ["3.3004", "≤ 3.30"]]
