"""The data-protection report of a survey is downloaded in the language asked for."""

from __future__ import annotations

import pytest

from surveyapp.web import privacy


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_it_is_downloaded_in_the_language_asked_for(sign_in, world, monkeypatch):
    staff = sign_in(world.users["administrator"])
    base = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}/privacy"
    page = staff.get(base).text
    assert f'<span lang="de">Deutsch</span>: <a href="{base}/report.pdf?report_language=de"' in page
    assert "named here as the newest" not in page
    monkeypatch.setattr(privacy, "LOOKED_AT", 0)
    assert "named here as the newest 0 answers have them" in staff.get(base).text
    german = staff.get(f"{base}/report.html?report_language=de").text
    assert 'lang="de"' in german and "Verzeichnis von Verarbeitungstätigkeiten" in german
    assert "Records of processing" in staff.get(f"{base}/report.html").text
    assert staff.get(f"{base}/report.html?report_language=et").status_code == 404
