"""Benchmarks: sets of values from elsewhere, and a journey's scores beside them and beside its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from analysis.benchmarks import percentile
from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.results import dashboards
from surveyapp.results.benchmarks import sets as benchmark_sets
from surveyapp.results.benchmarks.benchmarks import benchmarks as beside
from surveyapp.results.benchmarks.benchmarks import benchmarks_to_json
from surveyapp.results.benchmarks.values import (
    COLUMNS,
    CONTEXT,
    Reading,
    accepted,
    facts,
    read_file,
)
from surveyapp.results.figure_json import figure_to_json, numbers_to_json
from surveyapp.results.invariance.comparability import Comparability, Verdicts
from surveyapp.results.invariance.journey_verdicts import verdicts_between
from surveyapp.results.portfolio.headlines import headlines
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Figure, JourneyOverview, Unit
from surveyapp.tables.opened import ACCEPTED, KINDS
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires, takes_files
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me
from surveyapp.web.table_fields import TableForm, file_name

benchmarks = Blueprint("benchmarks", __name__)

_MOST_JOURNEYS = 30  # that one page reads


class SetForm(TableForm):
    beside = ("rows",)

    name = StringField(
        "Name of the set", [InputRequired("Enter a name for the set."), Length(max=200)]
    )
    file = FileField(
        "File",
        [FileRequired("Choose a file.")],
        description=f"{KINDS} or TOML, with the columns metric, value, year, population and source;"
        " also label, n, sd, scale, wording and mode. The metric is a score's code, such as nps or csat.",
        render_kw={"accept": f"{ACCEPTED},.toml"},
    )


@benchmarks.get("/benchmarks")
@benchmarks.get("/benchmarks.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS, lists=True)
def index() -> ResponseReturnValue:
    """Sets are of all journeys: whoever may read one of them sees them."""
    granted = journeys_granted(me(), Permission.READ_JOURNEYS)
    with installation().store.reading() as session:
        rows = benchmark_sets.benchmark_sets(session, granted)
        sets = [(row, [benchmark_sets.value_of(each) for each in row.values]) for row in rows]
    return page(
        "benchmarks/index.html",
        {
            "sets": [
                {"id": row.id, "name": row.name, "values": [each.to_json() for each in values]}
                for row, values in sets
            ],
            "facts": [each.to_json() for each in facts()],
        },
        sets=sets,
        facts=facts(),
        context=CONTEXT,
    )


@benchmarks.route("/benchmarks/new", methods=["GET", "POST"])
@requires(Permission.EDIT_BENCHMARKS)
@takes_files
def new() -> ResponseReturnValue:
    """Read a file and show what would be imported; nothing is stored before that is confirmed."""
    form = SetForm()
    reading: Reading | None = None
    if form.validate_on_submit():
        with form.refusing("file"):
            upload = form.file.data
            reading = read_file(upload.stream, file_name(upload), form.reading)
    rows = json.dumps([each.to_json() for each in reading.values]) if reading else ""
    shown = render_template(
        "benchmarks/new.html", form=form, reading=reading, rows=rows, columns=COLUMNS
    )
    return shown, 200 if reading else form.status


@benchmarks.post("/benchmarks/import")
@requires(Permission.EDIT_BENCHMARKS)
def import_set() -> ResponseReturnValue:
    """Store what the preview showed, checked again."""
    try:
        rows = json.loads(request.form.get("rows", ""))
    except ValueError as error:
        raise Invalid("Nothing was imported: read the file again.", field="file") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Invalid("Nothing was imported: read the file again.", field="file")
    values = list(accepted(rows))
    with installation().store.writing() as session:
        made = benchmark_sets.import_set(
            session, request.form.get("name", ""), values, user_id=me().id
        )
        count = len(made.values)
    flash(f"{count} {'value' if count == 1 else 'values'} imported.")
    return redirect(url_for("benchmarks.index"), 303)


@benchmarks.post("/benchmarks/<int:set_id>/remove")
@requires(Permission.EDIT_BENCHMARKS)
def remove(set_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        row = benchmark_sets.benchmark_set(session, set_id)
        benchmark_sets.remove_set(session, row, user_id=me().id)
    flash("Benchmark set removed.")
    return redirect(url_for("benchmarks.index"), 303)


@dataclass(frozen=True)
class Ranked:
    """A score of the journey among those of the other journeys that the reader may see.

    ``percentile`` is None where fewer than two others show a comparable score; ``note`` says why.
    """

    figure: Figure
    others: tuple[tuple[str, Figure], ...]
    percentile: float | None
    note: str


@benchmarks.get("/journeys/<int:journey_id>/benchmarks")
@benchmarks.get("/journeys/<int:journey_id>/benchmarks.json", endpoint="show_json")
@requires(Permission.READ_RESULTS)
def show(journey_id: int) -> ResponseReturnValue:
    """The journey's scores beside its own history, other journeys and the sets."""
    rules = dashboard_rules()
    few = rules["minimum_cell"]
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        journey = queries.journey(session, journey_id)
        bar = scope_bar(session, scope)
        overview = dashboards.journey_overview(session, scope, **rules)
        others, left = _others(session, scope)
        ids = [journey_id, *(each.journey_id for each in others)]
        verdicts = verdicts_between(
            session, headlines(session, ids, minimum=few, library=rules["library"])
        )
        known = benchmark_sets.values_of(session, {f.definition.scale for f in overview.end})
    values = [*known, *((CONTEXT, each) for each in facts())]
    today = calendar_of(journey).day(installation().now())
    found = beside(overview, values, today=today)
    ranked = _ranked(overview, others, verdicts)
    return page(
        "benchmarks/show.html",
        {
            "journey": journey.code,
            **scope_to_json(scope),
            "minimum_cell": few,
            "history": [figure_to_json(each, few=few) for each in overview.end],
            "journeys": [
                {
                    "scale": each.figure.definition.scale,
                    "percentile": each.percentile,
                    "note": each.note or None,
                    "others": [
                        {"journey": name, **numbers_to_json(figure, few=few)}
                        for name, figure in each.others
                    ],
                }
                for each in ranked
            ],
            "journeys_left_out": left,
            "benchmarks": benchmarks_to_json(found, few=few),
        },
        journey=journey,
        scope=scope,
        bar=bar,
        overview=overview,
        ranked=ranked,
        left=left,
        found=found,
    )


def _others(session: Session, scope: Scope) -> tuple[list[JourneyOverview], int]:
    """The other journeys that the reader may see results of, in the same months, of all customers;
    and how many more there are."""
    granted = journeys_granted(me(), Permission.READ_RESULTS)
    known = [
        each.id
        for each in queries.journeys(session, granted)
        if each.id != scope.journey_id and each.state != "archived"
    ]
    rules = dashboard_rules()
    read = [
        dashboards.journey_overview(session, replace(scope, journey_id=each, segment_id=0), **rules)
        for each in known[:_MOST_JOURNEYS]
    ]
    return read, len(known) - len(read)


def _ranked(
    overview: JourneyOverview,
    others: Sequence[JourneyOverview],
    verdicts: Mapping[str, Comparability],
) -> list[Ranked]:
    found = []
    for figure in overview.end:
        same = [(other, own) for other in others for own in other.end if _is_same(figure, own)]
        alike = [(o, f) for o, f in same if _asked(o, f) == _asked(overview, figure)]
        is_index = figure.definition.unit is Unit.INDEX
        verdict = verdicts.get(figure.definition.parent or figure.definition.scale)
        allowed = verdict is not None and verdict.allows and overview.journey_id in verdict.covered
        if is_index and allowed and verdict is not None:
            alike = [(o, f) for o, f in alike if o.journey_id in verdict.covered]
        comparable = [(o.name, f) for o, f in alike]
        shown = [f.estimate for _, f in comparable if f.estimate is not None]
        note = ""
        if is_index and alike and not allowed:
            reached = verdict.verdict if verdict else Verdicts.NOT_TESTED
            note = (
                "no invariance verdict between the journeys: no rank"
                if reached is Verdicts.NOT_TESTED
                else f"measurement invariance between the journeys: {reached}; no rank"
            )
        elif len(comparable) < len(same):
            note = "journeys that ask in another wording or version are not compared"
        place = None
        if figure.estimate is not None and len(shown) > 1 and (allowed or not is_index):
            place = percentile(figure.estimate, shown)
        if comparable or note:
            found.append(Ranked(figure, tuple(comparable), place, note))
    return found


def _is_same(one: Figure, other: Figure) -> bool:
    return one.definition.scale == other.definition.scale


def _asked(overview: JourneyOverview, figure: Figure) -> list[Any]:
    """How the figure's questionnaire was asked: version, scoring and wording."""
    return sorted(
        (each.version, each.key or "", each.wording)
        for each in overview.instruments
        if each.instrument == figure.definition.instrument
    )
