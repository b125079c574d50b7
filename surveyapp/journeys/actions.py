"""Changes to journeys: their stages and touchpoints, in the order in which a customer meets them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.journeys.codes import code_from, read_code
from surveyapp.journeys.removals import keep_stage, keep_touchpoint
from surveyapp.journeys.sub_journeys import refuse_if_leading
from surveyapp.journeys.zone_actions import read_zone
from surveyapp.settings import LONGEST_PERIOD
from surveyapp.store.audit import record
from surveyapp.store.models import (
    Alert,
    ChangedPlace,
    Interaction,
    Journey,
    JourneyGrant,
    Opportunity,
    PainPoint,
    PlannedAction,
    RegisteredChange,
    Stage,
    SurveyRow,
    Target,
    Touchpoint,
)

JOURNEY_STATES = ("current", "target", "archived")
OWNERSHIPS = ("provider", "partner", "customer", "social")
LONGEST_GAP = 3650  # days
_LONGEST_NAME = 200
_LONGEST_TEXT = 5000


def create_journey(
    session: Session,
    *,
    name: str,
    provider: str,
    goal: str = "",
    state: str = "current",
    run_gap_days: int | None = None,
    period_months: int | None = None,
    own_zone: str = "",
    default_zone: str = "UTC",
    code: str = "",
    user_id: int | None,
) -> Journey:
    """A journey without stages; its code is made from the name where none is given.

    After ``run_gap_days`` of silence a customer begins a new run; None: only the end closes one. Pages
    and reports are about its last ``period_months``; None: the installation's number. Its days are
    those of ``own_zone``, without one of the installation's ``default_zone``. Raises Invalid for a
    wrong name, provider, state, gap, number of months, zone or code, Conflict for a code in use.
    """
    code = _free_code(code, name, set(session.scalars(select(Journey.code))), "journey")
    journey = Journey(code=code, version=1, owner_id=user_id)
    _describe(journey, name=name, provider=provider, goal=goal, state=state)
    journey.run_gap_days = _gap(run_gap_days)
    journey.period_months = _months(period_months)
    journey.own_zone = read_zone(own_zone)
    journey.zone = journey.own_zone or default_zone
    session.add(journey)
    session.flush()
    if user_id is not None:
        owner = JourneyGrant(
            user_id=user_id, journey_id=journey.id, kind="owner", granted_by=user_id
        )
        session.add(owner)
    record(session, user_id, "create journey", f"journey {code}")
    return journey


def edit_journey(
    session: Session,
    journey: Journey,
    *,
    name: str,
    provider: str,
    goal: str,
    state: str,
    run_gap_days: int | None = None,
    period_months: int | None = None,
    user_id: int | None,
) -> Journey:
    """Rename or describe a journey anew; its code stays, because links and files name it."""
    _describe(journey, name=name, provider=provider, goal=goal, state=state)
    journey.run_gap_days = _gap(run_gap_days)
    journey.period_months = _months(period_months)
    journey.version += 1
    record(session, user_id, "edit journey", f"journey {journey.code}")
    return journey


def add_stage(
    session: Session,
    journey: Journey,
    *,
    name: str,
    goal: str = "",
    code: str = "",
    at: int | None = None,
    user_id: int | None,
) -> Stage:
    """A stage before the one at place ``at`` (0 the first), or at the journey's end."""
    siblings = journey.stages
    code = _free_code(code, name, {stage.code for stage in siblings}, "stage")
    stage = Stage(
        code=code,
        name=_name(name),
        goal=_text(goal, "goal"),
        position=_next_position(siblings),
        touchpoints=[],
    )
    siblings.append(stage)
    if at is not None:
        place(siblings, stage, at)
    session.flush()
    record(session, user_id, "add stage", _stage_subject(stage))
    return stage


def edit_stage(
    session: Session, stage: Stage, *, name: str, goal: str, user_id: int | None
) -> Stage:
    """Rename a stage or describe its goal anew."""
    stage.name, stage.goal = _name(name), _text(goal, "goal")
    record(session, user_id, "edit stage", _stage_subject(stage))
    return stage


def move_stage(session: Session, stage: Stage, *, by: int, user_id: int | None) -> None:
    """Move a stage ``by`` places, earlier where negative; at the ends it stays where it is."""
    _move(stage.journey.stages, stage, by)
    record(session, user_id, "move stage", _stage_subject(stage), by=by)


def remove_stage(session: Session, stage: Stage, *, user_id: int | None) -> int:
    """Remove a stage with its touchpoints; the number by which ``removals`` restore it. Conflict where
    something was asked at one of them, or a registered change names one.
    """
    _refuse_if_changed(session, stage.name, ChangedPlace.stage_id == stage.id)
    _refuse_if_planned(session, stage.name, PlannedAction.stage_id == stage.id)
    for noun, table in _RECORDS:
        _refuse_if_recorded(session, stage.name, noun, table, table.stage_id == stage.id)
    refuse_if_leading(session, stage)
    for touchpoint in stage.touchpoints:
        _refuse_if_used(session, touchpoint)
    kept = keep_stage(session, stage, user_id=user_id)
    record(session, user_id, "remove stage", _stage_subject(stage))
    stage.journey.stages.remove(stage)
    session.flush()
    return kept


def add_touchpoint(
    session: Session,
    stage: Stage,
    *,
    name: str,
    channel: str = "",
    ownership: str = "provider",
    partner: str = "",
    moment_of_truth: bool = False,
    front_stage: str = "",
    backstage: str = "",
    code: str = "",
    at: int | None = None,
    user_id: int | None,
) -> Touchpoint:
    """A touchpoint before the stage's one at place ``at``, or at the stage's end."""
    code = _free_code(code, name, {point.code for point in stage.touchpoints}, "touchpoint")
    touchpoint = Touchpoint(code=code, position=_next_position(stage.touchpoints))
    _describe_touchpoint(
        touchpoint,
        name=name,
        channel=channel,
        ownership=ownership,
        partner=partner,
        moment_of_truth=moment_of_truth,
        front_stage=front_stage,
        backstage=backstage,
    )
    stage.touchpoints.append(touchpoint)
    if at is not None:
        place(stage.touchpoints, touchpoint, at)
    session.flush()
    record(session, user_id, "add touchpoint", _touchpoint_subject(touchpoint))
    return touchpoint


def edit_touchpoint(
    session: Session,
    touchpoint: Touchpoint,
    *,
    name: str,
    channel: str,
    ownership: str,
    partner: str = "",
    moment_of_truth: bool,
    front_stage: str,
    backstage: str,
    user_id: int | None,
) -> Touchpoint:
    """Describe a touchpoint anew; its code stays."""
    _describe_touchpoint(
        touchpoint,
        name=name,
        channel=channel,
        ownership=ownership,
        partner=partner,
        moment_of_truth=moment_of_truth,
        front_stage=front_stage,
        backstage=backstage,
    )
    record(session, user_id, "edit touchpoint", _touchpoint_subject(touchpoint))
    return touchpoint


def move_touchpoint(
    session: Session, touchpoint: Touchpoint, *, by: int, user_id: int | None
) -> None:
    """Move a touchpoint ``by`` places within its stage, earlier where negative."""
    _move(touchpoint.stage.touchpoints, touchpoint, by)
    record(session, user_id, "move touchpoint", _touchpoint_subject(touchpoint), by=by)


def put_touchpoint(
    session: Session, touchpoint: Touchpoint, stage: Stage, *, at: int, user_id: int | None
) -> None:
    """Put a touchpoint at place ``at`` of a stage of its journey: its own one or another.

    In another stage its code is another one where that is taken; its targets and alerts go with it.
    """
    before = touchpoint.stage
    if stage is not before:
        _take_along(session, touchpoint, stage)
        before.touchpoints.remove(touchpoint)
        stage.touchpoints.append(touchpoint)
    place(stage.touchpoints, touchpoint, at)
    session.flush()
    record(session, user_id, "move touchpoint", _touchpoint_subject(touchpoint))


def _take_along(session: Session, touchpoint: Touchpoint, stage: Stage) -> None:
    """Name a touchpoint anew where it goes, and with it what names it by its codes."""
    old = f"{touchpoint.stage.code}/{touchpoint.code}"
    taken = {each.code for each in stage.touchpoints}
    if touchpoint.code in taken:
        touchpoint.code = code_from(touchpoint.code, taken, fallback="touchpoint")
    new = f"{stage.code}/{touchpoint.code}"
    for table in (Target, Alert):
        there = (table.journey_id == stage.journey_id, table.place == old)
        session.execute(update(table).where(*there).values(place=new))


def remove_touchpoint(session: Session, touchpoint: Touchpoint, *, user_id: int | None) -> int:
    """Remove a touchpoint; the number by which ``removals`` restore it. Conflict where something was
    asked, happened or changed there.
    """
    _refuse_if_used(session, touchpoint)
    kept = keep_touchpoint(session, touchpoint, user_id=user_id)
    record(session, user_id, "remove touchpoint", _touchpoint_subject(touchpoint))
    touchpoint.stage.touchpoints.remove(touchpoint)
    session.flush()
    return kept


class _Placed(Protocol):
    position: int


_P = TypeVar("_P", bound=_Placed)


def _move(siblings: list[_P], moved: _P, by: int) -> None:
    place(siblings, moved, place_of(siblings, moved) + by)


def place(siblings: list[_P], moved: _P, at: int) -> None:
    """Give one of several the place ``at`` among them, 0 the first; beyond the ends, that at the end."""
    order = sorted(siblings, key=lambda each: each.position)
    order.remove(moved)
    order.insert(max(0, at), moved)
    for position, each in enumerate(order):
        each.position = position
    siblings.sort(key=lambda each: each.position)


def place_of(siblings: Collection[_P], one: _P) -> int:
    """The place of one of several by their positions, 0 the first."""
    return sorted(siblings, key=lambda each: each.position).index(one)


def _next_position(siblings: Collection[_Placed]) -> int:
    return max((each.position for each in siblings), default=-1) + 1


def _refuse_if_used(session: Session, touchpoint: Touchpoint) -> None:
    for table, what in ((SurveyRow, "a survey is placed there"), (Interaction, "events name it")):
        if session.scalar(select(exists().where(table.touchpoint_id == touchpoint.id))):
            raise Conflict(
                f"{touchpoint.name} cannot be removed, because {what}; rename it, or archive the"
                " journey and draw a new one."
            )
    _refuse_if_changed(session, touchpoint.name, ChangedPlace.touchpoint_id == touchpoint.id)
    _refuse_if_planned(session, touchpoint.name, PlannedAction.touchpoint_id == touchpoint.id)
    refuse_if_leading(session, touchpoint)
    for noun, kind in _RECORDS:
        there = kind.touchpoint_id == touchpoint.id
        _refuse_if_recorded(session, touchpoint.name, noun, kind, there)


def _refuse_if_changed(session: Session, name: str, there: ColumnElement[bool]) -> None:
    query = select(RegisteredChange).join(ChangedPlace).where(there)
    change = session.scalars(
        query.order_by(RegisteredChange.removed_at.is_not(None)).limit(1)
    ).first()
    if change is None:
        return
    removed = "" if change.removed_at is None else "removed "
    raise Conflict(
        f"{name} cannot be removed, because the {removed}change {change.title} names it; rename it, or"
        f" {'restore the change and ' if removed else ''}take it out of the change."
    )


def _refuse_if_planned(session: Session, name: str, there: ColumnElement[bool]) -> None:
    query = select(PlannedAction).where(there).order_by(PlannedAction.removed_at.is_not(None))
    action = session.scalars(query.limit(1)).first()
    if action is None:
        return
    removed = "" if action.removed_at is None else "removed "
    raise Conflict(
        f"{name} cannot be removed, because the {removed}action {action.title} is about it; rename it,"
        f" or {'restore the action and ' if removed else ''}move the action to another place."
    )


_RECORDS: tuple[tuple[str, type[PainPoint] | type[Opportunity]], ...] = (
    ("pain point", PainPoint),
    ("opportunity", Opportunity),
)


def _refuse_if_recorded(
    session: Session,
    name: str,
    noun: str,
    table: type[PainPoint] | type[Opportunity],
    there: ColumnElement[bool],
) -> None:
    query = select(table.title, table.removed_at).where(there)
    row = session.execute(query.order_by(table.removed_at.is_not(None)).limit(1)).first()
    if row is None:
        return
    title, removed_at = row
    removed = "" if removed_at is None else "removed "
    raise Conflict(
        f"{name} cannot be removed, because the {removed}{noun} {title} is there; rename it, or"
        f" {f'restore the {noun} and ' if removed else ''}move the {noun} to another place."
    )


def _describe(journey: Journey, *, name: str, provider: str, goal: str, state: str) -> None:
    journey.name = _name(name)
    journey.provider = _name(provider, "provider")
    journey.goal = _text(goal, "goal")
    journey.state = _one_of(state, JOURNEY_STATES, "state")


def _gap(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= LONGEST_GAP:
        raise Invalid(
            f"A gap of {days} days is none; use 1 to {LONGEST_GAP}, or leave it empty.",
            field="run_gap_days",
        )
    return days


def _months(number: int | None) -> int | None:
    if number is not None and not 1 <= number <= LONGEST_PERIOD:
        raise Invalid(
            f"A period of {number} months is none; use 1 to {LONGEST_PERIOD}, or leave it empty.",
            field="period_months",
        )
    return number


def _describe_touchpoint(
    touchpoint: Touchpoint,
    *,
    name: str,
    channel: str,
    ownership: str,
    partner: str,
    moment_of_truth: bool,
    front_stage: str,
    backstage: str,
) -> None:
    touchpoint.name = _name(name)
    touchpoint.channel = _text(channel, "channel", longest=60)
    touchpoint.ownership = _one_of(ownership, OWNERSHIPS, "ownership")
    touchpoint.partner = _partner(partner, ownership)
    touchpoint.moment_of_truth = moment_of_truth
    touchpoint.front_stage = _text(front_stage, "front_stage")
    touchpoint.backstage = _text(backstage, "backstage")


def check_touchpoint(texts: Mapping[str, str], *, moment_of_truth: bool) -> Invalid | None:
    """What is wrong with a touchpoint's name, channel, ownership or partner; None where all are fine."""
    try:
        _describe_touchpoint(
            Touchpoint(),
            name=texts["name"],
            channel=texts["channel"],
            ownership=texts["ownership"],
            partner=texts["partner"],
            moment_of_truth=moment_of_truth,
            front_stage="",
            backstage="",
        )
    except Invalid as error:
        return error
    return None


def _partner(name: str, ownership: str) -> str:
    name = " ".join(_text(name, "partner", longest=_LONGEST_NAME).split())
    if name and ownership != "partner":
        raise Invalid(
            f"{name} is named as partner of a touchpoint that no partner runs; choose that a partner"
            " runs it, or leave the name out.",
            field="partner",
        )
    return name


def _free_code(code: str, name: str, taken: set[str], noun: str) -> str:
    if not code.strip():
        return code_from(name, taken, fallback=noun)
    code = read_code(code)
    if code in taken:
        raise Conflict(f"There is a {noun} with the code {code!r} already; choose another.")
    return code


def _name(name: str, field: str = "name") -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise Invalid(
            f"The {field} has {len(name)} characters; use 1 to {_LONGEST_NAME}.", field=field
        )
    return name


def _text(text: str, field: str, *, longest: int = _LONGEST_TEXT) -> str:
    text = text.strip()
    if len(text) > longest:
        noun = field.replace("_", " ")
        raise Invalid(f"The {noun} has {len(text)} characters; use at most {longest}.", field=field)
    return text


def _one_of(value: str, known: tuple[str, ...], field: str) -> str:
    if value not in known:
        raise Invalid(f"{value[:40]!r} is no {field}; use {', '.join(known)}.", field=field)
    return value


def _stage_subject(stage: Stage) -> str:
    return f"stage {stage.journey.code}/{stage.code}"


def _touchpoint_subject(touchpoint: Touchpoint) -> str:
    stage = touchpoint.stage
    return f"touchpoint {stage.journey.code}/{stage.code}/{touchpoint.code}"
