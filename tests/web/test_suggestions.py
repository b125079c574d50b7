"""The page of suggestions: on SQLite, as the pages do not differ by database."""

from __future__ import annotations

import html
import re

import pytest

from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_steps import SET, TOUCHPOINT, Step, take
from surveyapp.web.installation import EXTENSION
from tests.web.test_changes import app, client, made

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
