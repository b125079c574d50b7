"""Versions of a journey's map: saved, looked at, and compared with each other, with now, with another map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import map_versions as known_ones
from surveyapp.journeys import queries
from surveyapp.journeys.calendar import calendar_of
from surveyapp.journeys.change_register import LONGEST_TEXT, LONGEST_TITLE
from surveyapp.journeys.map_comparison import MapComparison, Noun, compare_maps, same_points
from surveyapp.journeys.map_evidence import PlacedEvidence
from surveyapp.journeys.map_history import drawn_journey
from surveyapp.journeys.map_snapshots import MapSnapshot, snapshot_of
from surveyapp.journeys.map_versions import VersionText
from surveyapp.results.maps.version_grid import version_grid
from surveyapp.results.maps.version_json import (
    comparison_to_json,
    version_scores_to_json,
    version_to_json,
)
from surveyapp.results.maps.version_scores import VersionScores, version_months, version_scores
from surveyapp.results.registered_changes import effect_phrases
from surveyapp.store.models import Journey, MapVersion
from surveyapp.web.day_field import DayField
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.json_pages import page
from surveyapp.web.map_evidence import note_quotes, shown_evidence
from surveyapp.web.map_shown import FEELINGS_SAID, worded
from surveyapp.web.number_formats import day
from surveyapp.web.sessions import me
from surveyapp.web.stages import OWNERSHIPS
from surveyapp.whole import whole_number

map_versions = Blueprint("map_versions", __name__, url_prefix="/journeys/<int:journey_id>")

NOW = "now"
_JOURNEY = "journey"
_LARGEST = 2**31 - 1


class VersionForm(StaffForm):
    title = StringField("Name", [InputRequired("Enter a name."), Length(max=LONGEST_TITLE)])
    day = DayField(
        "Day",
        [InputRequired("Enter a day.")],
        description="The map was like this on that day; scores are compared before and after it.",
    )
    note = TextAreaField("Note", [Optional(), Length(max=LONGEST_TEXT)])


@dataclass(frozen=True)
class Side:
    """One of the two maps; ``day`` is a version's, None for a map as it is now."""

    key: str
    label: str
    content: MapSnapshot
    day: date | None = None
    journey_id: int = 0


@map_versions.get("/map-versions")
@map_versions.get("/map-versions.json", endpoint="index_json")
@requires(Permission.READ_JOURNEYS)
def index(journey_id: int) -> ResponseReturnValue:
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = known_ones.versions_of(session, journey_id)
        removed = known_ones.removed_versions(session, journey_id, installation().now())
    return page(
        "map_versions/index.html",
        {"journey": journey.code, "versions": [version_to_json(each) for each in found]},
        journey=journey,
        versions=found,
        removed=removed,
    )


@map_versions.route("/map-versions/new", methods=["GET", "POST"])
@requires(Permission.EDIT_JOURNEYS)
def new(journey_id: int) -> ResponseReturnValue:
    now = installation().now()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
    form = VersionForm(data={"day": calendar_of(journey).day(now)})
    if form.validate_on_submit():
        with form.refusing("title"):
            with installation().store.writing() as session:
                said = VersionText(form.title.data, form.day.data, form.note.data or "")
                drawn = drawn_journey(session, journey_id)
                version = known_ones.save_version(session, drawn, said, user_id=me().id, now=now)
            flash(f"{version.title} has been saved.")
            return redirect(url_for("map_versions.index", journey_id=journey_id), 303)
    return render_template("map_versions/form.html", form=form, journey=journey), form.status


@map_versions.get("/map-versions/<int:map_version_id>")
@map_versions.get("/map-versions/<int:map_version_id>.json", endpoint="show_json")
@requires(Permission.READ_JOURNEYS)
def show(journey_id: int, map_version_id: int) -> ResponseReturnValue:
    """A version as it was drawn, to read."""
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        version = known_ones.version_of(session, journey_id, map_version_id)
        content = MapSnapshot.from_json(version.content)
        evidence = _evidence(content, shown_evidence(session, journey))
    note_quotes(journey, evidence)
    return page(
        "map_versions/show.html",
        {"journey": journey.code, **version_to_json(version), "map": version.content},
        journey=journey,
        version=version,
        grid=version_grid(content),
        evidence=evidence,
        lists_evidence=bool(content.order),
        feelings=FEELINGS_SAID,
        ownerships=OWNERSHIPS,
    )


@map_versions.get("/map-versions/compare")
@map_versions.get("/map-versions/compare.json", endpoint="compare_json")
@requires(Permission.READ_JOURNEYS)
def compare(journey_id: int) -> ResponseReturnValue:
    """Two maps; by default the newest version and the map now."""
    rules = dashboard_rules()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        granted = journeys_granted(me(), Permission.READ_JOURNEYS)
        others = [each for each in queries.journeys(session, granted) if each.id != journey_id]
        versions = known_ones.versions_of(session, journey_id)
        newest = str(versions[0].id) if versions else NOW
        first, second = (
            _side(session, journey, others, request.args.get(name) or fallback, name)
            for name, fallback in (("first", newest), ("second", NOW))
        )
        found = compare_maps(
            first.content, second.content, same_journey=first.journey_id == second.journey_id
        )
        scores = _scores(session, journey, first, second, found)
        pieces = _compared_evidence(found, shown_evidence(session, journey))
    note_quotes(journey, (*pieces.values(),))
    return page(
        "map_versions/compare.html",
        {
            "journey": journey.code,
            "first": first.label,
            "second": second.label,
            **comparison_to_json(found),
            "scores": version_scores_to_json(scores, few=rules["minimum_cell"]),
        },
        journey=journey,
        first=first,
        second=second,
        choices=_choices(versions, others),
        found=found,
        scores=scores,
        worded=worded,
        said=effect_phrases,
        pieces=pieces,
        lists_evidence=bool(first.content.order and second.content.order),
    )


@map_versions.post("/map-versions/<int:map_version_id>/remove")
@requires(Permission.EDIT_JOURNEYS)
def remove(journey_id: int, map_version_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        version = known_ones.version_of(session, journey_id, map_version_id)
        now = installation().now()
        known_ones.remove_version(session, journey, version, user_id=me().id, now=now)
    flash("The version has been removed. It can be restored below.")
    return redirect(url_for("map_versions.index", journey_id=journey_id), 303)


@map_versions.post("/map-versions/<int:map_version_id>/restore")
@requires(Permission.EDIT_JOURNEYS)
def restore(journey_id: int, map_version_id: int) -> ResponseReturnValue:
    with installation().store.writing() as session:
        journey = drawn_journey(session, journey_id)
        title = known_ones.restore_version(session, journey, map_version_id, user_id=me().id)
    flash(f"{title} has been restored.")
    return redirect(url_for("map_versions.index", journey_id=journey_id), 303)


def _evidence(of: MapSnapshot, now: tuple[PlacedEvidence, ...]) -> tuple[PlacedEvidence, ...]:
    """What a version lists, by the places of its stages from 1 on: as it is shown ``now``, of what is not
    shown any more that it was there.
    """
    there = {each.id: each for each in now}
    return tuple(
        replace(there[piece.id], stage_id=at)
        if piece.id in there
        else PlacedEvidence(piece.id, at, "gone", piece.title, "", said=piece.kind)
        for at, stage in enumerate(of.stages, start=1)
        for piece in stage.evidence
    )


def _compared_evidence(
    found: MapComparison, now: tuple[PlacedEvidence, ...]
) -> dict[int, PlacedEvidence]:
    """By its number what is still shown of the evidence that differs."""
    numbers = {each.number for each in found.differences if each.noun is Noun.EVIDENCE}
    return {each.id: each for each in now if each.id in numbers}


def _side(session: Session, journey: Journey, others: list[Journey], key: str, name: str) -> Side:
    """One of the two that were chosen. Raises Invalid for none, NotFound for a version that is gone."""
    if key == NOW:
        content = snapshot_of(session, journey.id)
        return Side(key, "Now", content, journey_id=journey.id)
    noun, _, number = key.rpartition("-")
    known = whole_number(number, largest=_LARGEST)
    if noun == _JOURNEY:
        for other in others:
            if other.id == known:
                content = snapshot_of(session, other.id)
                return Side(key, f"{other.name} ({other.state})", content, journey_id=other.id)
    elif not noun and known is not None:
        version = known_ones.version_of(session, journey.id, known)
        content = MapSnapshot.from_json(version.content)
        return Side(key, version.title, content, version.day, journey.id)
    raise Invalid(f"{name}={key[:20]} is no map to compare; choose from the list.", field=name)


def _scores(
    session: Session, journey: Journey, first: Side, second: Side, found: MapComparison
) -> VersionScores | None:
    """Those of the touchpoints that differ, around the days of the versions; None without a version."""
    days = [each.day for each in (first, second) if each.day is not None]
    if not days or first.journey_id != second.journey_id:
        return None
    there = same_points(second.content, snapshot_of(session, journey.id))
    return version_scores(
        session,
        journey.id,
        {there[each].id for each in found.concerned if each in there},
        version_months(min(days), max(days)),
        today=calendar_of(journey).day(installation().now()),
        **dashboard_rules(),
    )


def _choices(versions: list[MapVersion], others: list[Journey]) -> list[tuple[str, str]]:
    """Now, the versions, and the maps of other journeys, targets first."""
    targets_first = sorted(others, key=lambda each: (each.state != "target", each.name))
    return [
        (NOW, "Now"),
        *((str(each.id), f"{each.title} ({day(each.day)})") for each in versions),
        *(
            (f"{_JOURNEY}-{each.id}", f"Journey: {each.name} ({each.state})")
            for each in targets_first
        ),
    ]
