"""What to look at before a survey is published, and a test answer of which nothing is stored."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict
from surveyapp.journeys import queries
from surveyapp.responses.reading import Faulty
from surveyapp.responses.submission import read_submission
from surveyapp.store.audit import record
from surveyapp.store.models import Segment, SurveyRow, TestAnswer
from surveyapp.surveys.checklist import Check, Facts, Place, blockers
from surveyapp.surveys.checklist import checklist as checks_of
from surveyapp.surveys.queries import survey_in, survey_of
from surveyapp.surveys.survey import Survey
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.respond.headers import preview_policy
from surveyapp.web.respond.pages import Page, Pages, rendered
from surveyapp.web.sessions import me

checklist = Blueprint(
    "checklist",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/checklist",
)
PAGES = {
    Place.OVERVIEW: "surveys.show",
    Place.LOGIC: "theme.edit",
    Place.TRANSLATIONS: "translations.edit",
    Place.CHANNELS: "channels.show",
    Place.SAMPLING: "sampling.edit",
    Place.MESSAGES: "messages.edit",
    Place.TEST: "checklist.test",
}


@checklist.get("")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, survey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        row = queries.survey_row(session, journey_id, survey_id)
        survey = survey_of(row)
        checks = checks_for(session, row)
    return render_template(
        "checklist/show.html",
        journey=journey,
        survey=survey,
        checks=checks,
        blocked=bool(blockers(checks)),
        pages=PAGES,
    )


def checks_for(session: Session, row: SurveyRow) -> tuple[Check, ...]:
    """The list of a survey as it stands."""
    tested = session.get(TestAnswer, row.id)
    facts = Facts(
        segments=set(session.scalars(select(Segment.code))),
        sends_mail=bool(installation().settings.smtp_url),
        tested_at=tested.made_at if tested else None,
        now=installation().now(),
    )
    return checks_of(survey_of(row), installation().library, facts)


def refuse_blocked(session: Session, row: SurveyRow) -> None:
    """Raise Conflict, naming every blocker, where the survey cannot be published."""
    found = blockers(checks_for(session, row))
    if found:
        told = " ".join(f"{each.name}: {each.reason}" for each in found)
        raise Conflict(f"{row.name} cannot be published. {told}")


@checklist.route("/test", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def test(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """The customers' page, all of it at once; what is sent is read and scored, and not stored."""
    library = installation().library
    with installation().store.reading() as session:
        row = queries.survey_row(session, journey_id, survey_id)
        found = blockers(checks_for(session, row))
        survey = evolve(survey_in(session, journey_id, survey_id), paging="page")
    if found:
        raise Conflict(f"{survey.name} cannot be tested yet. {found[0].reason}")
    page = Pages().page(survey, request.args.get("lang") or survey.language, library)
    if request.method == "GET":
        return _form(page, page.form_class())
    read = _read(survey, page)
    if isinstance(read, Faulty):
        form = page.form_class(request.form)
        form.judge(without=page.hidden(request.form))
        return _form(page, form, status=422)
    with installation().store.writing() as session:
        there = queries.survey_row(session, journey_id, survey_id)
        made = TestAnswer(survey_id=there.id, user_id=me().id, made_at=installation().now())
        session.merge(made)
        record(session, me().id, "test survey", f"survey {there.code}")
    scores = ", ".join(f"{scale} {value:g}" for scale, value in read.scores.items())
    flash(f"The test was read and not stored. Scores: {scores or 'none'}.")
    ids: dict[str, Any] = {"journey_id": journey_id, "survey_id": survey_id}
    return redirect(url_for("checklist.show", **ids), 303)


def _read(survey: Survey, page: Page) -> Any:
    now = installation().now()
    return read_submission(
        survey,
        page.raw(request.form),
        submission_key="test",
        attributes={},
        customer_ref=None,
        invitation=None,
        started_at=now,
        source="link",
        paradata={},
        language=page.content.language,
        now=now,
        library=installation().library,
    )


def _form(page: Page, form: Any, *, status: int = 200) -> Response:
    """The page with a form that sends to this address alone, with the token of a staff form."""
    html = rendered(page, form, "test", sent=request.form)
    before, mark, after = html.partition('<form id="survey"')
    token = f'<input type="hidden" name="csrf_token" value="{generate_csrf()}"></form>'
    answer = Response(
        before + mark + after.replace("</form>", token, 1), status, mimetype="text/html"
    )
    policy = preview_policy(page.style_hash).replace("form-action 'none'", "form-action 'self'")
    answer.headers["Content-Security-Policy"] = policy
    answer.headers["Cache-Control"] = "no-store"
    return answer
