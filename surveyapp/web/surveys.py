"""Surveys: what is asked, where and of whom; links, QR codes and the response rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.exports.links import CUSTOMER_REF, customers_in, links_csv
from surveyapp.exports.qr import MEDIA_TYPES, qr_file
from surveyapp.i18n.languages import OWN_NAMES
from surveyapp.journeys import queries
from surveyapp.questionnaires.sectors import sector, sectors
from surveyapp.responses.flags import flagged
from surveyapp.results import dashboards, phrases
from surveyapp.results.journey_json import rate_to_json
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import SurveyRow
from surveyapp.surveys import actions, drafts, links
from surveyapp.surveys.queries import survey_in
from surveyapp.surveys.settings.texts import WRITTEN
from surveyapp.surveys.survey import Survey
from surveyapp.surveys.texts import spread
from surveyapp.surveys.translations import others
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.checklist import refuse_blocked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import TableForm, file_name

surveys = Blueprint("surveys", __name__, url_prefix="/journeys/<int:journey_id>/surveys")

JOURNEY_END = "end"


class SurveyForm(StaffForm):
    beside = ("ask", "key-", "state")
    name = StringField(
        "Name",
        [InputRequired("Enter a name for the survey."), Length(max=200)],
        description="For internal use; customers do not see it.",
    )
    place = SelectField("Touchpoint")
    language = SelectField(
        "Main language",
        choices=choices(sorted(OWN_NAMES.items(), key=lambda each: each[1].casefold())),
        default="en",
        description="The language of your own texts, also used for customers whose language is"
        " not known. You can offer other languages and translate your texts."
        " Questions marked as drafts have not been reviewed by a speaker of the"
        " language yet.",
    )
    introduction = TextAreaField(
        "Introduction",
        [Optional(), Length(max=5000)],
        description="A sentence or two above the questions.",
    )
    consent = TextAreaField(
        "Consent text",
        [Optional(), Length(max=5000)],
        description="What the answers are used for. Customers read it before they submit.",
    )
    anonymity = SelectField(
        "Anonymity",
        choices=choices(
            [
                ("pseudonymous", "Pseudonymous: a customer's answers are linked by a code"),
                ("anonymous", "Anonymous: no answer is linked to a customer or an invitation"),
            ]
        ),
    )
    open_link = BooleanField(
        "Anyone with the open link can answer",
        description="When off, only single-use links accept answers.",
        default=True,
    )


class LinksForm(TableForm):
    customers = FileField(
        "Customer list",
        [FileRequired("Choose a file.")],
        description=f"{KINDS}, with a customer_ref column and one column per attribute, such as region.",
        render_kw={"accept": ACCEPTED},
    )


@surveys.get("")
@surveys.get("/rates.json", endpoint="index_json")
@requires(Permission.EDIT_SURVEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        rates = dashboards.response_rates(
            session, Scope(journey_id), library=installation().library
        )
        states = {each.id: each.state for each in journey.surveys}
    few = installation().settings.minimum_cell
    return page(
        "surveys/index.html",
        {
            "journey": journey.code,
            "surveys": [
                {**rate_to_json(rate, few=few), "state": states[rate.survey_id]} for rate in rates
            ],
        },
        journey=journey,
        rates=rates,
        states=states,
    )


@surveys.route("/new", methods=["GET", "POST"])
@requires(Permission.EDIT_SURVEYS)
def new(journey_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    form = SurveyForm(place=request.args.get("place", JOURNEY_END))
    form.place.choices = choices(
        [
            (JOURNEY_END, "The journey as a whole, at its end"),
            *(
                (str(point.id), f"{stage.name}: {point.name}")
                for stage in journey.stages
                for point in stage.touchpoints
            ),
        ]
    )
    chosen = sector(request.args.get("sector", ""))
    template = chosen.survey_set(request.args.get("set", 0, int)) if chosen else None
    if template is not None and not form.is_sent:
        asks = [{"instrument": code, "key": None} for code in template.instruments]
    elif not form.is_sent:
        asks = [{"instrument": code, "key": None} for code in request.args.getlist("ask")]
    else:
        asks = _chosen_instruments()
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                made = _create(session, journey_id, form, asks)
            ids: dict[str, Any] = {"journey_id": journey_id, "survey_id": made.id}
            if made.state == "draft":
                return redirect(url_for("checklist.show", **ids), 303)
            flash("Survey published. Share its link, or create single-use links.")
            return redirect(url_for("surveys.show", **ids), 303)
    known = [library.load(code) for code in library.available()]
    known.sort(key=lambda each: len(each.asked()))
    more = chosen.more if chosen else {}
    form_page = render_template(
        "surveys/new.html",
        journey=journey,
        form=form,
        instruments=[each for each in known if each.code not in more],
        more=[(each, more[each.code]) for each in known if each.code in more],
        asks=asks,
        sectors=sectors(),
        sector=chosen,
    )
    return form_page, form.status


def _chosen_instruments() -> list[dict[str, Any]]:
    """The ticked instruments, each with its scoring key."""
    return [
        {"instrument": code, "key": request.form.get(f"key-{code}") or None}
        for code in request.form.getlist("ask")
    ]


def _create(
    session: Session, journey_id: int, form: SurveyForm, asks: list[dict[str, Any]]
) -> SurveyRow:
    wanted = form.plain()
    place = wanted.pop("place")
    touchpoint = (
        None if place == JOURNEY_END else queries.touchpoint(session, journey_id, int(place))
    )
    return actions.create_survey(
        session,
        queries.journey(session, journey_id),
        touchpoint=touchpoint,
        asks=asks,
        **wanted,
        state="draft" if request.form.get("state") == "draft" else "open",
        user_id=me().id,
        library=installation().library,
    )


@surveys.get("/<int:survey_id>")
@surveys.get("/<int:survey_id>.json", endpoint="show_json")
@requires(Permission.EDIT_SURVEYS)
def show(journey_id: int, survey_id: int) -> ResponseReturnValue:
    return _page(journey_id, survey_id, LinksForm())


def _page(journey_id: int, survey_id: int, form: LinksForm) -> ResponseReturnValue:
    settings = installation().settings
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
        journey = queries.journey(session, journey_id)
        [rate] = dashboards.response_rates(
            session, Scope(journey_id), library=installation().library, survey_id=survey_id
        )
        clicked = drafts.unconfirmed(session, survey_id)
        unusual = flagged(session, [survey_id]).get(survey_id, 0)
        languages = others(survey, installation().library)
        unread = _unread(survey, languages)
    instruments = [
        (installation().library.load(ask.instrument, ask.version), ask) for ask in survey.asks
    ]
    few = settings.minimum_cell
    hidden_few = phrases.hidden(Hidden.FEW, few=few)
    told = _shown(clicked, few)
    shown = page(
        "surveys/show.html",
        {
            "journey": journey.code,
            **rate_to_json(rate, few=few),
            "state": survey.state,
            "flagged": unusual,
            "clicked": [
                {
                    "question": name,
                    "clicks": total,
                    "answers": dict(answers) or None,
                    "reason": None if answers else hidden_few,
                }
                for name, total, answers in told
            ],
        },
        journey=journey,
        survey=survey,
        rate=rate,
        flagged=unusual,
        address=links.open_url(settings.base_url, survey.link),
        instruments=instruments,
        clicked=told,
        few_said=hidden_few,
        languages=languages,
        unread=unread,
        form=form,
    )
    return shown, form.status


def _unread(survey: Survey, languages: Sequence[str]) -> list[str]:
    """The languages whose customers read a text of staff in another one, or as it was before."""
    spreads = [spread(survey, name, languages) for name in WRITTEN if getattr(survey, name)]
    return [each for each in languages if any(each not in spread.written for spread in spreads)]


def _shown(
    clicked: dict[str, dict[str, int]], minimum_cell: int
) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """Questions with how many clicks each got, and with how many each answer got, in order.

    Where an answer got fewer than the minimum cell, only the total is shown: one small number could
    be had from the total and the others.
    """
    shown = []
    for name, counts in clicked.items():
        total = sum(counts.values())
        if total < minimum_cell:
            continue
        values = sorted(counts.items(), key=lambda pair: (len(pair[0]), pair[0]))
        shown.append((name, total, values if min(counts.values()) >= minimum_cell else []))
    return shown


@surveys.post("/<int:survey_id>/state")
@requires(Permission.EDIT_SURVEYS)
def set_state(journey_id: int, survey_id: int) -> ResponseReturnValue:
    wanted = request.form.get("state", "")
    with installation().store.writing() as session:
        survey = queries.survey_row(session, journey_id, survey_id)
        if wanted not in ("open", "closed"):
            raise Invalid(f"{wanted[:20]!r} is not a survey state; use open or closed.")
        if wanted == "open":
            refuse_blocked(session, survey)
            library = installation().library
            actions.open_survey(session, survey, user_id=me().id, library=library)
        else:
            actions.close_survey(session, survey, user_id=me().id)
    return redirect(url_for("surveys.show", journey_id=journey_id, survey_id=survey_id), 303)


@surveys.post("/<int:survey_id>/links")
@requires(Permission.EDIT_SURVEYS)
@takes_files
def make_links(journey_id: int, survey_id: int) -> ResponseReturnValue:
    """A CSV of single-use links for an uploaded list; shown now or never."""
    form = LinksForm()
    if form.validate_on_submit():
        with form.refusing("customers"):
            upload = form.customers.data
            customers = customers_in(
                upload.read(), file_name(upload), form.reading, needed=[CUSTOMER_REF]
            )
            with installation().store.reading() as session:
                survey = survey_in(session, journey_id, survey_id)
            issued = actions.invite_list(installation(), survey, customers, user_id=me().id)
            answer = Response(links_csv(issued), mimetype="text/csv")
            name = f"links-{survey.code}.csv"
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return answer
    return _page(journey_id, survey_id, form)


@surveys.get("/<int:survey_id>/qr.<any(svg, png):kind>")
@requires(Permission.EDIT_SURVEYS)
def qr_code(journey_id: int, survey_id: int, kind: str) -> ResponseReturnValue:
    with installation().store.reading() as session:
        survey = survey_in(session, journey_id, survey_id)
    address = links.open_url(installation().settings.base_url, survey.link)
    picture = qr_file(address, kind, title=f"Link to {survey.name}")
    answer = Response(picture, mimetype=MEDIA_TYPES[kind])
    if "download" in request.args:
        answer.headers["Content-Disposition"] = f'attachment; filename="qr-{survey.code}.{kind}"'
    return answer
