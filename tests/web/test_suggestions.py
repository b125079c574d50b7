"""The page of suggestions: on SQLite, as the pages do not differ by database."""

from __future__ import annotations

import html
import re

import pytest
from lxml.html import fromstring

from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_steps import SET, TOUCHPOINT, Step, take
from surveyapp.journeys.suggestions import SuggestionKind
from surveyapp.results.suggestions import Suggestion
from surveyapp.web.installation import EXTENSION
from surveyapp.web.suggestions import address_of
from tests.web.test_changes import app, client, made
from tests.web.world import add_user, session_key

__all__ = ["app", "client", "made"]
pytestmark = pytest.mark.xdist_group("suggestions")


def test_a_suggestion_has_its_numbers_leads_to_a_form_and_is_dismissed(client, made, app):
    base = f"/journeys/{made.journey}/suggestions"
    assert "Nothing to suggest" in client.get(f"{base}?from=2001-01&to=2001-02").text
    with app.extensions[EXTENSION].store.writing() as session:
        journey = whole_map(session, made.journey)
        step = Step(SET, TOUCHPOINT, id=made.touchpoints["id"], field="assumed_feeling", text="2")
        take(session, journey, step, user_id=None)
    key = f"worse-{made.touchpoints['id']}"
    listed = {
        each["key"]: each for each in client.get(f"{base}.json?period=all").json["suggestions"]
    }
    worse = listed[key]
    assert worse["measured"]["low"] < worse["measured"]["estimate"] < worse["measured"]["high"]
    assert worse["measured"]["n"] == 60
    page = client.get(f"{base}?period=all").text
    assert "Worse than the map assumes" in page and "n = 60" in page
    (act,) = re.findall(r'href="([^"]*/pain-points/new[^"]*)"', page)
    form = client.get(html.unescape(act)).text
    assert "Customers feel worse than assumed at Identity check" in form
    asked = client.get(f"{base}/dismiss?key={key}").text
    assert "Customers feel worse than assumed at Identity check" in asked
    for reason, why in (("", "Enter a reason."), (" ", "The reason has 0 characters")):
        empty = client.post(f"{base}/dismiss", data={"key": key, "reason": reason})
        assert empty.status_code == 422 and why in empty.text
    assert client.post(f"{base}/dismiss", data={"key": "x", "reason": "No"}).status_code == 404
    said = {"key": key, "reason": "Known <since> May"}
    for _ in range(2):
        gone = client.post(f"{base}/dismiss", data=said, follow_redirects=True).text
        assert gone.count("Known &lt;since&gt; May") == 1
    found = client.get(f"{base}.json?period=all").json
    assert key not in [each["key"] for each in found["suggestions"]]
    (dismissed,) = found["dismissed"]
    assert (dismissed["key"], dismissed["reason"]) == (key, "Known <since> May")
    address = f"{base}/{dismissed['id']}/restore"
    assert client.post(address).status_code == 303
    assert client.post(address).status_code == 404
    again = client.get(f"{base}.json?period=all").json
    assert key in [each["key"] for each in again["suggestions"]] and again["dismissed"] == []


def test_a_suggested_moment_of_truth_is_ticked_in_the_form_until_it_is_saved(made, app):
    installation, point = app.extensions[EXTENSION], made.touchpoints["chat"]
    with installation.store.writing() as session:
        user = add_user(session, "administrator", email="maps@example.org")
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = session_key(installation, user)
    found = Suggestion(SuggestionKind.TRUTH, f"truth-{point}", "Mark it", "Why", place_id=point)
    with app.test_request_context():
        suggested = address_of(made.journey, found).partition("#")[0]
    plain = suggested.partition("?")[0]

    def values(address: str) -> dict[str, str]:
        forms = fromstring(client.get(address).text).forms
        (own,) = [form for form in forms if "moment_of_truth" in form.fields]
        return dict(own.form_values())

    offered = values(suggested)
    assert offered["moment_of_truth"] == "y" and "moment_of_truth" not in values(plain)
    assert "ticked as suggested" in client.get(suggested).text
    unticked = {name: value for name, value in offered.items() if name != "moment_of_truth"}
    assert client.post(suggested, data=unticked).status_code == 303
    assert "moment_of_truth" not in values(plain)
    assert client.post(suggested, data=values(suggested)).status_code == 303
    assert values(plain)["moment_of_truth"] == "y"
    assert "ticked as suggested" not in client.get(suggested).text
