"""The bank's journeys in the store, and what is asked at each place of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.demo import study, worded
from surveyapp.demo.bank import PROVIDER, JourneyPlan
from surveyapp.journeys import actions as journeys
from surveyapp.responses.retention_rules import KeepRule, Method, set_rule
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Journey, SurveyRow, Touchpoint
from surveyapp.surveys import actions
from surveyapp.surveys.design import change_page
from surveyapp.surveys.prize_draws import change_draw
from surveyapp.surveys.queries import survey_of
from surveyapp.surveys.translations import translate

_AT_TOUCHPOINT = ("csat", "ces")
_AT_END = ("sjq", "nps", "loyalty")
_LANGUAGES = ("ar", "de", "es", "fi", "fr", "sv")
_KEPT = KeepRule(18, Method.ANONYMISE)
_STUDY = ("sjq", "servqual-p", "loyalty", "marker")


def draw_map(session: Session, plan: JourneyPlan) -> dict[str, SurveyRow]:
    """The journey with what is asked at each place; its end under "", a study of it by its name."""
    journey = journeys.create_journey(
        session, name=plan.name, provider=PROVIDER, goal=plan.goal, code=plan.code, user_id=None
    )
    surveys: dict[str, SurveyRow] = {}
    for stage_plan in plan.stages:
        stage = journeys.add_stage(
            session,
            journey,
            name=stage_plan.name,
            goal=stage_plan.goal,
            code=stage_plan.code,
            user_id=None,
        )
        for point in stage_plan.touchpoints:
            touchpoint = journeys.add_touchpoint(
                session,
                stage,
                name=point.name,
                channel=point.channel,
                ownership=point.ownership,
                partner=point.partner,
                moment_of_truth=point.moment_of_truth,
                code=point.code,
                user_id=None,
            )
            surveys[point.code] = _publish(session, journey, touchpoint, point.name, _AT_TOUCHPOINT)
    surveys[""] = _publish(session, journey, None, f"{plan.name}: looking back", _AT_END)
    # Beyond what a demonstration holds: its page shows which months will go when.
    set_rule(session, survey_of(surveys[""]), _KEPT, user_id=None, now=utc_now())
    if plan.studied:
        surveys[study.PLACE] = _publish(
            session, journey, None, f"{plan.name}: study", _STUDY, code=study.PLACE
        )
    return surveys


def _publish(
    session: Session,
    journey: Journey,
    touchpoint: Touchpoint | None,
    name: str,
    asked: Sequence[str],
    *,
    code: str = "end",
) -> SurveyRow:
    introduction = worded.AT_TOUCHPOINT if touchpoint else worded.AT_END
    survey = actions.create_survey(
        session,
        journey,
        name=name,
        introduction=introduction,
        consent=worded.CONSENT,
        asks=[{"instrument": code} for code in asked],
        touchpoint=touchpoint,
        code=f"{journey.code}-{touchpoint.code if touchpoint else code}",
        user_id=None,
        library=BUILT_IN,
    )
    # Drafts of translations, which a demonstration may show.
    change_page(
        session,
        survey,
        introduction=introduction,
        paging=survey.paging,
        auto_advance=False,
        languages=_LANGUAGES,
        user_id=None,
        library=BUILT_IN,
    )
    offers = code == study.PLACE  # it is the longest
    if offers:
        change_draw(session, survey, text=worded.DRAW, user_id=None)
    place = touchpoint.code if touchpoint else journey.code
    written = worded.translations(introduction, place, draw=offers)
    translate(session, survey, written, user_id=None, library=BUILT_IN)
    return survey
