"""Responses: the list, one of them in words, and all of them as a file."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.exports.chosen import Chosen, count_chosen
from surveyapp.exports.codebook.forms import FORMS as CODEBOOKS
from surveyapp.exports.codebook.forms import form_of
from surveyapp.exports.formats.registry import FORMATS, Format, format_of
from surveyapp.exports.responses import answers_table, responses_table
from surveyapp.exports.weights import check_weights
from surveyapp.journeys import queries
from surveyapp.journeys.segments import parse
from surveyapp.responses import erasures, flags, listing
from surveyapp.responses.erasures import LONGEST_NOTE, Reason, Removal
from surveyapp.results.scope import read_scope
from surveyapp.results.weights.weighting import why_not_weighted
from surveyapp.store.audit import record
from surveyapp.surveys.queries import surveys_of
from surveyapp.web import downloads
from surveyapp.web.downloads import download_as
from surveyapp.web.filters import number_asked, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.ids import LARGEST_LONG
from surveyapp.web.installation import installation
from surveyapp.web.reads import note_read
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me

responses = Blueprint("responses", __name__, url_prefix="/journeys/<int:journey_id>/responses")

PAGE = 50
MOST_TIMES = 200  # rows of the page of flagged answers


@responses.get("")
@requires(Permission.READ_RESPONSES)
def index(journey_id: int) -> ResponseReturnValue:
    scope, survey_id = read_scope(journey_id, request.args), _survey_asked()
    before = number_asked("before", largest=LARGEST_LONG)
    after = number_asked("after", largest=LARGEST_LONG)
    with installation().store.reading() as session:
        journey, carried = queries.journey(session, journey_id), scope_asked(session, journey_id)
        surveys = surveys_of(session, journey_id)
        bar = scope_bar(session, scope)
        wanted = listing.Wanted(
            survey_id,
            None if scope.of_everybody else parse(queries.segment(session, scope.segment_id).rule),
            scope.period.since,
            scope.period.until,
            before,
            after,
            scope.channel,
            scope.language,
        )
        found = listing.lines(
            session,
            journey_id,
            wanted,
            limit=PAGE + 1,
            library=installation().library,
        )
        chosen = [each.id for each in surveys if survey_id in (None, each.id)]
        removed = erasures.removed_by_staff(session, chosen)
        unusual = sum(flags.flagged(session, chosen).values())
        # A codebook describes the column of weights where there can be one.
        has_weights = scope.weighted and not why_not_weighted(session, scope)
    note_read("list responses", f"journey {journey.code}", survey=survey_id, **scope.arguments)
    more = len(found) > PAGE
    shown = found[-PAGE:] if after is not None else found[:PAGE]
    return render_template(
        "responses/index.html",
        journey=journey,
        surveys=surveys,
        survey_id=survey_id,
        scope=scope,
        carried=carried,
        segments=bar.segments,
        bar=bar,
        lines=shown,
        older=shown[-1].id if shown and (more or after is not None) else None,
        newer=shown[0].id
        if shown and (before is not None or (after is not None and more))
        else None,
        formats=FORMATS.values(),
        codebooks=CODEBOOKS.values(),
        removed=removed,
        unusual=unusual,
        reasons=REASONS,
        described=replace(scope, flagged=False, weighted=has_weights).arguments
        | ({"survey": survey_id} if survey_id else {}),
        kept={
            **replace(scope, flagged=False).arguments,
            **({"survey": survey_id} if survey_id else {}),
        },
    )


@responses.get("/flagged")
@requires(Permission.READ_RESPONSES)
def flagged(journey_id: int) -> ResponseReturnValue:
    """When answers came in an unusual way, and how many."""
    survey_id = _survey_asked()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        surveys = surveys_of(session, journey_id)
        chosen = [each for each in surveys if survey_id in (None, each.id)]
        found = flags.pattern(session, chosen)
    return render_template(
        "responses/flagged.html",
        journey=journey,
        surveys=surveys,
        survey_id=survey_id,
        times=found[:MOST_TIMES],
        more=len(found) > MOST_TIMES,
        count=sum(each.answers for each in found),
        words=flags.WORDS,
        kept={"survey": survey_id} if survey_id else {},
    )


@responses.get("/<long:response_id>")
@requires(Permission.READ_RESPONSES)
def show(journey_id: int, response_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = listing.in_words(session, journey_id, response_id, library=installation().library)
    _note_one(found)
    return render_template("responses/show.html", journey=journey, found=found)


def _note_one(found: listing.InWords) -> None:
    """Write that this response is read. Of an anonymous survey only that one is: the entry's time
    would say until when it had been answered.
    """
    number = None if found.survey.is_anonymous else str(found.response.public_id)
    note_read("read response", f"survey {found.survey.code}", response=number)


REASONS = {
    Reason.TEST: "Test answer",
    Reason.SPAM: "Spam",
    Reason.WRONG_PERSON: "Answered by the wrong person",
    Reason.OTHER: "Other",
    Reason.IMPORT: "With an import",
}


class RemovalForm(StaffForm):
    reason = RadioField(
        "Reason",
        [InputRequired("Choose why the response is removed.")],
        choices=choices(pair for pair in REASONS.items() if pair[0] is not Reason.IMPORT),
    )
    note = StringField(
        "Note",
        [Length(max=LONGEST_NOTE)],
        description="Kept with the reason; do not name the customer. Required where the reason is Other.",
    )


@responses.route("/<long:response_id>/remove", methods=["GET", "POST"])
@requires(Permission.REMOVE_RESPONSES)
def remove(journey_id: int, response_id: int) -> ResponseReturnValue:
    """The page that says what goes with a response; sent, its removal."""
    form = RemovalForm()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = listing.in_words(session, journey_id, response_id, library=installation().library)
    if form.validate_on_submit():
        with form.refusing("reason"), installation().store.writing() as session:
            removal = Removal(Reason(form.reason.data), me().id, form.note.data or "")
            erasures.remove(
                *(session, found.survey, response_id, removal),
                now=installation().now(),
                secret_key=installation().secret_key,
            )
            flash("The response has been removed.")
            return redirect(url_for("responses.index", journey_id=journey_id), 303)
    _note_one(found)
    page = render_template("responses/remove.html", journey=journey, found=found, form=form)
    return page, form.status


@responses.get("/export")
@requires(Permission.EXPORT_RESPONSES)
def export(journey_id: int) -> ResponseReturnValue:
    """The responses that the filters choose, in the format and form that were asked for."""
    return _export(journey_id, format_of(request.args.get("format", "csv"), Path()))


@responses.get("/export.csv")
@requires(Permission.EXPORT_RESPONSES)
def export_csv(journey_id: int) -> ResponseReturnValue:
    """The same as CSV, at the address that programs know."""
    return _export(journey_id, FORMATS["csv"])


@responses.get("/codebook")
@requires(Permission.EXPORT_RESPONSES)
def codebook(journey_id: int) -> ResponseReturnValue:
    """What the columns of the export mean, in the form that was asked for."""
    from surveyapp.exports.codebook.entries import codebook as codebook_of  # needs pandas

    chosen = form_of(request.args.get("format", "html"))
    scope, survey_id = read_scope(journey_id, request.args), _survey_asked()
    at = installation()
    with at.store.writing() as session:
        journey = queries.journey(session, journey_id)
        said = {"format": chosen.code, "survey": survey_id}
        record(
            session,
            me().id,
            "export codebook",
            f"journey {journey.code}",
            **said,
            **scope.arguments,
        )
    with at.store.reading() as session:
        wanted = Chosen(scope, survey_id)
        _refuse_codebook(count_chosen(session, wanted))  # before they are found one by one
        table = responses_table(session, wanted, library=at.library)
        _refuse_codebook(table.count)
        book = codebook_of(session, wanted, now=at.now(), library=at.library, table=table)
    answer = Response(chosen.write(book), mimetype=chosen.media_type)
    name = f"codebook-{journey.code}{chosen.suffix}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _refuse_codebook(responses: int) -> None:
    if responses > downloads.MOST_MADE:
        raise Invalid(
            f"A codebook of more than {downloads.MOST_MADE:,} responses is not made on this page;"
            f" these are {responses:,}. Choose a shorter period, or run `surveyapp codebook`."
        )


def _export(journey_id: int, form: Format) -> ResponseReturnValue:
    scope, survey_id = read_scope(journey_id, request.args), _survey_asked()
    long = request.args.get("form") == "long"
    customers = current_user.may(Permission.EXPORT_CUSTOMERS)
    without_flagged = request.args.get("flagged") == "no"
    wanted = Chosen(scope, survey_id, customers, unflagged=without_flagged)
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        wanted.rule(session)  # NotFound before the file begins
        check_weights(session, wanted, long=long)
        said = {"format": form.code, "long": long, "customers": customers, "survey": survey_id}
        said |= {"without_flagged": True} if without_flagged else {}
        subject = f"journey {journey.code}"
        record(session, me().id, "export responses", subject, **said, **scope.arguments)
    make = answers_table if long else responses_table
    table = partial(make, wanted=wanted, library=installation().library)
    counted = partial(count_chosen, wanted=wanted)
    name = f"{'answers' if long else 'responses'}-{journey.code}"
    return download_as(form, table, name, expected=None if long else counted)


def _survey_asked() -> int | None:
    """The survey to show; bookmarks from before say ``deployment``."""
    return number_asked("survey" if "survey" in request.args else "deployment")
