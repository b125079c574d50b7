"""Codes by frequency, the scores that go with them, and pain points with their whys."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.comments import code_book, pain_points
from surveyapp.comments.bands import bands_of
from surveyapp.errors import Invalid
from surveyapp.results.comment_causes import causes
from surveyapp.store.models import Journey, User
from tests.comments.test_coding import Coders, coders

__all__ = ["coders"]


def test_causes_are_ordered_small_ones_hidden_and_scores_compared(coders: Coders):
    said = [("wait", 2, 12), ("staff", 9, 8), ("both", 5, 1)]
    for what, nps, times in said:
        for k in range(times):
            number = coders.commented.say(what, nps=nps - k % 3)
            codes = {"wait": [coders.wait], "staff": [coders.staff]}
            coders.code(0, number, *codes.get(what, [coders.wait, coders.staff]))
    with coders.store.reading() as session:
        book = code_book.codes_of(session, coders.journey_id)
        bands = bands_of([coders.commented.survey], BUILT_IN)
        found = causes(session, coders.ids, book, bands, minimum=5)
        hiding = causes(session, coders.ids, book, bands, minimum=10)
    assert found.coded == 21
    assert [(each.name, each.count, round(each.cumulative)) for each in found.causes] == [
        *[("Wait", 13, 59), ("Staff", 9, 100)]
    ]
    wait, staff = found.impacts["nps"]
    assert (wait.name, staff.name) == ("Wait", "Staff") and wait.is_significant
    assert wait.mention.difference < -4 < 4 < staff.mention.difference
    assert ([each.name for each in hiding.causes], hiding.hidden) == (["Wait"], 1)
    assert hiding.impacts == {}
    assert found.themes == {}  # no theme has two codes


def test_a_theme_is_mentioned_where_one_of_its_codes_is_and_hides_no_small_one(coders: Coders):
    with coders.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        rare = code_book.add_code(
            session, journey, {"code": "rare", "name": "Rare", "theme": "Other"}, user_id=None
        ).id
        for code in code_book.codes_of(session, coders.journey_id):
            code.theme = code.theme or "Branch"
    for codes, nps, times in (
        ([coders.wait], 2, 6),
        ([coders.staff], 4, 6),
        ([coders.wait, coders.staff], 3, 2),
        ([rare], 9, 3),
        ([], 8, 5),
    ):
        for k in range(times):
            coders.code(0, coders.commented.say("said", nps=nps - k % 2), *codes)

    def themes() -> dict[str, tuple[str, int, int]]:
        with coders.store.reading() as session:
            book = code_book.codes_of(session, coders.journey_id)
            bands = bands_of([coders.commented.survey], BUILT_IN)
            found = causes(session, coders.ids, book, bands, minimum=5)
        return {
            scale: [(each.name, each.mention.n, each.mention.n_others) for each in impacts]
            for scale, impacts in found.themes.items()
        }

    assert themes() == {"nps": [("Branch", 14, 8)]}
    with coders.store.writing() as session:
        code_book.code_of(session, coders.journey_id, rare).theme = "Branch"
    assert themes() == {}


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_pain_points_keep_their_whys_and_owner(coders: Coders, app, installation, sign_in):
    with installation.store.reading() as session:
        client = sign_in(session.get_one(User, coders.people[0]))
    address = f"/journeys/{coders.journey_id}/causes"
    assert "Too few coded comments" in client.get(address).text
    sent = {"title": "Long wait", "theme": "Wait", "why1": "Few counters", "why3": "No budget"}
    sent["owner"] = str(coders.people[1])
    assert client.post(f"{address}/pain-points/new", data=sent).status_code == 303
    page = client.get(address).text
    assert "Few counters" in page and "No budget <b>(root cause)</b>" in page
    refused = client.post(f"{address}/pain-points/1", data={**sent, "owner": "999"})
    assert refused.status_code == 422 and "no active account" in refused.text
    assert (
        client.post(
            f"{address}/pain-points/1", data={**sent, "why2": "", "solved": "y"}
        ).status_code
        == 303
    )
    with installation.store.writing() as session:
        journey = session.get_one(Journey, coders.journey_id)
        [point] = pain_points.pain_points_of(session, journey.id)
        assert (point.state, point.whys) == ("solved", ["Few counters", "No budget"])
        rest = {"theme": "", "owner_id": None, "solved": False, "user_id": None}
        with pytest.raises(Invalid, match="Enter a title"):
            pain_points.write_pain_point(session, journey, None, title=" ", whys=[], **rest)
