"""Ballot stuffing: every answer is kept, those of a burst are flagged, and staff can leave them out."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import pytest
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.responses.flags import Flag, flags_of
from surveyapp.results.analyses.frames import frame
from surveyapp.store.models import Base, Response, SurveyRow
from surveyapp.surveys.channels import change_channels
from surveyapp.web.respond.senders import MOST_A_MINUTE
from tests.installations import released
from tests.responses.makers import make_survey
from tests.web.respondents import fields, form_key, opened, sent
from tests.web.world import add_user

MANY = MOST_A_MINUTE + 3
OTHERS = 6
ADDRESS = "192.0.2.77"


@pytest.fixture
def survey(installation: Installation) -> SurveyRow:
    with installation.store.writing() as session:
        return make_survey(session)


@pytest.fixture
def researcher(installation: Installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    return sign_in(user)


def flags(installation: Installation) -> list[list[str]]:
    with installation.store.reading() as session:
        return [flags_of(each.paradata) for each in session.scalars(select(Response))]


def stuff(client, survey: SurveyRow, count: int = MANY) -> None:
    client.environ_base["REMOTE_ADDR"] = ADDRESS
    for _ in range(count):
        assert sent(client, f"/s/{survey.link}").status_code == 303


def test_a_burst_from_one_address_is_kept_flagged_and_left_out_where_staff_want(
    client, installation, survey, researcher
):
    stuff(client, survey)
    client.environ_base["REMOTE_ADDR"] = "192.0.2.78"
    for _ in range(OTHERS):
        sent(client, f"/s/{survey.link}")
    assert sorted(flags(installation)) == [[]] * OTHERS + [[Flag.BURST]] * MANY
    assert (
        f"{MANY} flagged"
        in researcher.get(f"/journeys/{survey.journey_id}/surveys/{survey.id}").text
    )
    journey = f"/journeys/{survey.journey_id}/responses"
    assert f"{MANY} came in an unusual way" in researcher.get(journey).text
    overview = f"/journeys/{survey.journey_id}.json?period=all"
    found = [researcher.get(f"{overview}{more}").json for more in ("", "&flagged=yes")]
    assert [each["responses"] for each in found] == [OTHERS, MANY + OTHERS]
    assert [each["flagged_left_out"] for each in found] == [MANY, 0]
    assert (
        f"{MANY} flagged answers are left out" in researcher.get(overview.replace(".json", "")).text
    )
    page = researcher.get(f"{journey}/flagged?survey={survey.id}").text
    assert f'<td class="n">{MANY}</td>' in page
    every, kept = (
        list(csv.DictReader(io.StringIO(researcher.get(f"{journey}/export.csv{query}").text)))
        for query in ("", "?flagged=no")
    )
    assert [len(every), len(kept)] == [MANY + OTHERS, OTHERS]
    assert {row["flags"] for row in every} == {"", "burst"}
    with installation.store.reading() as session:
        nps = installation.library.load("nps")
        sizes = [
            len(frame(session, nps, journey_id=survey.journey_id, without_flagged=without))
            for without in (False, True)
        ]
    assert sizes == [MANY + OTHERS, OTHERS]


def test_a_hundred_answers_from_one_page_of_a_kiosk_are_a_burst_whatever_their_addresses(
    client, installation
):
    with installation.store.writing() as session:
        made = make_survey(session)
        change_channels(session, made, {"kiosk": True}, end_hosts=(), user_id=None)
    form = {**fields(1), "form-key": form_key(opened(client, f"/k/{made.link}"))}
    for n in range(MANY):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{n}"
        kept = client.post(f"/k/{made.link}/answers?id={uuid4()}", data=form)
        assert kept.status_code == 204
    assert flags(installation) == [[Flag.BURST]] * MANY


def test_no_table_holds_the_address_of_an_anonymous_answer(client, installation):
    with installation.store.writing() as session:
        made = make_survey(session, anonymity="anonymous")
    stuff(client, made)
    hold_no_address(installation)
    assert released(installation) == MANY
    assert flags(installation) == [[Flag.BURST]] * MANY
    hold_no_address(installation)


def hold_no_address(installation: Installation) -> None:
    with installation.store.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            assert ADDRESS not in repr(connection.execute(select(table)).all()), table.name
