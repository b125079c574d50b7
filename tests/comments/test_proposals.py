"""Themes proposed by the job are measured by hand codes, and are not where there are none."""

from __future__ import annotations

import pytest

from surveyapp.jobs.kinds import JourneyPayload
from surveyapp.results.comment_proposals import newest_proposals, run_proposals
from surveyapp.store.models import User
from tests.analysis.test_theme_proposals import made
from tests.comments.test_coding import Coders, coders
from tests.installations import installation_on

__all__ = ["coders"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the sums do not differ
def test_proposals_are_measured_by_hand_codes(coders: Coders, app, installation, sign_in):
    texts, about = made("fi", 60)
    numbers = [
        coders.commented.say(text, nps=2 + 6 * int(a), language="fi")
        for text, a in zip(texts, about, strict=True)
    ]
    coders.commented.say("alone", language="sv")
    at = installation_on(coders.store)
    run = {"payload": JourneyPayload(coders.journey_id), "progress": lambda *step: None}
    first = run_proposals(at, **run)
    assert first["measured"] == [] and first["skipped"] == {"sv": 1}
    assert [each["language"] for each in first["languages"]] == ["fi"]
    for number, a in zip(numbers, about, strict=True):
        coders.code(0, number, coders.staff if a else coders.wait)
    found = run_proposals(at, **run)
    assert {each["code"] for each in found["measured"]} == {"Wait", "Staff"}
    for each in found["measured"]:
        assert each["precision"]["estimate"] > 90 and 20 <= each["n"] <= 40
        assert each["recall"]["low"] < each["recall"]["estimate"] <= 100
    assert found["sentiment"][0]["r"] > 0.8
    with installation.store.reading() as session:
        client = sign_in(session.get_one(User, coders.people[0]))
    address = f"/journeys/{coders.journey_id}/coding/proposals"
    assert "No proposals yet" in client.get(address).text
    assert client.post(address).status_code == 303
    with installation.store.writing() as session:
        job = newest_proposals(session, coders.journey_id)
        assert job is not None and job.state == "waiting"
        job.state, job.result = "done", found
    page = client.get(address).text
    assert "proposal</span>" in page and "Precision" in page
    assert client.get(f"/jobs/{job.id}").status_code == 200
