"""Templates of journeys, and the survey plan that follows them."""

from __future__ import annotations

import pytest

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.journeys import actions, queries
from surveyapp.journeys.journey_templates import journey_template, journey_templates
from surveyapp.journeys.template_actions import draw_template
from surveyapp.questionnaires.sectors import sectors
from surveyapp.results.first_steps import first_steps
from surveyapp.store.db import Store
from surveyapp.store.models import Journey
from surveyapp.surveys.plan import draft_planned, survey_plan

WANTED = {
    *("bank-account", "mortgage", "insurance-claim", "purchase-and-return", "public-service"),
    *("patient-visit", "telecom-fault", "b2b-onboarding", "service-desk-ticket"),
}


def drawn(session, code: str) -> Journey:
    template = journey_template(code)
    assert template is not None
    journey = actions.create_journey(
        session, name=template.name, goal=template.goal, provider="Northbank", user_id=None
    )
    draw_template(session, journey, template, user_id=None)
    return journey


def test_every_template_can_be_drawn_and_all_that_it_suggests_can_be_asked(store: Store):
    assert set(journey_templates()) == WANTED
    with store.writing() as session:
        for code, template in journey_templates().items():
            assert template.sector in ("", *sectors())
            journey = drawn(session, code)
            session.flush()
            plan = survey_plan(journey)
            places = [each.place for each in plan if each.asks]
            made = draft_planned(session, journey, places, user_id=None, library=BUILT_IN)
            asked = sum(bool(point.ask) for point in template.touchpoints)
            assert len(made) == asked + 1
            assert {each.state for each in made} == {"draft"}


def test_a_patient_visit_has_six_stages_and_thirteen_touchpoints():
    template = journey_templates()["patient-visit"]
    assert (len(template.stages), len(list(template.touchpoints))) == (6, 13)
    assert all(
        any(point.moment_of_truth for point in each.touchpoints)
        for each in journey_templates().values()
    )


def test_the_plan_keeps_to_a_touchpoint_that_was_renamed_and_advises_on_a_new_one(store: Store):
    with store.writing() as session:
        journey = drawn(session, "mortgage")
        renamed = journey.stages[1].touchpoints[0]
        actions.edit_touchpoint(
            session,
            renamed,
            name="Form",
            channel="",
            ownership="provider",
            moment_of_truth=False,
            front_stage="",
            backstage="",
            user_id=None,
        )
        for name, channel, ownership in (
            ("Portal", "Web ", "provider"),
            ("Letter", "post", "provider"),
            ("Forum", "web", "social"),
        ):
            actions.add_touchpoint(
                session,
                journey.stages[0],
                name=name,
                channel=channel,
                ownership=ownership,
                user_id=None,
            )
        asked = {
            each.touchpoint.name: each.asks for each in survey_plan(journey) if each.touchpoint
        }
        assert asked["Form"] == ("ces", "effort-causes")
        assert (asked["Portal"], asked["Letter"], asked["Forum"]) == (("ces",), (), ())
        assert survey_plan(journey)[-1].asks == ("sjq", "nps")


def test_drafts_are_made_once_and_only_where_something_is_suggested(store: Store):
    with store.writing() as session:
        journey = drawn(session, "mortgage")
        journey_id = journey.id
    for expected in (1, 0):
        with store.writing() as session:
            known = queries.journey(session, journey_id)
            made = draft_planned(session, known, ["end"], user_id=None, library=BUILT_IN)
            assert len(made) == expected
    with store.writing() as session:
        known = queries.journey(session, journey_id)
        nothing = next(each.place for each in survey_plan(known) if not each.asks)
        for place in (nothing, "0", "-1", "x" * 100):
            with pytest.raises(NotFound, match="suggests nothing"):
                draft_planned(session, known, [place], user_id=None, library=BUILT_IN)


def test_a_template_begins_an_empty_journey_alone(store: Store):
    with store.writing() as session:
        journey = drawn(session, "mortgage")
        with pytest.raises(Conflict, match="has stages already"):
            draw_template(session, journey, journey_templates()["mortgage"], user_id=None)
    with pytest.raises(Invalid, match="is no template of a journey"):
        journey_template("nothing")


def test_the_first_steps_are_taken_one_after_the_other(store: Store):
    with store.writing() as session:
        journey = actions.create_journey(session, name="Move", provider="Northbank", user_id=None)
        assert [each.done for each in first_steps(session, journey, few=5)] == [False] * 7
        filled = drawn(session, "mortgage")
        draft_planned(
            session,
            filled,
            [each.place for each in survey_plan(filled) if each.asks],
            user_id=None,
            library=BUILT_IN,
        )
        session.flush()
        session.refresh(filled)
        steps = first_steps(session, filled, few=5)
        assert [each.done for each in steps] == [False, True, False, True, False, False, False]
