"""The map of a journey: stages across, lanes down, drawn in one page that saves by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth.grants import journeys_granted, may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.map_cells import map_table
from surveyapp.journeys import map_history
from surveyapp.journeys.journey_kinds import kind_of
from surveyapp.journeys.map_comments import open_comments
from surveyapp.journeys.map_history import Done, History, drawn_journey, whole_map
from surveyapp.journeys.map_own_lanes import MOST_LANES
from surveyapp.journeys.map_snapshots import snapshot_of
from surveyapp.journeys.map_steps import SET, Overtaken, Step
from surveyapp.journeys.map_versions import versions_of
from surveyapp.journeys.sub_journeys import JourneyLink, part_of, sub_journeys
from surveyapp.results import phrases
from surveyapp.results.maps import emotion_phrases
from surveyapp.results.maps.emotion_json import emotion_line_to_json
from surveyapp.results.maps.grid import MapGrid, map_grid, seen
from surveyapp.results.maps.records import placed_records
from surveyapp.results.scope import Scope
from surveyapp.results.targets.states import today_beside, today_of
from surveyapp.results.view_models import JourneyOverview
from surveyapp.store.models import Journey
from surveyapp.web.downloads import download_as
from surveyapp.web.filters import dashboard_rules, scope_asked
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page, scope_to_json, wants_json
from surveyapp.web.map_column_form import column_form, steps_of
from surveyapp.web.map_evidence import note_quotes, printed_evidence, shown_evidence
from surveyapp.web.map_shown import map_shown
from surveyapp.web.pain_point_form import SEVERITIES
from surveyapp.web.reads import note_read
from surveyapp.web.scope_bar import scope_bar
from surveyapp.web.sessions import me
from surveyapp.web.sortable_file import SORTABLE
from surveyapp.whole import whole_number

journey_map = Blueprint("journey_map", __name__, url_prefix="/journeys/<int:journey_id>")

_NUMBERS = ("id", "lane", "stage", "seen", "at", "kept")
_LARGEST = 2**31 - 1
_MEDIA = {"pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png"}


@journey_map.get("/journey-map")
@journey_map.get("/journey-map.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        scope = scope_asked(session, journey_id)
        grid = _grid(session, journey_id)
        versions = versions_of(session, journey_id)
        shown = _shown(session, grid) | {"bar": scope_bar(session, scope), "versions": versions}
        note_quotes(grid.journey, shown["evidence"])
        within = part_of(session, journey_id, journeys_granted(me(), Permission.READ_JOURNEYS))
    few = dashboard_rules()["minimum_cell"]
    shown |= {"kind": kind_of(grid.journey), "within": within}
    return page(
        "journey_map/index.html",
        {
            "journey": grid.journey.code,
            "kind": grid.journey.kind,
            **scope_to_json(scope),
            "minimum_cell": few,
            "emotion_line": emotion_line_to_json(grid.line, few=few),
        },
        **shown,
    )


@journey_map.get("/journey-map/grid")
@requires(Permission.READ_JOURNEYS)
def show_grid(journey_id: int) -> ResponseReturnValue:
    """The grid alone, which the page puts in the place of its own."""
    with installation().store.reading() as session:
        shown = _shown(session, _grid(session, journey_id))
    return jsonify(grid=render_template("journey_map/grid.html", **shown))


@journey_map.get("/journey-map/seen")
@requires(Permission.READ_JOURNEYS)
def show_seen(journey_id: int) -> ResponseReturnValue:
    """Whether the map is still as a page shows it: compared with what that page has seen."""
    with installation().store.reading() as session:
        return jsonify(seen=seen(session, map_history.whole_map(session, journey_id)))


@journey_map.get("/journey-map/present")
@requires(Permission.READ_JOURNEYS)
def present(journey_id: int) -> ResponseReturnValue:
    """The map on the whole window, to read: nothing is typed, and it can be made larger and smaller."""
    with installation().store.reading() as session:
        shown = _shown(session, _grid(session, journey_id)) | {
            "edits": False,
            "presents": True,
            "talks": {},
        }
    return render_template("journey_map/present.html", **shown)


@journey_map.get("/journey-map/sheet.<kind>")
@requires(Permission.READ_JOURNEYS)
def sheet(journey_id: int, kind: str) -> ResponseReturnValue:
    """The map on paper: ``kind`` pdf, svg or png, on A3 or with ``paper=a2`` on A2."""
    # Loaded for the few who want one: setting pages would cost every start of a server its time.
    from surveyapp.reports.maps.files import map_pdf, map_png
    from surveyapp.reports.maps.sheet import SIZES, MapTitle, sheets
    from surveyapp.reports.maps.svg import map_svg

    paper = request.args.get("paper", "a3")
    if paper not in SIZES or kind not in _MEDIA:
        raise Invalid(f"A map is made as {', '.join(_MEDIA)} on {', '.join(SIZES)}.")
    with installation().store.reading() as session:
        grid = _grid(session, journey_id)
        shown = shown_evidence(session, grid.journey)
        grid = replace(grid, evidence=printed_evidence(shown))
        few = dashboard_rules()["minimum_cell"]
        scope = scope_asked(session, journey_id)
        said = f"{emotion_phrases.basis(grid.line)} {phrases.scope(scope)}."
        if grid.today:
            said += f" Scores of {grid.today}, against the targets of this target state."
        made = sheets(grid, MapTitle(grid.journey.name, said), paper=paper, few=few)
    note_quotes(grid.journey, shown)
    note_read("download map", f"journey {grid.journey.code}", file=kind)
    data: bytes | str
    if kind == "pdf":
        data = map_pdf(made, title=f"Map: {grid.journey.name}", author=grid.journey.provider)
    else:
        data = map_svg(made) if kind == "svg" else map_png(made)
    answer = Response(data, mimetype=_MEDIA[kind])
    name = f"map-{grid.journey.code}-{paper}.{kind}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@journey_map.get("/journey-map/export")
@requires(Permission.READ_JOURNEYS)
def export(journey_id: int) -> ResponseReturnValue:
    """The cells of the map as CSV or Excel, which an import takes back."""
    code = request.args.get("format", "csv")
    if code not in ("csv", "xlsx"):
        raise Invalid(f"{code[:20]!r} is no format of a map's cells; use csv or xlsx.")
    with installation().store.reading() as session:
        name = whole_map(session, journey_id).code
    note_read("download map", f"journey {name}", file=code)
    return download_as(
        FORMATS[code], lambda session: map_table(snapshot_of(session, journey_id)), f"map-{name}"
    )


@journey_map.post("/journey-map/changes")
@requires(Permission.EDIT_JOURNEYS)
def change(journey_id: int) -> ResponseReturnValue:
    """Take one step. A page with a script is answered in JSON, any other one is shown anew."""
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        step = _step()
        before = seen(session, journey)
        try:
            done = map_history.change(session, journey, step, user_id=me().id)
        except Overtaken as error:
            return _overtaken(session, journey, error)
        return _answer(session, journey, done, before, whole=step.do != SET)


@journey_map.post("/journey-map/undo")
@requires(Permission.EDIT_JOURNEYS)
def undo(journey_id: int) -> ResponseReturnValue:
    return _again(journey_id, map_history.undo)


@journey_map.post("/journey-map/redo")
@requires(Permission.EDIT_JOURNEYS)
def redo(journey_id: int) -> ResponseReturnValue:
    return _again(journey_id, map_history.redo)


@journey_map.post("/journey-map/stages/<int:stage_id>")
@requires(Permission.EDIT_JOURNEYS)
def save_stage(journey_id: int, stage_id: int) -> ResponseReturnValue:
    """Save the column of a stage at once, as a page without a script does."""
    with installation().store.reading() as session:
        grid = _grid(session, journey_id)
    form = column_form(grid, stage_id)
    if not form.validate_on_submit():
        raise Invalid(" ".join(str(each) for found in form.errors.values() for each in found))
    with form.saving() as session:
        journey = drawn_journey(session, journey_id)
        for step in steps_of(grid, stage_id, form):
            map_history.change(session, journey, step, user_id=me().id)
    flash("Saved.")
    return _back(journey_id)


def _again(journey_id: int, act: Any) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        before = seen(session, journey)
        try:
            done = act(session, journey, user_id=me().id)
        except Overtaken as error:
            return _overtaken(session, journey, error)
        return _answer(session, journey, done, before, whole=True)


def _step() -> Step:
    """The step that was sent. Raises Invalid for a field or a number that is none."""
    known = set(Step.__dataclass_fields__)
    values: dict[str, Any] = {}
    for name, text in request.form.items():
        if name in ("csrf_token", "grid"):
            continue
        if name not in known:
            raise Invalid(f"A change of a map has no {name[:40]!r}; nothing was saved.")
        if "\x00" in text:
            raise Invalid("The text contains a NUL character, which cannot be stored; remove it.")
        values[name] = _number(name, text) if name in _NUMBERS else text
    return Step(**{"do": "", "of": "", **values})


def _number(name: str, text: str) -> int:
    number = whole_number(text, largest=_LARGEST)
    if number is None:
        raise Invalid(f"{text[:20]!r} is no whole number; {name} was not understood.", field=name)
    return number


def _answer(
    session: Session, journey: Journey, done: Done, before: str, *, whole: bool
) -> ResponseReturnValue:
    """What has been saved; with ``whole`` the grid as it is now, which the page puts in its place."""
    if not wants_json():
        flash(f"{done.said}: saved.")
        return _back(journey.id)
    session.flush()
    session.expire_all()
    journey = map_history.whole_map(session, journey.id)
    told = {
        "said": done.said,
        "text": done.back.before if done.back.do == SET else None,
        "before": before,
        "seen": seen(session, journey),
        **_history(session, journey.id),
    }
    if whole:
        told["grid"] = render_template(
            "journey_map/grid.html", **_shown(session, _grid(session, journey.id))
        )
    return jsonify(told)


def _overtaken(session: Session, journey: Journey, error: Overtaken) -> ResponseReturnValue:
    """Both versions, to choose from; nothing was written."""
    if not wants_json():
        raise error
    by = map_history.changed_by(session, journey.id, error.step)
    answer: Response = jsonify(
        conflict=str(error), theirs=error.theirs, mine=error.mine, by=by, of=error.step.to_json()
    )
    answer.status_code = 409
    return answer


def _history(session: Session, journey_id: int) -> dict[str, str]:
    found: History = map_history.history(session, journey_id, me().id)
    return {"undo": found.undo, "redo": found.redo}


def _grid(session: Session, journey_id: int) -> MapGrid:
    scope = scope_asked(session, journey_id)
    rules = dashboard_rules()
    today = _today(session, scope, rules)
    return map_grid(session, scope, scale=request.args.get("scale", ""), today=today, **rules)


def _today(session: Session, scope: Scope, rules: dict[str, Any]) -> JourneyOverview | None:
    """Today's scores for the map of a target state, for whoever may read them."""
    journey = whole_map(session, scope.journey_id)
    number = today_of(journey)
    if number is None or not may_on(session, me(), Permission.READ_RESULTS, number):
        return None
    return today_beside(session, replace(scope, journey_id=number), journey, rules)


def _shown(session: Session, grid: MapGrid) -> dict[str, Any]:
    """What the page and the grid alone show."""
    edits = may_on(session, me(), Permission.EDIT_JOURNEYS, grid.journey.id)
    reads = may_on(session, me(), Permission.READ_RESULTS, grid.journey.id)
    return {
        **map_shown(grid),
        "talks": open_comments(session, grid.journey.id),
        "records": placed_records(session, grid.journey) if reads else {},
        "severities": {code: text for code, text in SEVERITIES.items() if code},
        "few": dashboard_rules()["minimum_cell"],
        "scope": scope_asked(session, grid.journey.id),
        "journey": grid.journey,
        "edits": edits,
        "history": map_history.history(session, grid.journey.id, me().id),
        "forms": {each.id: column_form(grid, each.id) for each in grid.stages} if edits else {},
        "most_lanes": MOST_LANES,
        "leads": _leads(session, grid.journey.id),
        "evidence": shown_evidence(session, grid.journey),
        "sortable": SORTABLE,
    }


def _leads(session: Session, journey_id: int) -> dict[tuple[str, int], list[JourneyLink]]:
    """By the kind and the number of a stage or touchpoint, the journeys that it leads to."""
    found: dict[tuple[str, int], list[JourneyLink]] = {}
    for each in sub_journeys(session, journey_id, journeys_granted(me(), Permission.READ_JOURNEYS)):
        key = ("touchpoint", each.touchpoint_id) if each.touchpoint_id else ("stage", each.stage_id)
        found.setdefault((key[0], key[1] or 0), []).append(each)
    return found


def _back(journey_id: int) -> ResponseReturnValue:
    return redirect(url_for("journey_map.index", journey_id=journey_id), 303)
