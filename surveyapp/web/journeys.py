"""Journeys: the list, a new one, and one journey with its scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from surveyapp.auth.grants import able, journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.journeys import actions, queries
from surveyapp.journeys.action_plan_queries import is_overdue, next_actions
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.journey_kinds import JOURNEY, KINDS, set_kind
from surveyapp.journeys.journey_templates import journey_template, journey_templates
from surveyapp.journeys.map_history import drawn_journey
from surveyapp.journeys.population_shares import journeys_with_shares
from surveyapp.journeys.portfolio import LONGEST, choices_of, listed, place_journey, tags_text
from surveyapp.journeys.reviews import CADENCES, LONGEST_NOTICE, review_journey
from surveyapp.journeys.reviews import is_overdue as is_review_overdue
from surveyapp.journeys.sub_journeys import parents_of
from surveyapp.journeys.target_journeys import TARGET, kind_to_json, set_target_of
from surveyapp.journeys.template_actions import draw_template
from surveyapp.journeys.zone_actions import set_zone
from surveyapp.results import dashboards
from surveyapp.results.benchmarks.benchmarks import benchmarks, benchmarks_to_json
from surveyapp.results.benchmarks.sets import values_of
from surveyapp.results.comments.quotes import newest_quotes
from surveyapp.results.findings import findings
from surveyapp.results.funnels.rate_phrases import response_sentence, segment_sentence
from surveyapp.results.funnels.rates import segment_rate
from surveyapp.results.invariance.segment_verdict_phrases import verdicts_beside
from surveyapp.results.invariance.time_verdict_phrases import barred_over_time
from surveyapp.results.journey_json import (
    findings_to_json,
    overview_to_json,
    priorities_to_json,
    sparklines_to_json,
    touchpoint_to_json,
    trends_to_json,
)
from surveyapp.results.maps.heat_map import heat_map
from surveyapp.results.portfolio import phrases as portfolio_phrases
from surveyapp.results.portfolio.portfolio import portfolio
from surveyapp.results.portfolio.portfolio_json import portfolio_to_json
from surveyapp.results.portfolio.sparklines import sparklines
from surveyapp.results.scope import Scope
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.rows import target_rows, target_rows_to_json
from surveyapp.results.view_models import ResponseRate, SegmentRate
from surveyapp.store.models import Journey, User
from surveyapp.surveys.queries import surveys_of
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json, wants_json
from surveyapp.web.number_formats import day
from surveyapp.web.portfolio import (
    arguments_of,
    page_asked,
    portfolio_axis,
    scope_of_all,
    search_asked,
)
from surveyapp.web.reads import note_read
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField

journeys = Blueprint("journeys", __name__)

STATES = [
    ("current", "Current: as customers experience it today"),
    ("target", "Target: as it should become"),
    ("archived", "Archived: kept for reference"),
]


class JourneyForm(StaffForm):
    name = StringField(
        "Name",
        [InputRequired("Enter a name for the journey."), Length(max=200)],
        description="What the customer sets out to do, such as Open an account.",
    )
    provider = StringField(
        "Organisation",
        [
            InputRequired("Enter the name of the organisation that customers deal with."),
            Length(max=200),
        ],
        description="As customers know it. Questionnaires insert it into their questions.",
    )
    goal = TextAreaField(
        "The customer's goal",
        [Optional(), Length(max=5000)],
        description="In the customer's words: what makes the journey a success?",
    )
    state = SelectField("State", choices=choices(STATES))
    kind = SelectField(
        "Kind",
        [Optional()],
        choices=choices([(each.code, f"{each.title}: {each.said}") for each in KINDS]),
        description="Decides which lanes stand first, and the stages of an empty map.",
    )
    run_gap_days = WholeNumberField(
        "Days of inactivity that end a journey run",
        [Optional()],
        description="Leave empty to end a run only when the customer answers about the whole journey.",
    )
    period_months = WholeNumberField(
        "Months that pages and reports are about",
        [Optional()],
        description="The last complete months, compared with as many before, until somebody chooses"
        " others: more for a journey with few answers. Leave empty for the server's default.",
    )
    own_zone = StringField(
        "Reporting time zone",
        [Optional(), Length(max=60)],
        description="Days, months and periods of this journey are counted by it. An IANA name such as"
        " Europe/Helsinki; leave empty for the server's default.",
    )

    def wanted(self) -> dict[str, Any]:
        numbers = {name: self[name].data for name in ("run_gap_days", "period_months")}
        told = {**self.plain(), **numbers}
        told.pop("kind")  # set apart: it can draw stages
        return told


class PlacedForm(JourneyForm):
    """A journey that is there: also who answers for it, and how it is found among others."""

    owner = SelectField("Owner", description="Who answers for the journey.")
    group_name = StringField(
        "Group",
        [Optional(), Length(max=LONGEST)],
        description="A line of business or a country, such as Lending. Groups order the list of journeys.",
    )
    tag_words = StringField(
        "Tags",
        [Optional(), Length(max=2000)],
        description="Words by which journeys are found together, with commas between them.",
    )
    next_review = DateField("Next review", [Optional()])
    review_every = SelectField(
        "Reviewed",
        choices=choices([("", "Not regularly"), *((each, each.capitalize()) for each in CADENCES)]),
        description="The button Reviewed today on the journey's page sets the next day by it.",
    )
    review_notice_days = WholeNumberField(
        "Remind the owner, days before",
        [Optional(), NumberRange(0, LONGEST_NOTICE)],
        description="By email, and again when the day is over.",
    )
    target_of = SelectField(
        "Target of",
        [Optional()],
        description="Of a target state: the journey as it is today. Their gap has a page.",
    )

    def place(self) -> dict[str, Any]:
        """What is said of the journey's place among others."""
        notice = self.review_notice_days.data
        return {
            "owner_id": int(self.owner.data) if self.owner.data else None,
            "group": self.group_name.data or "",
            "tags": self.tag_words.data or "",
            "next_review": self.next_review.data,
            "review_every": self.review_every.data or "",
            "review_notice_days": 7 if notice is None else notice,
        }

    def wanted(self) -> dict[str, Any]:
        own = (
            *("owner", "group_name", "tag_words"),
            *("next_review", "review_every", "review_notice_days", "target_of"),
        )
        return {name: value for name, value in super().wanted().items() if name not in own}


def _placed_form(session: Session, journey: Journey) -> PlacedForm:
    """The form as it is stored, with everybody who may own the journey."""
    form = PlacedForm(
        obj=journey,
        owner=str(journey.owner_id or ""),
        tag_words=tags_text(each.tag for each in journey.tags),
        target_of=str(journey.target_of_id or ""),
    )
    owners = {each.id: each.name for each in able(session, Permission.READ_JOURNEYS, journey.id)}
    if journey.owner_id is not None and journey.owner_id not in owners:
        owners[journey.owner_id] = session.get_one(User, journey.owner_id).name
    named = [(str(number), name) for number, name in owners.items()]
    form.owner.choices = choices([("", "Nobody"), *named])
    form.target_of.choices = choices([("", "No journey"), *_currents(session, journey)])
    return form


def _currents(session: Session, journey: Journey) -> list[tuple[str, str]]:
    """The journeys that this one can be the target of; the one that it is, whoever may read it."""
    granted = journeys_granted(me(), Permission.READ_JOURNEYS)
    found = {
        str(each.id): each.name
        for each in queries.journeys(session, granted)
        if each.id != journey.id and each.state != TARGET
    }
    if journey.target_of_id is not None:
        found.setdefault(str(journey.target_of_id), "A journey that you may not read")
    return list(found.items())


@journeys.get("/")
@requires(Permission.READ_JOURNEYS, lists=True)
def home() -> ResponseReturnValue:
    asked = request.query_string.decode("ascii", "ignore")  # as it stood: the months, the weighting
    return redirect(f"{url_for('journeys.index')}{'?' if asked else ''}{asked}", 303)


@journeys.get("/journeys")
@journeys.get("/journeys.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS, lists=True)
def index() -> ResponseReturnValue:
    granted = journeys_granted(me(), Permission.READ_JOURNEYS)
    scope, search = scope_of_all(), search_asked()
    asked, rules = page_asked(scope), dashboard_rules()
    with installation().store.reading() as session:
        known = listed(session, granted)
        chosen = [each for each in known if search.finds(each)]
        found = portfolio(session, chosen, asked, now=installation().now(), **rules)
        parents = parents_of(session, [each.journey.id for each in found.lines], granted)
        any_shares = journeys_with_shares(session, [each.id for each in known])
        planned = next_actions(session, journeys_granted(me(), Permission.READ_RESULTS))
        quotes = newest_quotes(
            session,
            found.told,
            {each.id: each.calendar for each in known},
            journeys_granted(me(), Permission.READ_COMMENTS),
            now=installation().now(),
        )
    if quotes and not wants_json():
        note_read("list comments", "journeys", quotes=len(quotes))
    few = rules["minimum_cell"]
    return page(
        "journeys/index.html",
        portfolio_to_json(found, few=few),
        found=found,
        known=bool(known),
        any_shares=any_shares or scope.weighted,
        search=search,
        choices=choices_of(known),
        scope=scope,
        kept=arguments_of(search, asked, scope),
        sentence=portfolio_phrases.sentence(found, few=few),
        words=portfolio_phrases,
        axis=portfolio_axis(found.lines),
        quotes=quotes,
        parents=parents,
        planned=planned,
        overdue={each.id for each in planned if is_overdue(each, installation().now().date())},
        late_reviews={
            each.id
            for each in known
            if is_review_overdue(each.next_review, each.calendar.day(installation().now()))
        },
        names={each.id: each.name for each in known},
    )


@journeys.route("/journeys/new", methods=["GET", "POST"])
@requires(Permission.CREATE_JOURNEYS)
def new() -> ResponseReturnValue:
    template = journey_template(request.args.get("template", ""))
    form = JourneyForm(
        name=template.name if template else None, goal=template.goal if template else None
    )
    if form.validate_on_submit():
        with form.refusing("name"):
            with installation().store.writing() as session:
                journey = actions.create_journey(
                    session,
                    **form.wanted(),
                    default_zone=installation().settings.time_zone,
                    user_id=me().id,
                )
                if template is not None:
                    draw_template(session, journey, template, user_id=me().id)
                set_kind(session, journey, form.kind.data or JOURNEY, user_id=me().id)
            if template is not None:
                flash(f"Journey {journey.name} created. Rename and move what does not fit.")
            else:
                flash(f"Journey {journey.name} created. Now add its stages and touchpoints.")
            return redirect(url_for("stages.index", journey_id=journey.id), 303)
    new_page = render_template(
        "journeys/form.html",
        form=form,
        journey=None,
        templates=journey_templates(),
        template=template,
    )
    return new_page, form.status


@journeys.route("/journeys/<int:journey_id>/edit", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def edit(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        form = _placed_form(session, journey)
    if form.validate_on_submit():
        with form.refusing("name"):
            with form.saving() as session:
                known = queries.journey(session, journey_id)
                wanted = form.wanted()
                zone, default = wanted.pop("own_zone"), installation().settings.time_zone
                actions.edit_journey(session, known, **wanted, user_id=me().id)
                today = calendar_of(known).day(installation().now())
                place_journey(session, known, **form.place(), today=today, user_id=me().id)
                set_kind(session, known, form.kind.data or known.kind, user_id=me().id)
                if form.target_of.data is not None:
                    current = int(form.target_of.data) if form.target_of.data else None
                    set_target_of(session, known, current, user_id=me().id)
                counting = set_zone(session, known, zone, default=default, user_id=me().id)
            flash(
                "Saved."
                if counting is None
                else "Saved. Responses are being counted by the new time zone; until this is done,"
                " days and months stay as they are."
            )
            return redirect(url_for("stages.index", journey_id=journey_id), 303)
    return render_template("journeys/form.html", form=form, journey=journey), form.status


@journeys.get("/journeys/<int:journey_id>")
@journeys.get("/journeys/<int:journey_id>.json", endpoint="show_json")
@requires(Permission.READ_JOURNEYS)
def show(journey_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        overview = dashboards.journey_overview(session, scope, **rules)
        rates = dashboards.response_rates(session, scope, **rules)
        own = None if scope.of_everybody else segment_rate(session, scope, **rules)
        sparks = sparklines(session, scope, **rules)
        bar = scope_bar(session, scope)
        answered = queries.has_responses(session, journey_id)
        granted = journeys_granted(me(), Permission.READ_JOURNEYS)
        kind = kind_to_json(session, journey, granted)
        values = values_of(session, {each.definition.scale for each in overview.end})
    few, found = rules["minimum_cell"], findings(overview, weights=True)
    aims = target_rows(overview, rates, own)
    today = calendar_of(journey).day(installation().now())
    compared = benchmarks(overview, values, today=today)
    returned = _returned(rates, own, scope) if any(rate.sent for rate in rates) else ""
    return page(
        "journeys/show.html",
        {
            **scope_to_json(scope),
            **overview_to_json(overview),
            **kind,
            "last_months": sparklines_to_json(sparks, few=few),
            "response_rate": returned or None,
            "findings": findings_to_json(found),
            "priorities": priorities_to_json(overview.advice, few=few),
            "targets": target_rows_to_json(aims, few=few),
            "benchmarks": benchmarks_to_json(compared, few=few),
        },
        journey=journey,
        overdue=is_review_overdue(journey.next_review, today),
        overview=overview,
        told=verdicts_beside(overview),
        barred=barred_over_time(overview),
        sparks=sparks,
        heat=heat_map(overview),
        findings=found,
        scope=scope,
        bar=bar,
        returned=returned,
        has_surveys=bool(rates),
        has_answers=answered,
        aims=aims,
        benchmarks=compared,
        targets_explained=target_phrases.EXPLAINED,
    )


def _returned(rates: Sequence[ResponseRate], own: SegmentRate | None, scope: Scope) -> str:
    """How many came back, of everybody or of the segment; invitations know no channel that they will be
    answered by.
    """
    whole = scope.period.whole
    if scope.channel or scope.language:
        return ""
    if scope.of_everybody:
        return response_sentence(rates, whole=whole)
    return segment_sentence(own, rates, whole=whole, few=installation().settings.minimum_cell)


@journeys.post("/journeys/<int:journey_id>/review")
@requires(Permission.REVIEW_JOURNEYS)
def review(journey_id: int) -> ResponseReturnValue:
    """Note that the journey was reviewed today, which sets the next day."""
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        today = calendar_of(journey).day(installation().now())
        next_one = review_journey(session, journey, today=today, user_id=me().id)
    flash(
        f"Reviewed today. The next review is on {day(next_one)}." if next_one else "Reviewed today."
    )
    return redirect(url_for("journeys.show", journey_id=journey_id), 303)


@journeys.get("/journeys/<int:journey_id>/touchpoints/<int:touchpoint_id>")
@journeys.get(
    "/journeys/<int:journey_id>/touchpoints/<int:touchpoint_id>.json", endpoint="touchpoint_json"
)
@requires(Permission.READ_JOURNEYS)
def touchpoint(journey_id: int, touchpoint_id: int) -> ResponseReturnValue:
    rules = dashboard_rules()
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        found = queries.touchpoint(session, journey_id, touchpoint_id)
        overview = dashboards.journey_overview(session, scope, **rules)
        trends = dashboards.trend(session, scope, at=[touchpoint_id], **rules)
        bar = scope_bar(session, scope)
        asked = surveys_of(session, journey_id)
        journey = queries.journey(session, journey_id)
        stage = queries.stage(session, journey_id, found.stage_id)
    few = rules["minimum_cell"]
    seen = next(t for t in overview.touchpoints if t.id == touchpoint_id)
    own = [trend for trend in trends if trend.touchpoint_id == touchpoint_id]
    return page(
        "journeys/touchpoint.html",
        {
            "journey": overview.code,
            "segment": overview.segment.code if overview.segment else None,
            **scope_to_json(scope),
            "minimum_cell": few,
            "stage": stage.code,
            **touchpoint_to_json(seen, few=few),
            "trends": trends_to_json(own, few=few),
        },
        journey=journey,
        stage=stage,
        touchpoint=found,
        seen=seen,
        compared=overview.compared,
        left_out=overview.flagged,
        trends=own,
        scope=scope,
        bar=bar,
        surveys=[each for each in asked if each.touchpoint_id == touchpoint_id],
    )
