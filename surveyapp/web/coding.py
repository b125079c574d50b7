"""Coding of comments: the code book, two coders apart from each other, what they disagree on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.comments import code_book, coding
from surveyapp.comments.coding import Queue
from surveyapp.errors import Invalid, NotFound
from surveyapp.exports.code_book import code_book_csv
from surveyapp.jobs.kinds import PROPOSE_THEMES, JourneyPayload
from surveyapp.journeys import queries
from surveyapp.results.comments.coding_agreement import agreement_by_code
from surveyapp.results.comments.proposals import newest_proposals
from surveyapp.results.definitions import scored
from surveyapp.store.audit import record
from surveyapp.store.models import CommentCode
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.filters import number_asked
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.quota import leave_room
from surveyapp.web.reads import note_read
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

coding_pages = Blueprint("coding", __name__, url_prefix="/journeys/<int:journey_id>/coding")


class CodeForm(StaffForm):
    code = StringField(
        "Code",
        [Optional(), Length(max=60)],
        description="A short word for exports, such as long_wait. It never changes.",
    )
    name = StringField("Name", [InputRequired("Enter a name for the code."), Length(max=200)])
    definition = TextAreaField(
        "Definition",
        [Optional(), Length(max=2000)],
        description="When the code is given and when not, with an example.",
    )
    theme = StringField("Theme", [Optional(), Length(max=200)], description="Groups codes.")
    dimension = StringField(
        "Dimension", [Optional(), Length(max=200)], description="Groups themes."
    )
    retired = BooleanField(
        "Retired", description="No longer offered; comments that have it keep it."
    )


class CodingForm(StaffForm):
    response = HiddenField("Response")
    item = HiddenField("Question")
    queue = HiddenField("Queue")
    codes = SelectMultipleField("Codes", coerce=int, validate_choice=False)


@coding_pages.get("")
@requires(Permission.CODE_COMMENTS)
def index(journey_id: int) -> ResponseReturnValue:
    """How far the coding has come, the code book, and how far the coders agree."""
    with installation().store.reading() as session:
        journey, ids = queries.journey(session, journey_id), _surveys(session, journey_id)
        book = code_book.codes_of(session, journey_id)
        return render_template(
            "coding/index.html",
            journey=journey,
            book=book,
            progress=coding.progress(session, ids),
            agreement=agreement_by_code(session, ids, book),
        )


@coding_pages.route("/codes/new", methods=["GET", "POST"])
@requires(Permission.EDIT_CODE_BOOK)
def new(journey_id: int) -> ResponseReturnValue:
    form = CodeForm()
    if form.validate_on_submit():
        with form.refusing("code"), installation().store.writing() as session:
            journey = queries.journey(session, journey_id)
            code_book.add_code(session, journey, form.plain(), user_id=me().id)
            flash("Code added.")
            return redirect(url_for("coding.index", journey_id=journey_id), 303)
    return _code_page(journey_id, form, None)


@coding_pages.route("/codes/<int:code_id>", methods=["GET", "POST"])
@requires(Permission.EDIT_CODE_BOOK)
def edit(journey_id: int, code_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        code = code_book.code_of(session, journey_id, code_id)
        form = CodeForm(obj=code)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                journey = queries.journey(session, journey_id)
                found = code_book.code_of(session, journey_id, code_id)
                code_book.change_code(session, journey, found, form.plain(), user_id=me().id)
            flash("Code saved.")
            return redirect(url_for("coding.index", journey_id=journey_id), 303)
    return _code_page(journey_id, form, code)


@coding_pages.get("/comment")
@requires(Permission.CODE_COMMENTS)
def comment(journey_id: int) -> ResponseReturnValue:
    """The next comment to code."""
    queue = _queue(request.args.get("queue", Queue.NEW))
    after = number_asked("after", largest=LARGEST_LONG)
    with installation().store.reading() as session:
        journey, ids = queries.journey(session, journey_id), _surveys(session, journey_id)
        found = coding.next_comment(session, ids, queue, user_id=me().id, after=after)
        book = code_book.codes_of(session, journey_id, retired=False)
    note_read("read comment to code", f"journey {journey.code}", queue=queue)
    form = CodingForm(formdata=None)
    return render_template(
        "coding/comment.html", journey=journey, comment=found, book=book, queue=queue, form=form
    )


@coding_pages.post("/comment")
@requires(Permission.CODE_COMMENTS)
def keep(journey_id: int) -> ResponseReturnValue:
    """Keep the codes of a comment and go on to the next."""
    form, key, codes = _sent()
    queue = _queue(form.queue.data)
    now = installation().now()
    with installation().store.writing() as session:
        coding.code_comment(session, journey_id, key, codes, user_id=me().id, now=now)
    return redirect(url_for("coding.comment", journey_id=journey_id, queue=queue), 303)


@coding_pages.get("/disagreements")
@requires(Permission.CODE_COMMENTS)
def disagreements(journey_id: int) -> ResponseReturnValue:
    """Comments that two have coded differently."""
    with installation().store.reading() as session:
        journey, ids = queries.journey(session, journey_id), _surveys(session, journey_id)
        found = coding.disagreements(session, ids)
        book = code_book.codes_of(session, journey_id)
    note_read("list disagreements", f"journey {journey.code}")
    return render_template(
        "coding/disagreements.html",
        journey=journey,
        found=found,
        book=book,
        names={each.id: each.name for each in book},
        most=coding.MOST_SHOWN,
    )


@coding_pages.post("/disagreements")
@requires(Permission.CODE_COMMENTS)
def settle(journey_id: int) -> ResponseReturnValue:
    """Say for good how a comment is coded."""
    _, key, codes = _sent()
    now = installation().now()
    with installation().store.writing() as session:
        coding.settle(session, journey_id, key, codes, user_id=me().id, now=now)
    return redirect(url_for("coding.disagreements", journey_id=journey_id), 303)


@coding_pages.get("/proposals")
@requires(Permission.CODE_COMMENTS)
def proposals(journey_id: int) -> ResponseReturnValue:
    """What a job has proposed, and how good that is."""
    at = installation()
    with at.store.reading() as session:
        journey, surveys = queries.journey(session, journey_id), surveys_of(session, journey_id)
        job = newest_proposals(session, journey_id)
    return render_template(
        "coding/proposals.html",
        journey=journey,
        job=job,
        result=job.result if job and job.state == "done" else None,
        scales={k: v.definition.short for k, v in scored(surveys, library=at.library).items()},
    )


@coding_pages.post("/proposals")
@requires(Permission.CODE_COMMENTS)
def propose(journey_id: int) -> ResponseReturnValue:
    """Have themes proposed by the worker."""
    with installation().store.writing() as session:
        leave_room(session)
        journey = queries.journey(session, journey_id)
        payload = JourneyPayload(journey_id)
        PROPOSE_THEMES.ask(session, payload, journey_id=journey_id, user_id=me().id)
        record(session, me().id, "ask theme proposals", f"journey {journey.code}")
    return redirect(url_for("coding.proposals", journey_id=journey_id), 303)


@coding_pages.get("/code-book.csv")
@requires(Permission.CODE_COMMENTS)
def download(journey_id: int) -> ResponseReturnValue:
    """The code book as a file."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        text = code_book_csv(code_book.codes_of(session, journey_id))
    note_read("export code book", f"journey {journey.code}")
    answer = Response(text, mimetype="text/csv")
    name = f"code-book-{journey.code}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _surveys(session: Session, journey_id: int) -> list[int]:
    return [each.id for each in surveys_of(session, journey_id)]


def _queue(text: Any) -> Queue:
    if text not in set(Queue):
        raise Invalid(f"queue={str(text)[:20]} is no queue; use new or second.")
    return Queue(text)


def _sent() -> tuple[CodingForm, coding.Key, list[int]]:
    """The form as it was sent, the comment that it is about, and the codes."""
    form = CodingForm()
    if not form.validate():
        raise Invalid("The codes could not be read; go back and choose again.", field="codes")
    number = whole_number(form.response.data or "", largest=LARGEST_LONG)
    if number is None:
        raise NotFound("This comment is not stored any more; go on with the next.")
    return form, (number, form.item.data or ""), form.codes.data or []


def _code_page(journey_id: int, form: CodeForm, code: CommentCode | None) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    page = render_template("coding/code.html", journey=journey, form=form, code=code)
    return page, form.status
