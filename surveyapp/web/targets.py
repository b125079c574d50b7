"""Targets of a journey: the list with their gaps, a new one, changed and removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import DateField, FloatField, SelectField
from wtforms.validators import InputRequired, Optional

from surveyapp.auth.grants import able, may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotReady
from surveyapp.journeys import queries
from surveyapp.results import dashboards
from surveyapp.results.funnels.rates import segment_rate
from surveyapp.results.scope import Scope
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.targets.actions import (
    change_target,
    remove_target,
    set_target,
    target_row,
)
from surveyapp.results.targets.rows import TargetRow, target_rows, target_rows_to_json
from surveyapp.results.targets.states import (
    definitions_at,
    new_places,
    targetable,
    today_beside,
    today_of,
)
from surveyapp.results.targets.targets import place_names, targets_of
from surveyapp.store.models import EVERYBODY, Journey, Segment
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.forms import StaffForm, choices
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me

targets = Blueprint("targets", __name__, url_prefix="/journeys/<int:journey_id>")

_APART = " "  # no code of a place holds one


class ValueForm(StaffForm):
    """What can be changed of a target."""

    value = FloatField(
        "Target value",
        [InputRequired("Enter a number, such as 65 or 72.5.")],
        description="In the unit in which the score is shown: 0 to 100, for NPS -100 to 100.",
    )
    due = DateField(
        "To be reached by",
        [Optional()],
        description="A day, such as 2026-12-31; empty for no date.",
    )
    owner_id = SelectField("Owner", description="Who answers for it.")


class TargetForm(ValueForm):
    what = SelectField(
        "Metric and place", description="What is asked at each place of the journey."
    )
    segment_id = SelectField("Customers")


@targets.get("/targets")
@targets.get("/targets.json", endpoint="index_json")
@requires(Permission.READ_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    few = dashboard_rules()["minimum_cell"]
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        bar = scope_bar(session, scope)
        today = _today(session, journey)
        if today is None:
            rows, waiting = rows_shown(session, scope, bar.segments)
        else:
            rows, waiting = _against_today(session, scope, journey, today), []
    return page(
        "targets/index.html",
        {
            "journey": journey.code,
            **scope_to_json(scope),
            "minimum_cell": few,
            "scores_of": today.code if today else None,
            "targets": target_rows_to_json(rows, few=few),
            "still_sorting": waiting,
        },
        journey=journey,
        scope=scope,
        bar=bar,
        rows=rows,
        waiting=waiting,
        today=today,
        explained=target_phrases.EXPLAINED,
    )


def _today(session: Session, journey: Journey) -> Journey | None:
    """Today's journey of a target state, where whoever asks may read its results."""
    number = today_of(journey)
    if number is None or not may_on(session, me(), Permission.READ_RESULTS, number):
        return None
    return queries.journey(session, number)


def _against_today(
    session: Session, scope: Scope, journey: Journey, today: Journey
) -> list[TargetRow]:
    """The targets of a target state for the scope's customers, against today's scores."""
    rules = dashboard_rules()
    own = replace(scope, journey_id=today.id)
    rates = dashboards.response_rates(session, own, **rules) if own.of_everybody else ()
    rate = None if own.of_everybody else segment_rate(session, own, **rules)
    offered = targetable(session, journey, library=rules["library"])
    return list(
        target_rows(
            today_beside(session, own, journey, rules),
            rates,
            rate,
            names=new_places(journey, today),
            definitions=definitions_at(offered),
        )
    )


def rows_shown(
    session: Session, scope: Scope, segments: Sequence[Segment]
) -> tuple[list[TargetRow], list[str]]:
    """The targets of all customers and of each segment, of the scope's alone where it has one; and the
    segments with targets that responses are still being sorted into."""
    rules = dashboard_rules()
    found = targets_of(session, [scope.journey_id])[scope.journey_id]
    wanted = dict.fromkeys(target.segment_id for target in found)
    names = {segment.id: segment.name for segment in segments}
    rows: list[TargetRow] = []
    waiting = []
    for segment_id in wanted:
        if not scope.of_everybody and segment_id != scope.segment_id:
            continue
        own = replace(scope, segment_id=segment_id)
        try:
            overview = dashboards.journey_overview(session, own, **rules)
        except NotReady:
            waiting.append(names[segment_id])
            continue
        rates = dashboards.response_rates(session, own, **rules) if own.of_everybody else ()
        rate = None if own.of_everybody else segment_rate(session, own, **rules)
        rows += target_rows(overview, rates, rate)
    return rows, waiting


@targets.route("/targets/new", methods=["GET", "POST"])
@requires(Permission.SET_TARGETS)
def new(journey_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        form = TargetForm()
        form.what.choices = choices(_what(session, journey))
        form.segment_id.choices = choices(_customers(session))
        form.owner_id.choices = choices(_owners(session, journey_id))
    if form.validate_on_submit():
        place, _, metric = form.what.data.partition(_APART)
        with form.refusing("what"), installation().store.writing() as session:
            set_target(
                session,
                queries.journey(session, journey_id),
                place=place,
                metric=metric,
                segment_id=int(form.segment_id.data),
                value=form.value.data,
                due=form.due.data,
                owner_id=_number(form.owner_id.data),
                user_id=me().id,
                library=library,
            )
        if not form.errors:
            flash("Target set.")
            return redirect(url_for("targets.index", journey_id=journey_id), 303)
    return _shown(form, journey)


@targets.route("/targets/<int:target_id>", methods=["GET", "POST"])
@requires(Permission.SET_TARGETS)
def edit(journey_id: int, target_id: int) -> ResponseReturnValue:
    library = installation().library
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        target = target_row(session, journey_id, target_id)
        shown = {**vars(target), "owner_id": str(target.owner_id or "")}
        form = ValueForm(data={name: shown[name] for name in ("value", "due", "owner_id")})
        form.owner_id.choices = choices(_owners(session, journey_id, target.owner_id))
        about = _about(session, journey, target.place, target.metric, target.segment_id)
    if form.validate_on_submit():
        with form.refusing("value"), form.saving() as session:
            change_target(
                session,
                queries.journey(session, journey_id),
                target_row(session, journey_id, target_id),
                value=form.value.data,
                due=form.due.data,
                owner_id=_number(form.owner_id.data),
                user_id=me().id,
                library=library,
            )
        if not form.errors:
            flash("Target changed.")
            return redirect(url_for("targets.index", journey_id=journey_id), 303)
    return _shown(form, journey, target_id=target_id, about=about)


@targets.post("/targets/<int:target_id>/remove")
@requires(Permission.SET_TARGETS)
def remove(journey_id: int, target_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = queries.journey(session, journey_id)
        remove_target(session, journey, target_row(session, journey_id, target_id), user_id=me().id)
    flash("Target removed.")
    return redirect(url_for("targets.index", journey_id=journey_id), 303)


def _shown(
    form: ValueForm, journey: Journey, *, target_id: int | None = None, about: str = ""
) -> ResponseReturnValue:
    shown = render_template(
        "targets/form.html", form=form, journey=journey, target_id=target_id, about=about
    )
    return shown, form.status


def _what(session: Session, journey: Journey) -> Iterator[tuple[str, str]]:
    """Every metric of every place: what the form sends, and what it says."""
    names = place_names(journey)
    offered = targetable(session, journey, library=installation().library)
    for place, metrics in offered.items():
        for each in metrics:
            yield f"{place}{_APART}{each.scale}", f"{names[place]}: {each.label}"


def _about(session: Session, journey: Journey, place: str, metric: str, segment_id: int) -> str:
    gone = f"{place_names(journey).get(place, place)}: {metric}"  # is asked there no more
    said = dict(_what(session, journey)).get(f"{place}{_APART}{metric}", gone)
    return f"{said}, {dict(_customers(session))[str(segment_id)]}"


def _customers(session: Session) -> list[tuple[str, str]]:
    every = [(str(segment.id), segment.name) for segment in queries.segments(session)]
    return [(str(EVERYBODY), "All customers"), *every]


def _owners(session: Session, journey_id: int, present: int | None = None) -> list[tuple[str, str]]:
    """Nobody, and whoever may read the journey; who owns it now stays although they no longer may."""
    able_now = [
        (str(each.id), f"{each.name}, {each.email}")
        for each in able(session, Permission.READ_JOURNEYS, journey_id)
    ]
    if present and str(present) not in dict(able_now):
        able_now.append((str(present), "As it is now (may no longer read this journey)"))
    return [("", "Nobody"), *able_now]


def _number(text: str) -> int | None:
    return int(text) if text else None
