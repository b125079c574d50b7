"""Alerts: one's own, a journey's with their history, a new one from where somebody looks."""

from __future__ import annotations

from math import isfinite
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.grants import able, journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.closed_loop import alert_queries, alert_words
from surveyapp.closed_loop import alerts as actions
from surveyapp.closed_loop.alert_duty import send_test
from surveyapp.closed_loop.alert_rules import KINDS, MOST_MONTHS, AlertRule, watchable
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.population_shares import population_shares
from surveyapp.results import phrases
from surveyapp.results.journey import ground
from surveyapp.results.scope import Comparison, Scope
from surveyapp.store.models import Journey, Segment
from surveyapp.web.alert_form import APART, AlertForm, filled
from surveyapp.web.filters import scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.sessions import me
from surveyapp.whole import whole_number

alerts = Blueprint("alerts", __name__)
alerts.add_app_template_filter(alert_words.period_said, "alert_period")

_IN_QUERIES = "!$'()*,/:;?@"  # what an address may have there as it is
_LONGEST_NAME = 200  # of a place or a score in the address
MUTES = ((1, "1 day"), (7, "7 days"), (30, "30 days"), (90, "90 days"))


@alerts.app_template_global()
def alert_address(journey_id: int, scope: Scope | None, **asked: object) -> str:
    """Where an alert is added with what is ``asked`` filled in. A table has a hundred of these, so that the
    router is asked once for all of a page.
    """
    pages: dict[int, str] = g.setdefault("alert_pages", {})
    if journey_id not in pages:
        pages[journey_id] = url_for("alerts.new", journey_id=journey_id)
    said = dict(scope.arguments if scope else {}, **asked)
    query = {name: value for name, value in said.items() if value is not None}
    return f"{pages[journey_id]}?{urlencode(query, safe=_IN_QUERIES)}"


@alerts.get("/alerts")
@alerts.get("/alerts.json", endpoint="index_json")
@requires(Permission.READ_RESULTS, lists=True)
def index() -> ResponseReturnValue:
    """The alerts that one has made or is told by."""
    granted, now = journeys_granted(me(), Permission.READ_RESULTS), installation().now()
    with installation().store.reading() as session:
        lines = alert_queries.of_person(
            session, me().id, granted, now=now, installation=installation()
        )
    few = installation().settings.minimum_cell
    return page(
        "alerts/index.html",
        {"alerts": [alert_queries.line_to_json(each, few=few) for each in lines]},
        lines=lines,
        now=now,
        mutes=MUTES,
    )


@alerts.get("/journeys/<int:journey_id>/alerts")
@alerts.get("/journeys/<int:journey_id>/alerts.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    """A journey's alerts, what they see and what they have told."""
    now = installation().now()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        lines = alert_queries.of_journey(session, journey_id, now=now, installation=installation())
        by = actions.doer(session, me(), journey_id)
    few = installation().settings.minimum_cell
    return page(
        "alerts/show.html",
        {
            "journey": journey.code,
            "minimum_cell": few,
            "alerts": [alert_queries.line_to_json(each, few=few) for each in lines],
        },
        journey=journey,
        lines=lines,
        now=now,
        by=by,
        mail=bool(installation().settings.smtp_url),
        mutes=MUTES,
    )


@alerts.route("/journeys/<int:journey_id>/alerts/new", methods=["GET", "POST"])
@requires(Permission.SET_ALERTS)
def new(journey_id: int) -> ResponseReturnValue:
    """A new alert about the score, place and answers that the address names."""
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        before = _asked(scope)
        by = actions.doer(session, me(), journey_id)
        form = _form(session, journey, before, by)
        about = _about(session, before)
    if form.validate_on_submit():
        with form.refusing("what"), installation().store.writing() as session:
            actions.create_alert(session, form.rule(before), by=by, installation=installation())
        if not form.errors:
            flash("Alert added. It judges the last complete months now, then each month once.")
            return _back(journey_id)
    shown = render_template("alerts/form.html", form=form, journey=journey, alert=None, about=about)
    return shown, form.status


@alerts.route("/journeys/<int:journey_id>/alerts/<int:alert_id>", methods=["GET", "POST"])
@requires(Permission.SET_ALERTS)
def change(journey_id: int, alert_id: int) -> ResponseReturnValue:
    """Have an alert look at something else, or tell others."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        alert = actions.alert_of(session, journey_id, alert_id)
        before = actions.rule_of(alert)
        by = actions.doer(session, me(), journey_id)
        actions.check_change(alert, by)
        form = _form(session, journey, before, by)
        about = _about(session, before)
    if form.validate_on_submit():
        with form.refusing("what"), form.saving() as session:
            found = actions.alert_of(session, journey_id, alert_id)
            rule = form.rule(actions.rule_of(found))
            actions.change_alert(session, found, rule, by=by, installation=installation())
        if not form.errors:
            flash("Alert saved.")
            return _back(journey_id)
    shown = render_template(
        "alerts/form.html", form=form, journey=journey, alert=alert, about=about
    )
    return shown, form.status


@alerts.post("/journeys/<int:journey_id>/alerts/<int:alert_id>/active")
@requires(Permission.SET_ALERTS)
def set_active(journey_id: int, alert_id: int) -> ResponseReturnValue:
    wanted = {"1": True, "0": False}.get(request.form.get("active", ""))
    with installation().store.writing() as session:
        alert = actions.alert_of(session, journey_id, alert_id)
        if wanted is None:
            raise Invalid("An alert can only be resumed (1) or paused (0); nothing was changed.")
        by = actions.doer(session, me(), journey_id)
        actions.set_active(session, alert, wanted, by=by)
    return _back(journey_id)


@alerts.post("/journeys/<int:journey_id>/alerts/<int:alert_id>/mute")
@requires(Permission.SET_ALERTS)
def mute(journey_id: int, alert_id: int) -> ResponseReturnValue:
    days = whole_number(request.form.get("days", ""), largest=actions.LONGEST_MUTE)
    with installation().store.writing() as session:
        alert = actions.alert_of(session, journey_id, alert_id)
        by = actions.doer(session, me(), journey_id)
        given = -1 if days is None else days
        actions.mute(session, alert, given, by=by, now=installation().now())
    flash(f"Muted for {days} day{'' if days == 1 else 's'}." if days else "Told again.")
    return _back(journey_id)


@alerts.post("/journeys/<int:journey_id>/alerts/<int:alert_id>/test")
@requires(Permission.SET_ALERTS)
def test(journey_id: int, alert_id: int) -> ResponseReturnValue:
    """Send what the alert would tell today to everybody whom it tells."""
    now = installation().now()
    with installation().store.writing() as session:
        alert = actions.alert_of(session, journey_id, alert_id)
        actions.check_change(alert, actions.doer(session, me(), journey_id))
        today = calendar_of(queries.journey(session, journey_id)).day(now)
        send_test(session, alert, now=now, today=today, installation=installation())
    flash("The test is on its way to everybody whom the alert tells.")
    return _back(journey_id)


@alerts.post("/journeys/<int:journey_id>/alerts/<int:alert_id>/remove")
@requires(Permission.SET_ALERTS)
def remove(journey_id: int, alert_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        alert = actions.alert_of(session, journey_id, alert_id)
        actions.remove(session, alert, by=actions.doer(session, me(), journey_id))
    flash("Alert deleted.")
    return _back(journey_id)


@alerts.post(
    "/journeys/<int:journey_id>/alerts/<int:alert_id>/crossings/<long:alert_event_id>/acknowledge"
)
@requires(Permission.SET_ALERTS)
def acknowledge(journey_id: int, alert_id: int, alert_event_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        alert = actions.alert_of(session, journey_id, alert_id)
        event = actions.event_of(session, alert, alert_event_id)
        actions.acknowledge(session, event, user_id=me().id, now=installation().now())
    flash("Acknowledged.")
    return _back(journey_id)


def _asked(scope: Scope) -> AlertRule:
    """What the page that somebody comes from is about; told to themselves unless they change it."""
    place = request.args.get("place", "").strip()[:_LONGEST_NAME]
    scale = request.args.get("metric", "").strip()[:_LONGEST_NAME]
    year = scope.comparison is Comparison.YEAR
    kind = request.args.get("kind", "")
    return AlertRule(
        journey_id=scope.journey_id,
        scale=scale,
        place=place,
        segment_id=scope.segment_id,
        channel=scope.channel,
        language=scope.language,
        flagged=scope.flagged,
        weighted=scope.weighted,
        kind=kind if kind in KINDS else "threshold",
        value=_value(request.args.get("value", "")),
        outside=kind == "control",  # both limits are drawn where somebody comes from
        comparison="year" if year else "before",
        months=1 if kind == "control" else min(scope.period.length or 1, MOST_MONTHS),
        people=[me().id],
    )


def _value(text: str) -> float:
    """A threshold as the address names it, such as that of a target; 0 where it is no number."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0


def _form(session: Session, journey: Journey, rule: AlertRule, by: actions.Doer) -> AlertForm:
    asked = watchable(ground(session, journey.id, library=installation().library))
    staff = able(session, Permission.READ_RESULTS, journey.id)
    known = filled(rule)
    if not rule.scale and asked:  # nobody came from a score: the first one
        place, scales = next(iter(asked.items()))
        known["what"] = f"{place}{APART}{next(iter(scales))}"
    weights = rule.weighted or bool(population_shares(session, journey.id))
    form = AlertForm(data=known)
    return form.offer(journey, asked, staff, anywhere=by.anywhere, weights=weights)


def _about(session: Session, rule: AlertRule) -> str:
    """Whose answers an alert is about, which the form does not ask."""
    segment = session.get(Segment, rule.segment_id) if rule.segment_id else None
    scope = Scope(
        rule.journey_id, channel=rule.channel, language=rule.language, flagged=rule.flagged
    )
    who = segment.name if segment else "All customers"
    return ", ".join([who, *phrases.facets(scope.facets)])


def _back(journey_id: int) -> ResponseReturnValue:
    return redirect(url_for("alerts.show", journey_id=journey_id), 303)
