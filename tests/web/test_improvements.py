"""Pages about what is to become better: on SQLite, as the pages do not differ by database."""

from __future__ import annotations

import html

import pytest

from tests.web.test_changes import app, client, made

__all__ = ["app", "client", "made"]
pytestmark = pytest.mark.xdist_group("improvements")


def test_a_manager_adds_judges_removes_and_restores_a_pain_point(client, made):
    base = f"/journeys/{made.journey}/pain-points"
    assert "No pain points here" in client.get(base).text
    point = f"touchpoint-{made.touchpoints['id']}"
    filled = client.get(f"{base}/new?touchpoint={made.touchpoints['id']}&title=Slow <id>").text
    assert "Slow &lt;id&gt;" in filled and "Low answer:" in filled
    said = {
        "title": "Slow <id>",
        "severity": "abandons",
        "place": point,
        "affected": "low csat.csat",
    }
    wrong = client.post(f"{base}/new", data={**said, "title": " "})
    assert wrong.status_code == 422 and "Enter a title" in wrong.text
    page = client.post(f"{base}/new", data=said, follow_redirects=True).text
    assert "Slow &lt;id&gt; has been added." in page and "Customers give up" in page
    (listed,) = client.get(f"{base}.json?severity=abandons&state=open&period=all").json[
        "pain_points"
    ]
    assert (listed["touchpoint"], listed["severity"]) == ("id", "abandons")
    affected = listed["affected"]
    assert affected["n"] == 60 and affected["low"] < affected["percent"] < affected["high"]
    assert client.get(f"{base}.json?severity=trivial").json["pain_points"] == []
    assert client.get(f"{base}?severity=awful").status_code == 422
    address = f"{base}/{listed['id']}"
    assert f"n = {affected['n']}" in client.get(f"{base}?period=all").text
    missing = client.post(f"{address}/evidence", data={"kind": "case", "number": "99"})
    assert missing.status_code == 422 and "There is no case number 99" in missing.text
    alone = client.post(f"{address}/evidence", data={"kind": "response", "number": "1"})
    assert alone.status_code in (403, 422)  # a manager reads no single responses
    gone = client.post(f"{address}/remove", follow_redirects=True).text
    assert f'action="{address}/restore"' in gone and "No pain points here" in gone
    back = client.post(f"{address}/restore", follow_redirects=True).text
    assert "Slow <id> has been restored." in html.unescape(back)
