"""Theme and logic: the colours and the course of a survey's page, and what it asks of whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth.permissions import Permission
from surveyapp.journeys import queries
from surveyapp.store.models import Segment, SurveyRow
from surveyapp.surveys import design, logos, quotas
from surveyapp.surveys.languages import spoken
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.settings.logic import Quota
from surveyapp.surveys.texts import spread
from surveyapp.surveys.translations import others
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.respond.headers import preview_policy
from surveyapp.web.respond.pages import Pages
from surveyapp.web.respond.theme import page_theme
from surveyapp.web.sessions import me
from surveyapp.web.theme_form import ThemeForm, form_of

theme = Blueprint(
    "theme",
    __name__,
    url_prefix="/journeys/<int:journey_id>/surveys/<int:survey_id>/theme",
)
# Apart from the customers': this application's templates leave other blanks between the lines.
_previews = Pages()


@theme.route("", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
@takes_files
def edit(journey_id: int, survey_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        journey = queries.journey(session, journey_id)
        known = session.scalars(select(Segment)).all()
        segments = [(segment.code, segment.name) for segment in known]
        limits = survey.logic.quotas
        counted = quotas.counts(session.connection(), survey_id, limits)
    asked = survey.asked(library)
    form = form_of(survey, journey, asked, segments, spoken([each for each, _ in asked]))
    if form.validate_on_submit() and form.fits():
        with form.refusing("colour"):
            with form.saving() as session:
                _change(session, queries.survey_row(session, journey_id, survey_id), form)
            flash("Saved. New visitors see the changes at once.")
            place = url_for("theme.edit", journey_id=journey_id, survey_id=survey_id)
            return redirect(place, 303)
    page = render_template(
        "theme/edit.html",
        journey=journey,
        survey=survey,
        form=form,
        theme=survey.theme,
        counted=_named(counted, limits, known),
        notes=page_theme(survey.theme.colour).notes,
        swatch=page_theme(survey.theme.colour),
        introduced=spread(survey, "introduction", others(survey, library)),
    )
    return page, form.status


def _named(
    counted: dict[str, int], limits: Sequence[Quota], segments: Sequence[Segment]
) -> list[tuple[str, int, int, bool]]:
    """Each quota with its segment's name, how many there are, how many are wanted, and whether there
    may be more because the segment is still being sorted.
    """
    names = {segment.code: segment.name for segment in segments}
    sorting = {segment.code for segment in segments if segment.sorted_to is not None}
    return [
        (
            names.get(quota.segment, quota.segment),
            counted[quota.segment],
            quota.most,
            quota.segment in sorting,
        )
        for quota in limits
    ]


def _change(session: Session, survey: SurveyRow, form: ThemeForm) -> None:
    """Everything or nothing: what is refused rolls the rest back."""
    library = installation().library
    design.change_theme(session, survey, _theme(session, survey, form), user_id=me().id)
    design.change_page(
        session,
        survey,
        introduction=form.introduction.data or "",
        paging=form.paging.data,
        auto_advance=form.auto_advance.data,
        languages=form.languages.data or [],
        user_id=me().id,
        library=library,
    )
    design.change_logic(session, survey, form.logic(), user_id=me().id, library=library)


def _theme(session: Session, survey: SurveyRow, form: ThemeForm) -> dict[str, Any]:
    """The theme's document; a logo that was uploaded is drawn anew and stored."""
    wanted: dict[str, Any] = {"colour": form.colour.data or "", "name": form.name.data or ""}
    upload = form.logo.data
    if upload:
        with upload.stream as stream:
            logo = logos.read_logo(stream.read(logos.LARGEST_UPLOAD + 1))
        file = installation().files.put(
            session, logo.data, name=f"logo {survey.code}", media_type=logo.media_type
        )
        return {
            **wanted,
            "logo_file_id": file.id,
            "logo_width": logo.width,
            "logo_height": logo.height,
        }
    if form.remove_logo.data:
        return wanted
    kept = {name: value for name, value in survey.theme.items() if name.startswith("logo_")}
    return {**wanted, **kept}


@theme.get("/preview")
@requires(Permission.EDIT_SURVEYS)
def preview(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """The page as customers get it, in a language that they may choose; it can send nothing."""
    with installation().store.reading() as session:
        found = survey_in(session, journey_id, survey_id)
    library = installation().library
    page = _previews.page(found, request.args.get("lang") or found.language, library)
    response = Response(page.untouched.plain("preview"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = preview_policy(page.style_hash)
    return response
