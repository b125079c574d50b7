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
from surveyapp.installation import Installation
from surveyapp.sampling.contact_history import times_asked
from surveyapp.store.models import CampaignRecipient, Decision, OutgoingMessage, SurveyRow
from surveyapp.surveys.links import pseudonym
from tests.distribution.makers import NOW, asked, installation_with, make_survey, messages

DAY = timedelta(days=1)


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    with installation_with(database_url, tmp_path, keep_messages_days=100) as opened:
        yield opened


def by_list(installation: Installation, survey: SurveyRow, *names: str) -> None:
    rows = [
        {"customer_ref": name, "attributes": {"email": f"{name}@example.org", "region": "North"}}
        for name in names
    ]
    campaigns.ask_all(
        installation,
        survey.id,
        campaigns.read_recipients(rows, secret_key=installation.secret_key).customers,
        user_id=None,
        now=NOW,
    )


def recipients(installation: Installation) -> list[str | None]:
    with installation.store.reading() as session:
        query = select(CampaignRecipient.customer_ref).order_by(CampaignRecipient.message_id)
        return list(session.scalars(query))


def to_staff(installation: Installation, survey: SurveyRow) -> None:
    with installation.store.writing() as session:
        loop_messages.write(
            session, "case 1", "case", survey.id, to="o@example.org", subject="A case", text="NPS 2"
        )


def end(installation: Installation, state: str = "sent") -> None:
    with installation.store.writing() as session:
        session.execute(update(OutgoingMessage).values(state=state, due_at=NOW, sent_at=NOW))


def forgotten(installation: Installation, days: int) -> int:
    count = 0
    while done := retention.forget(installation, NOW + days * DAY):
        count += done
    return count


def test_old_messages_name_nobody_and_stay_counted(installation: Installation):
    survey = make_survey(installation)
    asked(installation, survey, "ada", attributes={"region": "North"})
    by_list(installation, survey, "bob", "eve")
    to_staff(installation, survey)
    end(installation)
    with installation.store.reading() as session:
        before = outbox(session, survey.id)
        decided = session.scalar(select(func.count()).select_from(Decision))
    assert forgotten(installation, 100) == 0
    assert forgotten(installation, 101) == 4
    kept = messages(installation)
    assert [each.content for each in kept] == [{}, {}, {}]
    bob = pseudonym(installation.secret_key, "bob")
    assert {each.customer_ref for each in kept} == {None}
    assert bob in recipients(installation)  # a year has not passed
    with installation.store.reading() as session:
        assert outbox(session, survey.id) == before
        assert session.scalar(select(func.count()).select_from(Decision)) == decided
        assert list(times_asked(session.connection(), [bob], since=NOW - DAY)) == [bob]

    assert bob not in str([each.key for each in kept])
    assert forgotten(installation, 366) == 2
    assert recipients(installation) == [None, None]
    with installation.store.reading() as session:
        assert outbox(session, survey.id) == before
    assert forgotten(installation, 3000) == 0


@pytest.mark.parametrize("state", ["waiting", "sending"])
def test_what_is_still_to_be_sent_stays_as_it_is(installation: Installation, state: str):
    survey = make_survey(installation)
    by_list(installation, survey, "bob")
    to_staff(installation, survey)
    end(installation, state)
    assert forgotten(installation, 3000) == 0
    assert all(each.content for each in messages(installation))


def test_a_long_rest_is_remembered_as_long(database_url: str, tmp_path: Path):
    with installation_with(
        database_url, tmp_path, keep_messages_days=1, rest_days=1000
    ) as installation:
        survey = make_survey(installation)
        by_list(installation, survey, "bob")
        end(installation)
        forgotten(installation, 999)
        assert recipients(installation) == [pseudonym(installation.secret_key, "bob")]
        forgotten(installation, 1001)
        assert recipients(installation) == [None]


def test_more_than_one_transaction_changes_is_gone_through(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    survey = make_survey(installation)
    by_list(installation, survey, "ada", "bob", "eve", "joe", "max")
    end(installation)
    monkeypatch.setattr(retention, "BATCH", 2)
    assert retention.forget(installation, NOW + 200 * DAY) == 5
    assert not any(each.content for each in messages(installation))
    assert retention.forget(installation, NOW + 200 * DAY) == 0
