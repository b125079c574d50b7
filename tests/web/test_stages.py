"""Removing a part of the map asks first, and can be undone."""

from __future__ import annotations

import html
import re

from surveyapp.journeys import actions, queries
from tests.web.world import add_user


def test_removing_a_stage_asks_names_what_goes_and_can_be_undone(installation, sign_in):
    with installation.store.writing() as session:
        user = add_user(session, "researcher")
        journey = actions.create_journey(session, name="Move", provider="Bank", user_id=user.id)
        first, _ = (
            actions.add_stage(session, journey, name=name, user_id=user.id)
            for name in ("Ask & decide", "Apply")
        )
        point = actions.add_touchpoint(session, first, name="Form", user_id=user.id)
    client, base = sign_in(user), f"/journeys/{journey.id}/stages"
    asked = html.unescape(client.get(f"{base}/{first.id}/remove").text)
    assert "Remove the stage <bdi>Ask & decide</bdi>?" in asked and "<bdi>Form</bdi>" in asked
    assert (
        "Remove the touchpoint <bdi>Form</bdi>?"
        in client.get(f"{base}/touchpoints/{point.id}/remove").text
    )

    def names() -> list[str]:
        with installation.store.reading() as session:
            return [each.name for each in queries.journey(session, journey.id).stages]

    assert names() == ["Ask & decide", "Apply"]  # asking changes nothing
    page = client.post(f"{base}/{first.id}/remove", follow_redirects=True).text
    assert names() == ["Apply"]
    assert "Ask &amp; decide has been removed. It can be restored below." in page
    (restore,) = re.findall(rf'action="({base}/removals/\d+/restore)"', page)
    page = client.post(restore, follow_redirects=True).text
    assert names() == ["Ask & decide", "Apply"]
    assert "Ask &amp; decide has been restored." in page and "/removals/" not in page
    again = client.post(restore)
    assert again.status_code == 404 and "restored already" in again.text
