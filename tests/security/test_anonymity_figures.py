"""Threats 17 and 24: no page, file or program sees one anonymous answer; figures move by the minimum."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from surveyapp.installation import Installation
from surveyapp.responses.release_duty import release_all
from surveyapp.store.models import EVERYBODY, Event, Rollup, Webhook
from tests.api.conftest import call, new_key
from tests.security.anonymous import NAMES, answer, bank

__all__ = ["call", "new_key"]
# Each page's figures are there as JSON, too; pages that list responses and tell of one survey besides.
_FIGURES = re.compile(r"\.(json|csv)$|/responses$|/surveys/[0-9]+(/channels|/campaigns)?$")


def addresses(app: Flask, **known: int) -> list[str]:
    """Every address of a journey or a survey that may be read and shows _FIGURES, files included."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        found = [
            adapter.build(rule.endpoint, {name: known[name] for name in rule.arguments})
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and {"journey_id"} <= rule.arguments <= known.keys()
        ]
    return sorted(each for each in found if _FIGURES.search(each))


def said(page: bytes) -> bytes:
    """What a page says: without its tags, in which forms have tokens of their own each time."""
    return re.sub(rb"<[^>]*>", b"", page)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_figures_move_by_the_minimum_or_not_at_all(
    app: Flask, installation: Installation, call, sign_in, world
):
    made = bank(installation, NAMES[:5])
    with installation.store.writing() as session:
        session.add(Webhook(name="w", url="https://w.example", seed="s", events=["response"]))
    known = {"journey_id": made.survey.journey_id, "survey_id": made.survey.id}
    staff = sign_in(world.users["researcher"])
    places = addresses(app, **known)
    assert len(places) > 12

    def seen() -> dict[str, bytes]:
        pages = {place: said(staff.get(place).get_data()) for place in places}
        for path in (f"/responses?survey={made.survey.code}", "/journeys/open/results"):
            pages[path] = call("GET", path).get_data()
        return pages

    before = seen()
    for number in range(5):
        answer(app.test_client(), made.paths[NAMES[number]], number)
    after = seen()
    assert {place for place, page in after.items() if page != before[place]} == set()
    with installation.store.reading() as session:
        assert session.scalars(select(Event)).all() == []
        own = (Rollup.survey_id == made.survey.id, Rollup.segment_id == EVERYBODY)
        assert session.scalars(select(Rollup.n).where(*own)).all() == []
    assert release_all(installation, installation.now()) == 5
    with installation.store.reading() as session:
        assert set(session.scalars(select(Rollup.n).where(*own))) == {5}
        told = [event.subject for event in session.scalars(select(Event))]
        assert len({str(each) for each in told}) == 1 and len(told) == 5
        assert set(told[0]) == {"survey_id", "day"}
    listed = f"/journeys/{known['journey_id']}/responses"
    changed = said(staff.get(listed).get_data())
    assert changed != before[listed]
