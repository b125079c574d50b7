"""What an administrator does from a shell: accounts, jobs, counts and a test mail."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from surveyapp.auth.passwords import matches
from surveyapp.jobs.kinds import COUNT_DAYS, PROPOSE_THEMES, JourneyPayload
from surveyapp.responses.bulk import store_bulk
from surveyapp.store import queue
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import (
    AuditEntry,
    Decision,
    DecisionRollup,
    Interaction,
    Invitation,
    InvitationRollup,
    Job,
    Journey,
    MonthlyRollup,
    Rollup,
    User,
)
from tests.cli.conftest import Run
from tests.distribution.mail_server import mail_server
from tests.responses.makers import BUILT_IN, as_survey, make_survey, some_prepared

PASSWORD = "quiet lake morning"
OTHER = "loud river evening stone"
ADA, BO = "ada@example.org", "bo@example.org"


def user_of(store: Store, email: str) -> User:
    with store.reading() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def audited(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_accounts_are_listed_reset_given_a_role_closed_and_reopened(run_stored: Run, store: Store):
    assert run_stored("user", "list").out.startswith("There is no account yet")
    for email, role in ((ADA, "administrator"), (BO, "manager")):
        run_stored("user", "create", email, "--role", role, "--password", PASSWORD)
    assert run_stored("user", "list").out.splitlines()[1] == (
        f"{BO}  manager, open, no second factor, never signed in"
    )
    assert run_stored("user", "role", BO, "researcher").out == f"{BO} is researcher.\n"
    assert run_stored("user", "close", BO).out == f"{BO} is closed.\n"
    before = user_of(store, BO).session_epoch
    told = run_stored("user", "reset", BO, "--second-factor", "--password", OTHER)
    assert told.code == 0 and "surveyapp user reopen" in told.out and OTHER not in told.out
    found = user_of(store, BO)
    assert matches(found.password_hash, OTHER) and found.must_change_password
    assert found.session_epoch > before
    assert run_stored("user", "reopen", BO).code == 0
    (_, row) = json.loads(run_stored("user", "list", "--json").out)
    assert (row["role"], row["open"], row["one_time_password"]) == ("researcher", True, True)
    assert "reset second factor" in audited(store) and "close account" in audited(store)


def test_what_must_not_be_done_to_an_account_is_refused_by_name(run_stored: Run):
    run_stored("user", "create", ADA, "--password", PASSWORD)
    for wrong, why in (
        (("close", ADA), "last administrator"),
        (("role", ADA, "manager"), "last administrator"),
        (("reset", ADA, "--password", "short"), "characters"),
        (("reset", BO, "--password", OTHER), f"There is no user '{BO}'"),
    ):
        told = run_stored("user", *wrong)
        assert told.code == 2 and why in told.err, (wrong, told.err)


def test_a_failed_job_is_listed_and_retried_and_one_that_waits_is_cancelled(
    run_stored: Run, store: Store
):
    assert run_stored("jobs", "list").out == "There are no jobs.\n"
    with store.writing() as session:
        journey = Journey(code="onboarding", name="Onboarding", provider="Bank")
        session.add(journey)
        session.flush()
        asked = JourneyPayload(journey.id)
        count, themes = (
            kind.ask(session, asked, journey_id=journey.id, user_id=None).id
            for kind in (COUNT_DAYS, PROPOSE_THEMES)
        )
        claimed = queue.claim(session, count, worker="one")
        assert claimed is not None
        queue.fail(session, claimed, "the disk is full")
    listed = run_stored("jobs", "list", "--state", "failed").out
    assert listed.endswith("failed  Count by another time zone: the disk is full\n")
    assert run_stored("jobs", "retry", count).code == 0
    (row,) = json.loads(run_stored("jobs", "list", "--json", "--limit", 2).out)[1:]
    assert (row["state"], row["attempts"], row["error"]) == ("waiting", 0, "")
    assert run_stored("jobs", "cancel", themes).code == 0
    for wrong, why in (
        (("retry", count), "it is waiting"),
        (("cancel", themes), "has ended already (failed)"),
        (("cancel", count), "cannot be cancelled"),
        (("retry", 999), "no job 999"),
    ):
        told = run_stored("jobs", *wrong)
        assert told.code == 2 and why in told.err, (wrong, told.err)
    assert audited(store) == ["retry job", "cancel job"]


def test_wrong_counts_are_told_and_mended(run_stored: Run, store: Store):
    assert run_stored("db", "upgrade").code == 0  # makes the key that customers' pseudonyms need
    with store.writing() as session:
        survey = make_survey(session)
        store_bulk(session, as_survey(session, survey), some_prepared(7), library=BUILT_IN)
        session.add(Invitation(survey_id=survey.id, token_hash="1"))
        event = Interaction(touchpoint_id=survey.touchpoint_id, customer_ref="c", at=utc_now())
        session.add(event)
        session.flush()
        skipped = {"survey_id": survey.id, "customer_ref": "c", "outcome": "skip"}
        session.add(Decision(interaction_id=event.id, reason="rested", **skipped))
    assert run_stored("rollups", "check").out == "All counts equal what is stored.\n"
    with store.writing() as session:
        session.execute(update(Rollup).values(n=Rollup.n + 1))
        session.execute(update(MonthlyRollup).values(n=MonthlyRollup.n + 1))
    told = run_stored("rollups", "check")
    assert told.code == 1 and "counted" in told.out and "surveyapp rollups rebuild" in told.out
    rebuilt = run_stored("rollups", "rebuild", "--journey", "account")
    assert (rebuilt.code, rebuilt.out) == (
        0,
        "Open an account: 7 responses counted.\n1 invitation counted.\n1 decision counted.\n",
    )
    assert run_stored("rollups", "check").code == 0
    with store.writing() as session:
        session.execute(update(InvitationRollup).values(n=2))
        session.execute(update(DecisionRollup).values(n=3))
    told = run_stored("rollups", "check").out
    assert "invitations (" in told and "'skip', 'rested'): 3, 0, 0, 0, 0, 0, counted 1, 0" in told
    assert "2 counts differ" in told
    with store.reading() as session:
        assert session.scalars(select(Journey.first_day)).one() is None  # the days are the same
        assert session.scalars(select(Job.state)).all() == ["done"]


def test_a_test_mail_leaves_at_once_and_the_servers_answer_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    told = run("mail", "test", ADA)
    assert told.code == 2 and "SURVEYAPP_SMTP_URL" in told.err
    monkeypatch.setenv("SURVEYAPP_MAIL_FROM", "survey@bank.example")
    with mail_server() as (place, received):
        monkeypatch.setenv("SURVEYAPP_SMTP_URL", f"smtp://{place}")
        told = run("mail", "test", ADA)
        assert told.code == 0 and f"took the mail to {ADA}" in told.out
        assert [each["Subject"] for each in received.messages] == ["Test of the sender"]
        received.data_answers.append("554 no such sender here")
        told = run("mail", "test", ADA)
        assert told.code == 2 and "554" in told.err
    told = run("mail", "test", ADA)
    assert told.code == 2 and "Error:" in told.err
