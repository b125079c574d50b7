"""A list that was asked has a funnel: who of it was asked, reached, and answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.distribution import campaigns, retention
from surveyapp.distribution.campaign_results import campaign_summaries
from surveyapp.installation import Installation
from surveyapp.responses.actions import submit
from surveyapp.results.funnels.funnels import of_list
from surveyapp.sampling.forgetting import forget
from surveyapp.sampling.funnel import Counts
from surveyapp.sampling.opt_outs import opt_out
from surveyapp.store.models import (
    Campaign,
    CampaignRecipient,
    Contact,
    Invitation,
    OutgoingMessage,
    Response,
    SurveyRow,
)
from surveyapp.surveys.links import Ticket, pseudonym, token_of
from tests.distribution.makers import NOW, asked, installation_with, make_survey
from tests.installations import released
from tests.responses.makers import SECRET, as_survey

DAY = timedelta(days=1)
NAMES = ("ada", "bob", "eve", "joe")


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    with installation_with(database_url, tmp_path) as opened:
        yield opened


def ask(installation: Installation, survey: SurveyRow, *names: str, days: int = 0) -> None:
    rows = [{"customer_ref": n, "attributes": {"email": f"{n}@example.org"}} for n in names]
    campaigns.ask_all(
        installation,
        survey.id,
        campaigns.read_recipients(rows, secret_key=installation.secret_key).customers,
        user_id=None,
        now=NOW + days * DAY,
    )


def send(installation: Installation) -> None:
    with installation.store.writing() as session:
        for message in session.scalars(select(OutgoingMessage)):
            message.state, message.sent_at = "sent", NOW
            session.get_one(Invitation, message.invitation_id).sent_at = NOW


def answer(installation: Installation, survey: SurveyRow, name: str) -> None:
    secret = installation.secret_key
    with installation.store.writing() as session:
        mine = OutgoingMessage.customer_ref == pseudonym(secret, name)
        invitation = session.scalars(
            select(Invitation)
            .join(OutgoingMessage, OutgoingMessage.invitation_id == Invitation.id)
            .where(mine)
        ).one()
        stored = submit(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            {"nps": {"nps": "9"}},
            submission_key=name,
            attributes={},
            invitation=Ticket(token_of(secret, invitation.token_seed or "")),
            now=NOW + DAY,
            library=BUILT_IN,
            keys=installation.epoch_keys,
        )
    assert stored.new
    released(installation)


def found(installation: Installation, survey: SurveyRow) -> list[tuple[date, Counts]]:
    with installation.store.reading() as session:
        made = campaign_summaries(
            session, as_survey(session, session.get_one(SurveyRow, survey.id))
        )
    return [(each.day, each.counts) for each in made]


@pytest.mark.parametrize("anonymity", ["pseudonymous", "anonymous"])
def test_a_list_is_counted_from_who_stands_on_it_to_who_answered(
    installation: Installation, anonymity: str
):
    survey = make_survey(installation, anonymity=anonymity)
    other = make_survey(installation, name="Another")
    asked(installation, survey, "met")  # because of an interaction: of no list
    with installation.store.writing() as session:
        opt_out(session, [pseudonym(installation.secret_key, "gone")], source="link")
    ask(installation, survey, *NAMES, "gone")
    ask(installation, other, "eva", "max")
    assert found(installation, survey)[0][1] == Counts(asked=4, skipped={"opted_out": 1})
    send(installation)
    answer(installation, survey, "ada")
    known = anonymity != "anonymous"
    with installation.store.writing() as session:
        refs = {name: pseudonym(installation.secret_key, name) for name in NAMES}
        session.get_one(Contact, refs["bob"]).bounced_at = NOW + DAY
        if known:
            for invitation in session.scalars(
                select(Invitation)
                .join(OutgoingMessage, OutgoingMessage.invitation_id == Invitation.id)
                .where(OutgoingMessage.customer_ref == refs["eve"])
            ):
                invitation.opened_at = NOW
    ((day, counts),) = found(installation, survey)
    assert day == NOW.date()
    assert counts == Counts(
        asked=4,
        sent=4,
        opened=2 if known else 1,
        started=1,
        completed=1,
        returned=1,
        skipped={"opted_out": 1},
    )
    shown = of_list(counts, anonymous=not known)
    assert (shown.decided, shown.asked, shown.waiting) == (5, 4, 0)
    steps = {step.name: step.n for step in shown.steps}
    assert steps["Delivered"] == 3
    assert ("Opened" in steps) is known
    rate = shown.answered.rate
    assert rate is not None and rate.low < rate.estimate == 25 < rate.high


def test_another_day_is_another_line_and_the_same_day_the_same(installation: Installation):
    survey = make_survey(installation)
    ask(installation, survey, "ada", "bob")
    ask(installation, survey, "ada", "bob")  # asks nobody
    send(installation)
    ask(installation, survey, "ada", "bob", days=60)
    ask(installation, survey, "eve", days=60)
    lines = [(day, counts.asked, counts.sent) for day, counts in found(installation, survey)]
    later = (NOW + 60 * DAY).date()
    assert sorted(lines[:2]) == [(later, 1, 0), (later, 2, 0)]
    assert lines[2:] == [(NOW.date(), 2, 2)]


def test_forgetting_and_retention_change_no_count(installation: Installation):
    survey = make_survey(installation)
    ask(installation, survey, *NAMES)
    send(installation)
    answer(installation, survey, "ada")
    before = found(installation, survey)
    ref = pseudonym(installation.secret_key, "bob")
    with installation.store.writing() as session:
        forget(session, ref, user_id=None, now=NOW, secret_key=SECRET)
    assert found(installation, survey) == before
    with installation.store.reading() as session:
        for column in (OutgoingMessage.key, CampaignRecipient.customer_ref):
            assert ref not in str(list(session.scalars(select(column))))
    while retention.forget(installation, NOW + 3000 * DAY):
        pass
    assert found(installation, survey) == before
    with installation.store.reading() as session:
        assert set(session.scalars(select(CampaignRecipient.customer_ref))) == {None}
        assert session.scalars(select(Campaign.list_digest)).all() == [None]


def test_the_last_of_a_list_who_is_forgotten_takes_its_digest_along(installation: Installation):
    """A digest of one pseudonym would tell whether it was theirs."""
    survey = make_survey(installation)
    ask(installation, survey, "ada", "bob")
    with installation.store.writing() as session:
        (made,) = session.scalars(select(Campaign))
        for name, kept in (("ada", True), ("bob", False)):
            ref = pseudonym(installation.secret_key, name)
            forget(session, ref, user_id=None, now=NOW, secret_key=SECRET)
            session.refresh(made)
            assert (made.list_digest is not None) is kept
    assert [counts.asked for _, counts in found(installation, survey)] == [2]


@pytest.mark.parametrize("state", ["created", "opened"])
def test_who_is_forgotten_is_no_recipient_and_their_link_opens_nothing(
    installation: Installation, state: str
):
    """Also where the message has lost its name already, and where the link had been opened."""
    survey = make_survey(installation)
    ask(installation, survey, "ada", "bob")
    send(installation)
    refs = {name: pseudonym(installation.secret_key, name) for name in ("ada", "bob")}
    own = CampaignRecipient.customer_ref == refs["ada"]
    with installation.store.writing() as session:
        message = session.get_one(
            OutgoingMessage, session.scalars(select(CampaignRecipient.message_id).where(own)).one()
        )
        message.customer_ref = None
        invitation = session.get_one(Invitation, message.invitation_id)
        invitation.state = state
        forget(session, refs["ada"], user_id=None, now=NOW, secret_key=SECRET)
        assert session.get_one(Invitation, message.invitation_id).state == "suppressed"
        left = session.scalars(select(CampaignRecipient.customer_ref)).all()
        assert set(left) == {None, refs["bob"]}
    with installation.store.writing() as session:
        token = token_of(installation.secret_key, invitation.token_seed or "")
        late = submit(
            session,
            as_survey(session, session.get_one(SurveyRow, survey.id)),
            {"nps": {"nps": "9"}},
            submission_key="late",
            attributes={},
            invitation=Ticket(token),
            now=NOW + DAY,
            library=BUILT_IN,
        )
        assert not late.new
        assert session.query(Response).count() == 0
