"""``surveyapp privacy-report`` writes a PDF and says so in the audit log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from surveyapp.app import open_installation
from surveyapp.settings import read
from surveyapp.store.models import AuditEntry
from tests.cli.conftest import Run
from tests.responses.makers import make_survey


def test_a_survey_is_reported_by_its_code_and_an_unknown_one_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, migrated_sqlite: Path
):
    database = shutil.copy(migrated_sqlite, tmp_path / "surveyapp.db")
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", f"sqlite:///{database}")
    installation = open_installation(read())
    with installation.store.writing() as session:
        make_survey(session, asks=("nps",))
    out = tmp_path / "report.pdf"
    assert run("privacy-report", "account-survey", "--out", out).code == 0
    text = "".join(page.extract_text() for page in PdfReader(out).pages)
    assert "Records of processing" in text and "To be filled in" in text
    assert (
        run("privacy-report", "account-survey", "--report-language", "de", "--out", out).code == 0
    )
    reader = PdfReader(out)
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert "Datenschutzbericht" in reader.pages[0].extract_text()
    with installation.store.reading() as session:
        actions = select(AuditEntry.action).where(AuditEntry.action == "export privacy report")
        assert len(session.scalars(actions).all()) == 2
    installation.close()
    refused = run("privacy-report", "nowhere")
    assert refused.code == 2 and "known: account-survey" in refused.err
