"""Who changes what a survey allows beside its links, and where it may lead to."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from surveyapp.errors import Invalid
from surveyapp.store.db import Store
from surveyapp.store.models import AuditEntry
from surveyapp.surveys.channels import change_channels, leads_to
from surveyapp.surveys.settings.channels import Channels
from tests.responses.makers import make_survey


def test_an_end_leads_to_allowed_hosts_only(store: Store):
    with store.writing() as session:
        made = make_survey(session)
        change_channels(session, made, {"kiosk": True}, end_hosts=(), user_id=None)
        for address in ("https://evil.example/", "https://bank.example.evil.example/"):
            with pytest.raises(Invalid, match=r"allowed: bank\.example"):
                change_channels(
                    session, made, {"end_url": address}, end_hosts=["bank.example"], user_id=None
                )
        end = {"end_url": "https://bank.example/thanks?a=1"}
        kept = change_channels(session, made, end, end_hosts=["bank.example"], user_id=None)
        assert (kept.end_url, kept.kiosk) == (end["end_url"], True)
        assert Channels.read(made.channels) == kept
        assert leads_to(kept.end_url, ["bank.example"])
        assert not leads_to(kept.end_url, [])
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "change channels"))
        assert [entry.detail["kiosk"] for entry in entries] == [True, True]
