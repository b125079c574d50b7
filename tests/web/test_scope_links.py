"""A journey's pages, its download and its reports are about the customers and months chosen on one."""

from __future__ import annotations

import csv
import io
import re

import pytest

from instruments.loader import BUILT_IN
from surveyapp.reports.actions import scope_of
from surveyapp.responses.actions import submit
from surveyapp.results.scope import Scope
from surveyapp.store.models import AuditEntry, Report
from tests.responses.makers import NOW, as_survey, make_segment, make_survey, some_answers
from tests.web.world import add_user

MONTH = f"{NOW:%Y-%m}"


@pytest.fixture
def place(installation) -> tuple[int, int]:
    """A journey of six responses, every other of the north; its id and the segment's."""
    with installation.store.writing() as session:
        made = make_survey(session, asks=("csat",))
        north = make_segment(session, "north", "region = North")
        for at in range(6):
            submit(
                session,
                as_survey(session, made),
                some_answers(at + 1, ("csat",)),
                submission_key=str(at),
                attributes={"region": ("North", "South")[at % 2]},
                now=NOW,
                library=BUILT_IN,
            )
        return made.journey_id, north.id


@pytest.fixture
def researcher(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
    return sign_in(user)


def links(page: str) -> list[str]:
    return [each.replace("&amp;", "&") for each in re.findall(r'href="([^"]+)"', page)]


@pytest.mark.parametrize("tab", ["", "/results", "/responses"])
def test_the_tabs_of_a_journey_keep_the_customers_and_months(researcher, place, tab: str):
    journey, north = place
    asked = f"segment={north}&from={MONTH}"
    found = links(researcher.get(f"/journeys/{journey}{tab}?{asked}").text)
    for other in ("", "/results", "/responses"):
        assert f"/journeys/{journey}{other}?{asked}" in found
    assert f"/journeys/{journey}/surveys" in found  # which are of all customers


def test_channel_and_language_are_chosen_carried_and_taken_away(researcher, place):
    journey, north = place
    asked = f"segment={north}&from={MONTH}&channel=link&language=en&flagged=yes"
    for tab in ("", "/results", "/responses"):
        found = researcher.get(f"/journeys/{journey}{tab}?{asked}").text
        assert '<option value="link" selected>Open link</option>' in found
        assert '<option value="en" selected>English</option>' in found
        assert f"/journeys/{journey}/results?{asked}" in links(found)
    page = researcher.get(f"/journeys/{journey}?{asked}").text
    assert page.count("Remove filter: ") == 5
    for gone in asked.split("&"):
        rest = "&".join(each for each in asked.split("&") if each != gone)
        assert f"/journeys/{journey}?{rest}" in links(page)
    assert f"/journeys/{journey}/reports/new?{asked}" in links(page)
    # Only what there is can be chosen, and the download holds what the list does.
    plain = researcher.get(f"/journeys/{journey}").text
    assert "All channels" not in plain
    empty = researcher.get(f"/journeys/{journey}/responses/export.csv?channel=kiosk").text
    assert len(list(csv.DictReader(io.StringIO(empty)))) == 0
    assert researcher.get(f"/journeys/{journey}?channel=fax").status_code == 422


def test_the_list_and_the_download_hold_the_segment_only(installation, researcher, place):
    journey, north = place
    page = researcher.get(f"/journeys/{journey}/responses?segment={north}").text
    assert page.count("region: North") == 3
    assert "region: South" not in page
    (file,) = [each for each in links(page) if "/export.csv" in each]
    assert file.endswith(f"?segment={north}")
    rows = list(csv.DictReader(io.StringIO(researcher.get(file).text.removeprefix("\ufeff"))))
    assert [row["attribute.region"] for row in rows] == ["North"] * 3
    with installation.store.reading() as session:
        (entry,) = session.query(AuditEntry).filter_by(action="export responses")
        said = {"format": "csv", "long": False, "customers": True, "survey": None}
        assert entry.detail == {**said, "segment": str(north)}


def test_pages_of_a_segments_responses_lead_on_and_back(researcher, place, monkeypatch):
    monkeypatch.setattr("surveyapp.web.responses.PAGE", 2)
    journey, north = place
    first = researcher.get(f"/journeys/{journey}/responses?segment={north}").text
    (older,) = [each for each in links(first) if "before=" in each]
    second = researcher.get(older).text
    assert (first.count("region: North"), second.count("region: North")) == (2, 1)
    (newer,) = [each for each in links(second) if "after=" in each]
    assert researcher.get(newer).text.count("region: North") == 2


@pytest.mark.parametrize("page", ["responses", "responses/export.csv"])
def test_a_segment_that_is_gone_is_not_found(researcher, place, page: str):
    assert researcher.get(f"/journeys/{place[0]}/{page}?segment=999").status_code == 404


def test_a_report_is_asked_for_about_what_the_page_shows(installation, researcher, place):
    journey, north = place
    address = f"/journeys/{journey}/reports/new?segment={north}&from={MONTH}"
    form = researcher.get(address).text
    assert f'<option selected value="{north}">' in form
    assert f'value="{MONTH}"' in form
    wrong = researcher.post(address, data={"about": "benchmark", "segment": "", "to": "May"})
    assert (wrong.status_code, "is not a month" in wrong.text) == (422, True)
    wish = {"about": "benchmark", "segment": str(north), "from": MONTH, "to": ""}
    assert researcher.post(address, data=wish).status_code == 303
    with installation.store.reading() as session:
        (report,) = session.query(Report)
        assert scope_of(report) == Scope(journey, north, NOW.date().replace(day=1))
        assert report.title.endswith(f", North, from {NOW:%b %Y}")
