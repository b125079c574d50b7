"""Scheduled reports on a journey's pages, and the pages of those who get them without an account."""

from __future__ import annotations

import re
from html import unescape

import pytest

from surveyapp.reports.schedules.links import leaving_token, make_link
from surveyapp.store.models import AuditEntry, ReportFile, ReportSchedule, ScheduleRecipient

OUTSIDE = "board@partner.example"


def words(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_a_schedule_is_made_paused_and_removed_and_its_link_opens_one_report(
    installation, sign_in, world, client
):
    staff = sign_in(world.users["administrator"])
    base = f"/journeys/{world.here.journey_id}/schedules"
    form = words(staff.get(f"{base}/new"))
    assert "Each gets a link of its own" in form and "Executive page" in form
    sent = {
        "kind": "executive", "every": "week", "hour": "6", "months": "2", "compare": "none",
        "segment": "", "formats": ["docx", "pptx"], "paper": "letter", "report_language": "fi",
        "people": [world.users["manager"].id], "addresses": f" {OUTSIDE}\n\n{OUTSIDE}\n",
    }  # fmt: skip
    refused = staff.post(f"{base}/new", data={**sent, "addresses": "nobody"})
    assert refused.status_code == 422
    assert "nobody is not an email address; correct it" in words(refused)
    assert staff.post(f"{base}/new", data=sent).status_code == 303
    shown = words(staff.get(base))
    assert "Weekly: Executive page" in shown and "PDF, DOCX, PPTX" in shown
    assert shown.count(OUTSIDE) == 1 and "06:00" in shown and "No mail server" in shown
    reader = words(sign_in(world.users["manager"]).get(base))
    assert OUTSIDE in reader  # may make reports, too
    with installation.store.writing() as session:
        outsider = session.query(ScheduleRecipient).filter_by(user_id=None).one()
        number = outsider.schedule_id
        schedule = session.get_one(ReportSchedule, number)
        assert schedule.parameters["report_language"] == "fi"
        now = installation.now()
        token = make_link(session, world.here.report_id, outsider.id, now)
        away = leaving_token(installation.signing_keys, outsider.id)
        file = installation.files.put(session, b"PK", name="a.docx", media_type="a/b")
        session.add(ReportFile(report_id=world.here.report_id, format="docx", file_id=file.id))

    page = client.get(f"/received/{token}")
    assert page.status_code == 200 and "Download Word" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    with client.get(f"/received/{token}/report.pdf") as file:
        assert file.data.startswith(b"%PDF")
    with client.get(f"/received/{token}/report.docx") as file:
        assert file.data == b"PK" and "attachment" in file.headers["Content-Disposition"]
    assert client.get(f"/received/{token}/report.html").status_code == 404
    assert client.get(f"/received/{token}x").status_code == 404
    with installation.store.reading() as session:
        opened = session.query(AuditEntry).filter_by(action="open report link").order_by("id").all()
        assert [entry.detail["file"] for entry in opened] == ["pdf", "docx"]

    asked = client.get(f"/received/leave/{away}").text
    assert "Etkö halua enää saada tätä raporttia?" in asked and 'lang="fi"' in asked
    for _ in range(2):
        left = client.post(f"/received/leave/{away}", data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200 and "ei enää lähetetä sinulle" in left.text
    assert "unsubscribed" in words(staff.get(base))

    for act, state in (("pause", "Resume"), ("resume", "Pause")):
        assert staff.post(f"{base}/{number}/{act}").status_code == 303
        assert state in words(staff.get(base))
    assert staff.post(f"{base}/{number}/remove").status_code == 303
    assert client.get(f"/received/{token}").status_code == 404
    with installation.store.reading() as session:
        assert session.get(ReportSchedule, number) is None
