"""Staff who may remove responses are told a week before answers go for the first time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.distribution.retention_notices import announce
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.retention_rules import NOTICE, KeepRule, Method, set_rule
from surveyapp.store.db import Store
from surveyapp.store.models import OutgoingMessage, RetentionRule, User
from tests.grants import on_all_journeys
from tests.installations import installation_on
from tests.responses.makers import NOW, as_survey, make_survey, some_prepared


def test_mails_leave_once_when_the_first_night_is_near_and_again_for_another_rule(store: Store):
    sends = {"smtp_url": "smtp://127.0.0.1:2525", "mail_from": "survey@northbank.example"}
    installation = installation_on(store, now=lambda: NOW, **sends)
    with store.writing() as session:
        survey = as_survey(session, make_survey(session, asks=("nps",)))
        store_bulk(session, survey, some_prepared(3), library=BUILT_IN)
        for role in ("researcher", "manager"):
            email = f"{role}@northbank.example"
            user = User(email=email, name=role, role=role, password_hash="")
            session.add(user)
            session.flush()
            on_all_journeys(session, user)
        rule = KeepRule(2, Method.DELETE)  # the answers are of March, and go on 1 June
        set_rule(session, survey, rule, user_id=None, now=NOW)
    assert announce(installation, NOW) == 0
    near = NOW.replace(month=5, day=26)
    assert announce(installation, near) == 1
    assert announce(installation, near + timedelta(hours=1)) == 0
    with store.writing() as session:
        (message,) = session.scalars(select(OutgoingMessage)).all()
        assert message.content["to"] == "researcher@northbank.example"
        assert message.content["subject"] == "Answers to Account survey will be deleted"
        assert "In the night to 02 June 2026" in message.content["text"]
        assert f"/surveys/{survey.id}/retention" in message.content["text"]
        assert session.scalars(select(RetentionRule)).one().announced_at == near
        set_rule(session, survey, KeepRule(1, Method.DELETE), user_id=None, now=near)
    later = near + NOTICE
    assert announce(installation_on(store, now=lambda: later, **sends), later) == 1
    with store.reading() as session:
        assert len(session.scalars(select(OutgoingMessage)).all()) == 2
