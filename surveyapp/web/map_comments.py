"""Comments of staff on a journey's map: read, written, answered, resolved and removed."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.grants import able
from surveyapp.auth.permissions import Permission
from surveyapp.distribution.mention_mails import tell_mentioned
from surveyapp.errors import Invalid
from surveyapp.journeys import map_comments as known_ones
from surveyapp.journeys.comment_places import JOURNEY, CommentPlace, CommentPlaces, read_place
from surveyapp.journeys.map_comments import LONGEST, PAGE, Written
from surveyapp.journeys.map_history import drawn_journey, whole_map
from surveyapp.journeys.mentions import Person
from surveyapp.results.maps.map_comment_json import threads_to_json
from surveyapp.store.models import Journey
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me

map_comments = Blueprint("map_comments", __name__, url_prefix="/journeys/<int:journey_id>")

OPEN, RESOLVED = "open", "resolved"
_HINT = "@ and a name or an address tells somebody who has access to the journey, by email."


class AnswerForm(StaffForm):
    text = TextAreaField(
        "Answer", [InputRequired("Write something."), Length(max=LONGEST)], description=_HINT
    )


class CommentForm(StaffForm):
    at = SelectField("About", validators=[InputRequired("Choose what it is about.")])
    text = TextAreaField(
        "Comment", [InputRequired("Write something."), Length(max=LONGEST)], description=_HINT
    )


@map_comments.get("/map-comments")
@map_comments.get("/map-comments.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS)
def index(journey_id: int) -> ResponseReturnValue:
    """The threads of the whole map, or of the place that the address names."""
    return _page(journey_id)


@map_comments.post("/map-comments")
@requires(Permission.COMMENT_ON_MAPS)
def write(journey_id: int) -> ResponseReturnValue:
    form = _form(journey_id, _asked())
    if form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                journey = drawn_journey(session, journey_id)
                written = known_ones.comment_on(
                    session,
                    journey,
                    read_place(form.at.data),
                    form.text.data,
                    people=_people(session, journey_id),
                    user_id=me().id,
                    now=installation().now(),
                )
                told = _tell(session, journey, written)
            return _done(journey_id, written, told)
    return _page(journey_id, form=form), 422


@map_comments.post("/map-comments/<int:map_comment_id>/answer")
@requires(Permission.COMMENT_ON_MAPS)
def answer(journey_id: int, map_comment_id: int) -> ResponseReturnValue:
    form = AnswerForm()
    with installation().store.reading() as session:
        known_ones.thread_of(session, journey_id, map_comment_id)
    if form.validate_on_submit():
        with form.refusing("text"):
            with installation().store.writing() as session:
                journey = drawn_journey(session, journey_id)
                written = known_ones.answer(
                    session,
                    journey,
                    known_ones.thread_of(session, journey_id, map_comment_id),
                    form.text.data,
                    people=_people(session, journey_id),
                    user_id=me().id,
                    now=installation().now(),
                )
                told = _tell(session, journey, written)
            return _done(journey_id, written, told)
    return _page(journey_id, answering=(map_comment_id, form)), 422


@map_comments.post("/map-comments/<int:map_comment_id>/resolve")
@requires(Permission.COMMENT_ON_MAPS)
def resolve(journey_id: int, map_comment_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        thread = known_ones.thread_of(session, journey_id, map_comment_id)
        known_ones.resolve(session, journey, thread, user_id=me().id, now=installation().now())
    flash("The thread is resolved.")
    return _back(journey_id)


@map_comments.post("/map-comments/<int:map_comment_id>/reopen")
@requires(Permission.COMMENT_ON_MAPS)
def reopen(journey_id: int, map_comment_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        thread = known_ones.thread_of(session, journey_id, map_comment_id)
        known_ones.reopen(session, journey, thread, user_id=me().id)
    flash("The thread is open again.")
    return _back(journey_id, thread=map_comment_id)


@map_comments.post("/map-comments/<int:map_comment_id>/remove")
@requires(Permission.COMMENT_ON_MAPS)
def remove(journey_id: int, map_comment_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        comment = known_ones.comment_of(session, journey_id, map_comment_id)
        known_ones.remove(session, journey, comment, user_id=me().id)
    flash("Your comment has been removed.")
    return _back(journey_id)


def _page(
    journey_id: int,
    *,
    form: CommentForm | None = None,
    answering: tuple[int, AnswerForm] | None = None,
) -> Response:
    at, state = _asked(), request.args.get("state", OPEN)
    if state not in (OPEN, RESOLVED):
        raise Invalid(f"state={state[:20]} is not one of {OPEN}, {RESOLVED}.", field="state")
    number = max(1, number_asked("page") or 1)
    with installation().store.reading() as session:
        journey = whole_map(session, journey_id)
        where = CommentPlaces(session, journey).title(at) if at else ""
        found, total = known_ones.threads(
            session, journey, at=at, resolved=state == RESOLVED, page=number
        )
        people = _people(session, journey_id)
    return page(
        "map_comments/index.html",
        {
            "journey": journey.code,
            "at": at.key if at else None,
            "state": state,
            "page": number,
            "total": total,
            "threads": threads_to_json(found),
        },
        journey=journey,
        threads=found,
        total=total,
        number=number,
        pages=max(1, -(-total // PAGE)),
        state=state,
        at=at.key if at else "",
        where=where,
        people=people,
        form=form or _form(journey_id, at),
        answering=answering,
        me_id=me().id,
    )


def _form(journey_id: int, at: CommentPlace | None) -> CommentForm:
    """The form for a new thread at a place, or anywhere on the map."""
    with installation().store.reading() as session:
        places = CommentPlaces.of_journey(session, journey_id)
        offered = places.beside(at or CommentPlace(JOURNEY))
        sent = request.form.get("at", "")
        if sent and sent not in offered:  # a cell that the page offered from another address
            offered = {**offered, sent: places.title(read_place(sent))}
    form = CommentForm(data={"at": at.key if at else JOURNEY})
    form.at.choices = choices(offered.items())
    return form


def _asked() -> CommentPlace | None:
    key = request.args.get("at", "")
    return read_place(key) if key else None


def _people(session: Session, journey_id: int) -> list[Person]:
    """Who has access to the journey, and so can be mentioned."""
    found = able(session, Permission.READ_JOURNEYS, journey_id)
    return [Person(each.id, each.name, each.email) for each in found]


def _tell(session: Session, journey: Journey, written: Written) -> int:
    return tell_mentioned(session, journey, written, author=me().name, installation=installation())


def _done(journey_id: int, written: Written, told: int) -> ResponseReturnValue:
    names = ", ".join(each.name for each in written.people)
    if names and told:
        flash(f"Saved. {names} will be told by email.")
    elif names:
        flash(f"Saved. No mail server is set, so {names} will not be told by email.")
    else:
        flash("Saved.")
    return _back(journey_id, thread=written.comment.thread_id or written.comment.id)


def _back(journey_id: int, *, thread: int = 0) -> ResponseReturnValue:
    at = _asked()
    anchor = f"comment-{thread}" if thread else None
    key = at.key if at else None
    return redirect(
        url_for("map_comments.index", journey_id=journey_id, _anchor=anchor, at=key), 303
    )
