"""The pages about how long answers are kept, and the button that deletes reports of erased ones."""

from __future__ import annotations

from sqlalchemy import select, update

from surveyapp.distribution.retention_notices import announce
from surveyapp.journeys.zone_actions import count_anew
from surveyapp.reports.removal import remove_due
from surveyapp.responses.outdated import mark_reports
from surveyapp.responses.recounting import recount_journey
from surveyapp.responses.retention import carry_out
from surveyapp.responses.retention_rules import NOTICE
from surveyapp.store.models import AuditEntry, Journey, Report, Response, RetentionRule


def test_a_rule_is_set_shown_carried_out_and_receipted(world, sign_in, installation):
    page = f"/journeys/{world.here.journey_id}/surveys/{world.here.survey_id}/retention"
    researcher, manager = sign_in(world.users["researcher"]), sign_in(world.users["manager"])
    assert "kept for good" in researcher.get(page).text
    assert manager.post(page, data={"method": "delete", "months": "1"}).status_code == 403
    refused = researcher.post(page, data={"method": "delete", "months": ""})
    assert refused.status_code == 422 and "Keep answers for 1 to 600 months" in refused.text
    with installation.store.writing() as session:
        count = len(session.scalars(select(Response)).all())
        moment = installation.now().replace(year=installation.now().year - 1, day=1)
        session.execute(update(Response).values(submitted_at=moment))
        count_anew(session, session.get_one(Journey, world.here.journey_id), user_id=None)
    assert count
    recount_journey(installation.store, world.here.journey_id, now=installation.now)
    saved = researcher.post(
        page, data={"method": "delete", "months": "3"}, follow_redirects=True
    ).text
    assert "deleted 3 full months after the month" in saved
    assert f"{moment:%B %Y}" in saved and "Nothing goes before this was announced" in saved
    now = installation.now()
    assert announce(installation, now) == 1 and carry_out(installation, now) == 0
    listed = sign_in(world.users["administrator"]).get("/retention-list").text
    assert listed.index("deleted 3 full months") < listed.index("kept for good")
    with installation.store.writing() as session:
        session.execute(update(RetentionRule).values(announced_at=now - NOTICE))
    assert carry_out(installation, now) > 0
    assert "What has gone" in researcher.get(page).text
    log = sign_in(world.users["administrator"]).get("/audit").text
    assert "Let old answers go" in log and "Set the retention rule" in log


def test_reports_that_may_hold_erased_answers_are_deleted_in_one_step(world, sign_in, installation):
    journey_id = world.here.journey_id
    with installation.store.writing() as session:
        (answer,) = session.scalars(select(Response).limit(1))
        for since, segment in (
            ("2020-01-01", None),
            (None, None),
            ("2099-01-01", None),
            (None, world.here.segment_id),
        ):
            file = installation.files.put(
                session, str(since).encode(), name="a.pdf", media_type="application/pdf"
            )
            report = Report(
                kind="benchmark",
                title=f"From {since} of {segment}",
                journey_id=journey_id,
                segment_id=segment,
                file_id=file.id,
                parameters={"since": since} if since else {},
            )
            session.add(report)
        session.flush()
        kept = installation.files.kept
        answer.attributes = {"region": "nowhere"}
        mark_reports(session, journey_id, answer.submitted_at.date(), [answer], erased=True)
    reports = f"/journeys/{journey_id}/reports"
    researcher = sign_in(world.users["researcher"])
    page = researcher.get(reports).text
    assert page.count("May hold answers that were erased since") == 3  # with that of the world
    assert sign_in(world.users["manager"]).post(f"{reports}/remove").status_code == 403
    assert kept.has(file.sha256)
    done = researcher.post(f"{reports}/remove", follow_redirects=True).text
    assert "3 reports deleted" in done and "May hold" not in done
    with installation.store.reading() as session:
        left = {report.title for report in session.scalars(select(Report))}
        assert {"From 2099-01-01 of None", f"From None of {world.here.segment_id}"} <= left
        actions = select(AuditEntry.action).where(AuditEntry.action == "remove report")
        assert len(session.scalars(actions).all()) == 3
    stays = next(iter(left))
    assert stays and remove_due(installation, installation.now()) == 0
