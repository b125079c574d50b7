"""A report for a partner, and one for every segment, from the form to the file."""

from __future__ import annotations

from html import unescape

import pytest

from surveyapp.store.models import JourneyGrant, Report, Touchpoint
from surveyapp.worker import run_job
from tests.web.world import add_user


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_a_partners_report_for_every_segment_is_asked_for_and_downloaded(
    installation, sign_in, world
):
    base = f"/journeys/{world.here.journey_id}/reports"
    with installation.store.writing() as session:
        session.get_one(Touchpoint, world.here.touchpoint_id).partner = "Form <b> Ltd"
        plain = add_user(session, "manager", email="plain@example.org", name="Plain")
        for row in session.query(JourneyGrant).filter_by(user_id=plain.id):
            session.delete(row)
        session.flush()
        session.add(JourneyGrant(user_id=plain.id, kind="editor"))
    staff = sign_in(world.users["administrator"])
    form = unescape(staff.get(f"{base}/new").text)
    assert "Partner report: Form <b> Ltd" in form and "Quote comments" in form
    assert "Quote comments" not in sign_in(plain).get(f"{base}/new").text
    sent = {
        "about": "partner/Form <b> Ltd",
        "segment": "every",
        "from": "",
        "to": "",
        "quotes": "y",
    }
    barred = sign_in(plain).post(f"{base}/new", data=sent)
    assert barred.status_code == 422 and "no field" in barred.text
    refused = staff.post(f"{base}/new", data={**sent, "about": "benchmark"})
    assert refused.status_code == 422 and "a benchmark report has no quotes" in refused.text
    assert staff.post(f"{base}/new", data=sent).status_code == 303
    listed = staff.get(base).text
    assert 'aria-label="Cancel Partner report for every segment' in listed
    # On a phone each report is a card, whose cells say what they are: none lies to the right of the page.
    assert "portfolio.css" in listed and '<td class="whole" data-label="File">' in listed
    with installation.store.reading() as session:
        report = session.query(Report).order_by(Report.id.desc()).first()
        assert report.parameters["partner"] == "Form <b> Ltd" and report.parameters["quotes"]
    assert staff.get(f"{base}/{report.id}.zip").status_code == 409  # not finished yet
    assert run_job(installation, report.job_id, worker="test")
    told = unescape(staff.get(base).text)  # of one answer
    assert "No report could be made. All customers: There are too few answers" in told or (
        "All customers: No score of all time may be shown" in told
    )
    with installation.store.writing() as session:
        file = installation.files.put(session, b"PK", name="a.zip", media_type="application/zip")
        session.get_one(Report, report.id).file_id = file.id
    page = staff.get(base).text
    assert "Download ZIP" in page and "Every segment" in page
    with staff.get(f"{base}/{report.id}.zip") as file:
        assert file.data == b"PK" and "attachment" in file.headers["Content-Disposition"]
    assert staff.get(f"{base}/{report.id}.pdf").status_code == 409
    with staff.get(f"{base}/{world.here.report_id}.pdf") as file:
        assert file.status_code == 200
    with installation.store.writing() as session:
        sheet = session.get_one(Report, report.id)
        sheet.kind, sheet.content_id = "executive", sheet.file_id
    page = staff.get(base).text
    assert f"{report.id}/tables.docx" in page
    assert f"{report.id}/figures.zip" not in page  # one sheet of tables
