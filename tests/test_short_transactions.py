"""What touches many rows does so in short transactions: on SQLite every customer waits for a writer."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select

from surveyapp.distribution import campaigns, retention
from surveyapp.distribution.bounces import note_list
from surveyapp.installation import Installation, open_installation
from surveyapp.responses import batches
from surveyapp.responses.imports import import_file
from surveyapp.sampling import schedule
from surveyapp.sampling.interaction_sheets import receive_file
from surveyapp.settings import read
from surveyapp.store.columns import utc_now
from surveyapp.store.encrypted_columns import OfRow
from surveyapp.store.models import (
    AuditEntry,
    Base,
    Campaign,
    CampaignRecipient,
    Contact,
    Delivery,
    Draft,
    Interaction,
    Invitation,
    OutgoingMessage,
    Response,
    SurveyRow,
    Touchpoint,
    Webhook,
)
from surveyapp.surveys import actions, drafts
from surveyapp.webhooks import deliveries
from tests.responses.makers import SECRET, as_survey, make_survey
from tests.store.writes import counted_writes

ROWS = 1200
MOST = 1600  # rows in one transaction: of 250 customers, four each, or of 500, three each
LONG_AGO = timedelta(days=1000)


@pytest.fixture
def installation(database_url: str, tmp_path: Path, monkeypatch) -> Iterator[Installation]:
    monkeypatch.setattr("surveyapp.store.db._GIVE_WAY_SECONDS", 0.0)
    opened = open_installation(
        read({}, home=tmp_path / "home", database_url=database_url, secret_key=SECRET)
    )
    yield opened
    opened.close()


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(session, asks=("nps",))


def count(installation: Installation, table: type[Base]) -> int:
    with installation.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def repeated(duty: Callable[..., int], installation: Installation) -> int:
    """A duty as the worker does it: again and again while there is something to do."""
    done = 0
    while some := duty(installation, utc_now()):
        done += some
    return done


def file(headings: str, row: Callable[[int], str]) -> io.BytesIO:
    return io.BytesIO("\n".join([headings, *map(row, range(ROWS))]).encode())


def answers(installation: Installation, survey: SurveyRow) -> int:
    rows = file("id,nps,region", lambda k: f"row {k},{k % 11},North")
    return import_file(installation, as_survey(installation, survey), rows).stored


def interactions(installation: Installation, survey: SurveyRow) -> int:
    at = f"{utc_now():%Y-%m-%dT%H:%M}+00:00"
    rows = file(
        "journey,touchpoint,customer_ref,at,external_id",
        lambda k: f"account,form,c{k},{at},e{k}",
    )
    return receive_file(installation, rows, now=utc_now()).stored


def links_for_a_list(installation: Installation, survey: SurveyRow) -> int:
    rows = [{"customer_ref": f"c{k}", "attributes": {}} for k in range(ROWS)]
    return len(
        actions.invite_list(installation, as_survey(installation, survey), rows, user_id=None)
    )


def asking_a_list(installation: Installation, survey: SurveyRow) -> int:
    rows = [{"customer_ref": f"c{k}", "attributes": {"email": f"c{k}@x.org"}} for k in range(ROWS)]
    roll = campaigns.read_recipients(rows, secret_key=SECRET).customers
    made = campaigns.ask_all(installation, survey.id, roll, user_id=None, now=utc_now())
    return len(made.chosen)


def bounces(installation: Installation, survey: SurveyRow) -> int:
    with installation.store.writing() as session:
        rows = [
            {"customer_ref": f"c{k}", "email": OfRow(f"c{k}@x.org", f"c{k}")} for k in range(ROWS)
        ]
        session.execute(insert(Contact), rows)
    told = [(row["email"], "gone", utc_now()) for row in rows]
    return note_list(installation.store, told, user_id=None).noted


def old_drafts(installation: Installation, survey: SurveyRow) -> int:
    with installation.store.writing() as session:
        session.execute(
            insert(Draft),
            [{"token_hash": f"{k:064}", "survey_id": survey.id, "fields": {}} for k in range(ROWS)],
        )
    return repeated(drafts.forget, installation)


def old_contacts(installation: Installation, survey: SurveyRow) -> int:
    at = utc_now() - LONG_AGO
    with installation.store.writing() as session:
        touchpoint = session.scalars(select(Touchpoint.id)).one()
        session.execute(
            insert(Interaction),
            [
                {"touchpoint_id": touchpoint, "customer_ref": f"c{k}", "at": at, "decided_at": at}
                for k in range(ROWS)
            ],
        )
    return repeated(schedule.retire, installation)


def old_messages(installation: Installation, survey: SurveyRow) -> int:
    with installation.store.writing() as session:
        session.execute(
            insert(OutgoingMessage),
            [
                {
                    "key": f"case {k}",
                    "kind": "case",
                    "state": "sent",
                    "due_at": utc_now() - LONG_AGO,
                }
                for k in range(ROWS)
            ],
        )
    return retention.forget(installation, utc_now())


def the_log_of_a_webhook(installation: Installation, survey: SurveyRow) -> int:
    with installation.store.writing() as session:
        hook = Webhook(name="W", url="https://x.example", seed="s", events=[])
        session.add(hook)
        session.flush()
        session.execute(
            insert(Delivery),
            [{"webhook_id": hook.id, "event": "response", "payload": {}} for _ in range(ROWS)],
        )
    return deliveries.forget_all(installation.store, hook.id)


def an_import(installation: Installation, survey: SurveyRow) -> int:
    rows = file("id,nps,region,customer_ref", lambda k: f"row {k},{k % 11},North,c{k}")
    batch = import_file(installation, as_survey(installation, survey), rows).batch_id
    with installation.store.writing() as session:
        batches.begin_removal(session, batch, user_id=None, now=utc_now())
    return batches.remove_batch(installation, batch)


WORK = {
    "an import removed": an_import,
    "the log of a webhook": the_log_of_a_webhook,
    "answers from a file": answers,
    "events from a file": interactions,
    "links for a list": links_for_a_list,
    "asking a list": asking_a_list,
    "bounces": bounces,
    "old drafts": old_drafts,
    "old contacts": old_contacts,
    "old messages": old_messages,
}


@pytest.mark.parametrize("name", WORK)
def test_no_transaction_writes_more_rows_than_a_batch_of_customers_has(
    installation: Installation, survey: SurveyRow, name: str
):
    with counted_writes(installation.store) as written:
        assert WORK[name](installation, survey) == ROWS
    own = [count for count in written if count not in {ROWS, ROWS + 1}]  # what a test begins with
    assert len(own) > 1
    assert max(own) <= MOST


def test_the_list_of_links_is_taken_back_when_storing_it_fails_half_way(
    installation: Installation, survey: SurveyRow
):
    calls = 0

    def fail(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal calls
        storing = statement.startswith("INSERT INTO invitations")
        calls += storing
        if storing and calls == 2:
            raise RuntimeError("the disk is full")

    event.listen(installation.store.engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="disk"):
        links_for_a_list(installation, survey)
    event.remove(installation.store.engine, "before_cursor_execute", fail)
    assert count(installation, Invitation) == 0


def test_a_list_that_was_asked_half_way_is_asked_to_its_end_by_the_same_list_again(
    installation: Installation, survey: SurveyRow, monkeypatch
):
    class Killed(BaseException):
        pass

    def die(_store: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("surveyapp.store.db.Store.give_way", die)
        with pytest.raises(Killed):
            asking_a_list(installation, survey)
    there = count(installation, OutgoingMessage)
    assert 0 < there < ROWS
    assert count(installation, CampaignRecipient) == there
    assert asking_a_list(installation, survey) == ROWS - there
    assert count(installation, OutgoingMessage) == count(installation, CampaignRecipient) == ROWS
    assert asking_a_list(installation, survey) == 0
    with installation.store.reading() as session:
        (made,) = session.scalars(select(Campaign))  # knows also of those before the kill
        assert (made.asked, made.left_out) == (ROWS, {})


def test_a_list_leaves_one_entry_in_the_audit_log(installation: Installation, survey: SurveyRow):
    asking_a_list(installation, survey)
    with installation.store.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "ask a list"))
    assert (entry.detail["asked"], entry.detail["left_out"]) == (ROWS, 0)


def test_answers_from_a_file_are_all_stored(installation: Installation, survey: SurveyRow):
    assert answers(installation, survey) == count(installation, Response) == ROWS
