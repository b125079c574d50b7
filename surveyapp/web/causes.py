"""Causes: what coded comments are about, the scores that go with it, and the pain points behind it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.comments import pain_points
from surveyapp.comments.bands import bands_of
from surveyapp.comments.code_book import codes_of
from surveyapp.journeys import queries
from surveyapp.results.comment_causes import causes
from surveyapp.results.definitions import scored
from surveyapp.store.models import PainPoint
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.sessions import me

causes_pages = Blueprint("causes", __name__, url_prefix="/journeys/<int:journey_id>/causes")

_WHY = "Why does it happen?"
_AGAIN = "And why is that?"


def _why(place: int) -> StringField:
    label = f"{place}. {_WHY if place == 1 else _AGAIN}"
    return StringField(label, [Optional(), Length(max=pain_points.LONGEST_WHY)])


class PainPointForm(StaffForm):
    title = StringField("Pain point", [InputRequired("Enter a title."), Length(max=200)])
    theme = SelectField("Theme", validate_choice=False)
    why1, why2, why3, why4, why5 = (_why(place) for place in range(1, pain_points.WHYS + 1))
    owner = SelectField("Owner", validate_choice=False)
    solved = BooleanField("Solved")

    @property
    def whys(self) -> list[str]:
        """What was answered, in order."""
        fields = (self[f"why{place}"] for place in range(1, pain_points.WHYS + 1))
        return [field.data or "" for field in fields]


@causes_pages.get("")
@requires(Permission.READ_COMMENTS)
def index(journey_id: int) -> ResponseReturnValue:
    """Codes by frequency, theirs beside others' scores, pain points."""
    at = installation()
    with at.store.reading() as session:
        journey, surveys = queries.journey(session, journey_id), surveys_of(session, journey_id)
        found = causes(
            session,
            [each.id for each in surveys],
            codes_of(session, journey_id),
            bands_of(surveys, at.library),
            minimum=at.settings.minimum_cell,
        )
        return render_template(
            "causes/index.html",
            journey=journey,
            found=found,
            scales={k: v.definition.short for k, v in scored(surveys, library=at.library).items()},
            points=pain_points.pain_points_of(session, journey_id),
            minimum=at.settings.minimum_cell,
        )


@causes_pages.route("/pain-points/new", methods=["GET", "POST"])
@requires(Permission.CODE_COMMENTS)
def new(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        form = _form(session, journey_id, None)
    if form.validate_on_submit():
        with form.refusing("title"), installation().store.writing() as session:
            _write(session, journey_id, None, form)
            return redirect(url_for("causes.index", journey_id=journey_id), 303)
    return _page(journey_id, form, None)


@causes_pages.route("/pain-points/<int:pain_point_id>", methods=["GET", "POST"])
@requires(Permission.CODE_COMMENTS)
def edit(journey_id: int, pain_point_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        point = pain_points.pain_point_of(session, journey_id, pain_point_id)
        form = _form(session, journey_id, point)
    if form.validate_on_submit():
        with form.refusing("title"):
            with form.saving() as session:
                found = pain_points.pain_point_of(session, journey_id, pain_point_id)
                _write(session, journey_id, found, form)
            return redirect(url_for("causes.index", journey_id=journey_id), 303)
    return _page(journey_id, form, point)


def _write(session: Session, journey_id: int, point: PainPoint | None, form: PainPointForm) -> None:
    pain_points.write_pain_point(
        session,
        queries.journey(session, journey_id),
        point,
        title=form.title.data or "",
        theme=form.theme.data or "",
        whys=form.whys,
        owner_id=int(form.owner.data) if (form.owner.data or "").isdecimal() else None,
        solved=form.solved.data,
        user_id=me().id,
    )
    flash("Pain point saved.")


def _form(session: Session, journey_id: int, point: PainPoint | None) -> PainPointForm:
    known: dict[str, Any] = {}
    if point is not None:
        known = {"title": point.title, "theme": point.theme, "solved": point.state == "solved"}
        known |= {f"why{place}": text for place, text in enumerate(point.whys, start=1)}
        known["owner"] = str(point.owner_id or "")
    form = PainPointForm(**known)
    book = codes_of(session, journey_id, retired=False)
    themes = sorted({each.theme or each.name for each in book} | {known.get("theme") or ""} - {""})
    form.theme.choices = choices([("", "None"), *((each, each) for each in themes if each)])
    people = able(session, Permission.READ_COMMENTS, journey_id)
    form.owner.choices = choices([("", "Nobody"), *((str(each.id), each.name) for each in people)])
    return form


def _page(journey_id: int, form: PainPointForm, point: PainPoint | None) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    page = render_template("causes/pain_point.html", journey=journey, form=form, point=point)
    return page, form.status
