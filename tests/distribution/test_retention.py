"""Old messages say nothing any more and name nobody, and count as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from surveyapp.closed_loop import staff_messages as loop_messages
from surveyapp.distribution import campaigns, retention
from surveyapp.distribution.queries import outbox
from surveyapp.sampling.contact_history import times_asked
from surveyapp.store.models import CampaignRecipient, Decision, OutgoingMessage, SurveyRow
from surveyapp.store.storage import Storage
from surveyapp.surveys.links import pseudonym
from tests.distribution.makers import NOW, asked, make_survey, messages, storage_with

DAY = timedelta(days=1)


@pytest.fixture
def storage(database_url: str, tmp_path: Path) -> Iterator[Storage]:
    with storage_with(database_url, tmp_path, keep_messages_days=100) as opened:
        yield opened


def by_list(storage: Storage, survey: SurveyRow, *names: str) -> None:
    rows = [
        {"customer_ref": name, "attributes": {"email": f"{name}@example.org", "region": "North"}}
        for name in names
    ]
    campaigns.ask_all(
        storage.store,
        survey.id,
        campaigns.read_recipients(rows, secret_key=storage.secret_key).customers,
        settings=storage.settings,
        secret_key=storage.secret_key,
        user_id=None,
        now=NOW,
    )


def recipients(storage: Storage) -> list[str | None]:
    with storage.store.reading() as session:
        query = select(CampaignRecipient.customer_ref).order_by(CampaignRecipient.message_id)
        return list(session.scalars(query))


def to_staff(storage: Storage, survey: SurveyRow) -> None:
    with storage.store.writing() as session:
        loop_messages.write(
            session, "case 1", "case", survey.id, to="o@example.org", subject="A case", text="NPS 2"
        )


def end(storage: Storage, state: str = "sent") -> None:
    with storage.store.writing() as session:
        session.execute(update(OutgoingMessage).values(state=state, due_at=NOW, sent_at=NOW))


def forgotten(storage: Storage, days: int) -> int:
    count = 0
    while done := retention.forget(storage, NOW + days * DAY):
        count += done
    return count


def test_old_messages_name_nobody_and_stay_counted(storage: Storage):
    survey = make_survey(storage)
    asked(storage, survey, "ada", attributes={"region": "North"})
    by_list(storage, survey, "bob", "eve")
    to_staff(storage, survey)
    end(storage)
    with storage.store.reading() as session:
        before = outbox(session, survey.id)
        decided = session.scalar(select(func.count()).select_from(Decision))
    assert forgotten(storage, 100) == 0
    assert forgotten(storage, 101) == 4
    kept = messages(storage)
    assert [each.content for each in kept] == [{}, {}, {}]
    bob = pseudonym(storage.secret_key, "bob")
    assert {each.customer_ref for each in kept} == {None}
    assert bob in recipients(storage)  # a year has not passed
    with storage.store.reading() as session:
        assert outbox(session, survey.id) == before
        assert session.scalar(select(func.count()).select_from(Decision)) == decided
        assert list(times_asked(session.connection(), [bob], since=NOW - DAY)) == [bob]

    assert bob not in str([each.key for each in kept])
    assert forgotten(storage, 366) == 2
    assert recipients(storage) == [None, None]
    with storage.store.reading() as session:
        assert outbox(session, survey.id) == before
    assert forgotten(storage, 3000) == 0


@pytest.mark.parametrize("state", ["waiting", "sending"])
def test_what_is_still_to_be_sent_stays_as_it_is(storage: Storage, state: str):
    survey = make_survey(storage)
    by_list(storage, survey, "bob")
    to_staff(storage, survey)
    end(storage, state)
    assert forgotten(storage, 3000) == 0
    assert all(each.content for each in messages(storage))


def test_a_long_rest_is_remembered_as_long(database_url: str, tmp_path: Path):
    with storage_with(database_url, tmp_path, keep_messages_days=1, rest_days=1000) as storage:
        survey = make_survey(storage)
        by_list(storage, survey, "bob")
        end(storage)
        forgotten(storage, 999)
        assert recipients(storage) == [pseudonym(storage.secret_key, "bob")]
        forgotten(storage, 1001)
        assert recipients(storage) == [None]


def test_more_than_one_transaction_changes_is_gone_through(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
):
    survey = make_survey(storage)
    by_list(storage, survey, "ada", "bob", "eve", "joe", "max")
    end(storage)
    monkeypatch.setattr(retention, "BATCH", 2)
    assert retention.forget(storage, NOW + 200 * DAY) == 5
    assert not any(each.content for each in messages(storage))
    assert retention.forget(storage, NOW + 200 * DAY) == 0
