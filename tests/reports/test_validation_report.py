"""The validation report prints the stored document, whatever could be computed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from analysis.scale.document import ScaleValidation
from analysis.scale.validation import validate_scale
from instruments.loader import BUILT_IN
from surveyapp.reports.document import Document, Paragraph, Table
from surveyapp.reports.journeys import annex
from surveyapp.reports.studies.stored_study import Study
from surveyapp.reports.typesetting.pdf import pdf
from surveyapp.reports.validation.content import content
from surveyapp.reports.validation.criteria import criteria_table
from surveyapp.reports.validation.part import ValidationStudy

pytestmark = pytest.mark.xdist_group("validations")  # computed once a process

SJQ = BUILT_IN.load("sjq")
MADE = date(2026, 11, 22)
FACTORS = SJQ.keys["sjq-16"].scales


@lru_cache(maxsize=2)
def answers(n: int) -> pd.DataFrame:
    """Seven-point answers of three factors that correlate .5; loadings .85."""
    rng = np.random.default_rng(4)
    latent = rng.multivariate_normal(np.zeros(3), 0.5 * np.eye(3) + 0.5, n, method="cholesky")
    columns = {}
    for at, items in enumerate(FACTORS.values()):
        for item in items:
            value = 0.85 * latent[:, at] + np.sqrt(1 - 0.85**2) * rng.normal(size=n)
            columns[item] = np.clip(np.round(4.5 + 1.3 * value), 1, 7)
    return pd.DataFrame(columns)


@lru_cache(maxsize=2)
def validated(n: int) -> str:
    return json.dumps(validate_scale(answers(n), SJQ, key="sjq-16", draws=50).to_dict())


def study(document: Mapping[str, Any], **changes: Any) -> ValidationStudy:
    settings: dict[str, Any] = {
        "document": ScaleValidation.from_dict(document),
        "journey": "Open an account",
        "provider": "Northbank",
        "segment": None,
        "survey": None,
        "computed": MADE,
    }
    return Study(**{**settings, **changes}, library=BUILT_IN)


def words(document: Document) -> str:
    pages = PdfReader(io.BytesIO(pdf(document))).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def tables(document: Document) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


def plain(text: Any) -> str:
    parts = (text,) if isinstance(text, str) else text
    return "".join(part if isinstance(part, str) else part.text for part in parts)


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(validated(300))
    return found


def test_the_report_holds_every_chapter_and_the_numbers_of_the_document(document: dict[str, Any]):
    text = words(content(study(document), made=MADE))
    for chapter in (
        "Summary", "Method", "Items", "Dimensionality", "Confirmatory factor analysis",
        "Reliability and validity", "Reproducibility",
    ):  # fmt: skip
        assert chapter in text
    fit = document["cfa"]["fit"]
    assert f"CFI = {fit['cfi']:.3f}".replace("= 0", "= ") in text
    assert document["fingerprint"] in text.replace(" ", "")
    assert "300 respondents answered 16 items intended to measure 3 factors" in text
    assert "Jaakkola" in text


def test_tables_are_numbered_in_their_order_without_gaps(document: dict[str, Any]):
    numbers = [table.number for table in tables(content(study(document), made=MADE))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_criterion_is_shown_once_with_its_source(document: dict[str, Any]):
    rows = criteria_table(study(document).document.conclusions, 1).rows
    measures = {row["measure"] for row in document["conclusions"]}
    assert len(rows) == len(measures)
    assert all(plain(row[3]) for row in rows)


def test_a_criterion_of_several_factors_shows_the_worst_one(document: dict[str, Any]):
    rows = criteria_table(study(document).document.conclusions, 1).rows
    shown = next(row for row in rows if plain(row[0]).startswith("Lowest loading"))
    lowest = min(row["std_all"] for row in document["cfa"]["loadings"])
    assert plain(shown[1]) == f"{lowest:.3f}".removeprefix("0")


def test_a_criterion_that_is_not_met_is_told_first(document: dict[str, Any]):
    row = next(row for row in document["conclusions"] if row["measure"] == "cfi")
    row.update(value=0.81, holds=False)
    said = [b for b in content(study(document), made=MADE).blocks if isinstance(b, Paragraph)]
    assert "Model fit needs attention" in plain(said[0].text)
    assert plain(said[1].text).startswith("Model fit. CFI .810 (≥ .95 needed).")


def test_few_answers_leave_sections_out_and_say_why():
    document = json.loads(validated(8))
    assert document["cfa"] is None
    assert len(document["warnings"]) >= 3
    text = words(content(study(document), made=MADE))
    assert "8 respondents answered 16 items" in text
    for warning in document["warnings"][:3]:
        assert re.sub(r"\s+", " ", warning["message"])[:40] in text


def test_names_in_the_document_are_printed_as_they_are(document: dict[str, Any]):
    hostile = "<b>x</b>&amp;{{7*7}}"
    text = words(
        content(
            study(document, journey=hostile, provider=hostile, survey=hostile, segment=hostile),
            made=MADE,
        )
    )
    assert text.count(hostile) >= 3


def test_the_managers_annex_says_which_dimension_falls_short(document: dict[str, Any]):
    document["reliability"][1]["ave"] = 0.31
    blocks = list(annex.reliability((study(document).document, MADE)))
    said = next(plain(b.text) for b in blocks if isinstance(b, Paragraph))
    assert "Coherence fell short" in said
    assert "interpret its scores with caution" in said


def test_every_item_stands_with_its_wording(document: dict[str, Any]):
    table = next(t for t in tables(content(study(document), made=MADE)) if "Wording" in t.title)
    texts = next(iter(SJQ.wordings.values())).items
    assert [(row[0], row[2]) for row in table.rows] == [
        (item, texts[item]) for items in FACTORS.values() for item in items
    ]
