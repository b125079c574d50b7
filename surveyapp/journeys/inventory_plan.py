"""What an inventory that comes in would do: row by row, what is added, changed, left alone or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from surveyapp.errors import Invalid
from surveyapp.journeys.actions import check_touchpoint
from surveyapp.journeys.codes import read_code
from surveyapp.journeys.inventory_rows import SAID, InventoryRow, InventorySheet
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.refused_cells import RefusedCell
from surveyapp.store.models import Journey, Stage, Touchpoint
from surveyapp.tables.guard import guarded

_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")
_AT = {name: column for column, name in SAID.items()}


class Fate(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class InventoryAccess:
    """The numbers of the journeys that whoever imports may see and may edit; None: all."""

    seen: frozenset[int] | None = None
    edited: frozenset[int] | None = None

    @classmethod
    def of_queries(
        cls, session: Session, seen: Select[int] | None, edited: Select[int] | None
    ) -> InventoryAccess:
        """The journeys that two queries find."""
        found = (seen, edited)
        return cls(*(None if each is None else frozenset(session.scalars(each)) for each in found))


@dataclass(frozen=True)
class Difference:
    """What is said of a touchpoint, before and after."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class PlannedRow:
    """A row with its touchpoint: ``point_id`` is 0 for one to be added. ``said`` is what it will be."""

    number: int
    fate: Fate
    journey: str = ""
    stage: str = ""
    touchpoint: str = ""
    journey_id: int = 0
    stage_id: int = 0
    point_id: int = 0
    code: str = ""
    said: Mapping[str, str] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    refused: RefusedCell | None = None


@dataclass(frozen=True)
class InventoryPlan:
    """Every row of a file, in the file's order."""

    rows: Sequence[PlannedRow]

    def of(self, fate: Fate) -> list[PlannedRow]:
        return [each for each in self.rows if each.fate is fate]

    @property
    def to_do(self) -> list[PlannedRow]:
        """Rows that change something."""
        return [each for each in self.rows if each.fate in (Fate.ADDED, Fate.CHANGED)]

    @property
    def digest(self) -> str:
        """Tells this plan from one that a map changed meanwhile would give."""
        told = [
            (each.number, each.stage_id, each.point_id, each.differences) for each in self.to_do
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()


class _RowRefused(Exception):
    """A row that cannot be taken, for a cell of a column; an empty one means the row."""

    def __init__(self, column: str, reason: str, cure: str = "") -> None:
        super().__init__(reason)
        self.column, self.reason, self.cure = column, reason, cure


def plan_inventory(
    session: Session, sheet: InventorySheet, access: InventoryAccess
) -> InventoryPlan:
    """What each row would do to the maps as they are now; nothing is written.

    Journeys, stages and touchpoints are found by code, else by name. A journey that may not be seen is
    refused as one that is not there.
    """
    maps = _Maps(session, access)
    taken: dict[tuple[int, str], int] = {}
    planned = []
    for row in sheet.rows:
        try:
            one = _plan(row, maps)
            for key in _names(one):
                if taken.setdefault(key, row.number) != row.number:
                    raise _RowRefused(
                        "touchpoint" if "touchpoint" in row.cells else "touchpoint_code",
                        f"It is the same touchpoint as in row {taken[key]}.",
                        "Leave one of the two rows.",
                    )
        except _RowRefused as refused:
            cell = RefusedCell(
                sheet.place(row.number, refused.column),
                refused.column,
                row.of(refused.column)[:200],
                refused.reason,
                refused.cure,
            )
            one = _refused(row, cell)
        planned.append(one)
    return InventoryPlan(planned)


def _names(one: PlannedRow) -> tuple[tuple[int, str], ...]:
    """By what two rows are known to mean one touchpoint."""
    if one.point_id:
        return ((one.stage_id, f"number {one.point_id}"),)
    named = (one.stage_id, f"name {_folded(one.touchpoint)}")
    return (named, (one.stage_id, f"code {one.code}")) if one.code else (named,)


def _refused(row: InventoryRow, cell: RefusedCell) -> PlannedRow:
    names = (row.of(name) or row.of(f"{name}_code") for name in ("journey", "stage", "touchpoint"))
    journey, stage, touchpoint = (name[:200] for name in names)
    return PlannedRow(row.number, Fate.REFUSED, journey, stage, touchpoint, refused=cell)


def _plan(row: InventoryRow, maps: _Maps) -> PlannedRow:
    if row.fault:
        raise _RowRefused("", row.fault, row.cure)
    for column, cell in row.cells.items():
        if "\x00" in cell:
            raise _RowRefused(column, "The text contains a NUL character.", "Remove it.")
    journey = maps.journey(row)
    stage = _stage(row, journey)
    point = _point(row, journey, stage)
    old = _said(point) if point else {**_said(None), "ownership": "provider"}
    new = {**old, **_new(row, old)}
    fault = check_touchpoint(new, moment_of_truth=new["moment_of_truth"] == "yes")
    if fault:
        raise _RowRefused(_AT.get(fault.field or "", ""), str(fault))
    found = tuple(Difference(name, old[name], new[name]) for name in old if old[name] != new[name])
    if found and not maps.may_edit(journey):
        raise _RowRefused(
            "journey_code" if row.of("journey_code") else "journey",
            f"You may not change the map of {journey.name}.",
            "Ask an owner of the journey to make you an editor, or take the row out.",
        )
    fate = Fate.ADDED if point is None else Fate.CHANGED if found else Fate.UNCHANGED
    return PlannedRow(
        number=row.number,
        fate=fate,
        journey=journey.name,
        stage=stage.name,
        touchpoint=new["name"],
        journey_id=journey.id,
        stage_id=stage.id,
        point_id=point.id if point else 0,
        code=point.code if point else row.of("touchpoint_code").strip(),
        said=new,
        differences=found,
    )


class _Maps:
    """The journeys that may be seen; the map of each is read when a row first names it."""

    def __init__(self, session: Session, access: InventoryAccess) -> None:
        self._session, self._access = session, access
        query = select(Journey.id, Journey.code, Journey.name).order_by(Journey.id)
        self._known = [
            (number, code, name)
            for number, code, name in session.execute(query)
            if access.seen is None or number in access.seen
        ]
        self._read: dict[int, Journey] = {}

    def may_edit(self, journey: Journey) -> bool:
        return self._access.edited is None or journey.id in self._access.edited

    def journey(self, row: InventoryRow) -> Journey:
        code, name = row.of("journey_code").strip(), row.of("journey").strip()
        fits = [number for number, known, _ in self._known if known == code] if code else []
        if not code:
            fits = [number for number, _, known in self._known if _folded(known) == _folded(name)]
        if len(fits) != 1:
            raise _not_one("journey", code, name, len(fits), "Create the journey first")
        journey = self._read.get(fits[0])
        if journey is None:
            journey = self._read[fits[0]] = whole_map(self._session, fits[0])
        _refuse_renamed("journey", name, journey.name)
        return journey


def _stage(row: InventoryRow, journey: Journey) -> Stage:
    code, name = row.of("stage_code").strip(), row.of("stage").strip()
    if code:
        fits = [each for each in journey.stages if each.code == code]
    else:
        fits = [each for each in journey.stages if _folded(each.name) == _folded(name)]
    if len(fits) != 1:
        raise _not_one(
            "stage", code, name, len(fits), f"Draw it on the map of {journey.name} first"
        )
    _refuse_renamed("stage", name, fits[0].name)
    return fits[0]


def _point(row: InventoryRow, journey: Journey, stage: Stage) -> Touchpoint | None:
    """The touchpoint that a row names; None for a new one."""
    code, name = row.of("touchpoint_code").strip(), row.of("touchpoint").strip()
    by_name = [each for each in stage.touchpoints if _folded(each.name) == _folded(name)]
    if not code:
        if len(by_name) > 1:
            raise _not_one("touchpoint", code, name, len(by_name), "")
        if not by_name and not name:
            raise _RowRefused("touchpoint", "The row names no touchpoint.", "Give it a name.")
        return by_name[0] if by_name else None
    for each in stage.touchpoints:
        if each.code == code:
            return each
    try:
        read_code(code)
    except Invalid as error:
        raise _RowRefused("touchpoint_code", str(error)) from None
    if by_name:
        raise _RowRefused(
            "touchpoint_code",
            f"{by_name[0].name} has the code {by_name[0].code}, and codes do not change.",
            f"Write {by_name[0].code}, or leave the code empty.",
        )
    elsewhere = _elsewhere(code, name, journey)
    if elsewhere is not None:
        raise _RowRefused(
            "stage_code" if row.of("stage_code") else "stage",
            f"{elsewhere.name} stands in the stage {elsewhere.stage.name}, and an import moves nothing.",
            "Move it on the map; for a second touchpoint of that name leave its code empty.",
        )
    if not name:
        raise _RowRefused("touchpoint", "A touchpoint that is added needs a name.", "Give it one.")
    return None


def _elsewhere(code: str, name: str, journey: Journey) -> Touchpoint | None:
    """A touchpoint of another stage that a row seems to mean: of the same code, and name if it has one."""
    for stage in journey.stages:
        for each in stage.touchpoints:
            if each.code == code and _folded(name) in ("", _folded(each.name)):
                return each
    return None


def _said(point: Touchpoint | None) -> dict[str, str]:
    if point is None:
        return {**dict.fromkeys(SAID.values(), ""), "moment_of_truth": "no"}
    return {
        "name": point.name,
        "channel": point.channel,
        "ownership": point.ownership,
        "partner": point.partner,
        "moment_of_truth": "yes" if point.moment_of_truth else "no",
    }


def _new(row: InventoryRow, old: Mapping[str, str]) -> dict[str, str]:
    """What the row says; a name, an ownership or a moment of truth left empty stays what it is."""
    found = {}
    for column, name in SAID.items():
        if column not in row.cells:
            continue
        text = row.cells[column].strip()
        if text in (old[name], guarded(old[name])):  # a guarded cell, saved as a workbook
            text = old[name]
        if name in ("name", "partner"):
            text = " ".join(text.split())
        elif name in ("ownership", "moment_of_truth"):
            text = text.lower()
        if not text and name in ("name", "ownership", "moment_of_truth"):
            continue
        if name == "moment_of_truth":
            text = _yes_or_no(text)
        found[name] = text
    return found


def _yes_or_no(text: str) -> str:
    if text in _YES:
        return "yes"
    if text in _NO:
        return "no"
    raise _RowRefused(
        "moment_of_truth", f"{text[:40]!r} is neither yes nor no.", "Write yes or no."
    )


def _not_one(noun: str, code: str, name: str, found: int, cure: str) -> _RowRefused:
    """The refusal where not exactly one fits what a row names."""
    column = f"{noun}_code" if code else noun
    if not code and not name:
        return _RowRefused(column, f"The row names no {noun}.", "Write its code or its name.")
    if found > 1:
        return _RowRefused(column, f"{found} {noun}s are named {name[:60]!r}.", "Write the code.")
    named = f"with the code {code[:60]!r}" if code else f"named {name[:60]!r}"
    return _RowRefused(
        column, f"There is no {noun} {named} here.", f"{cure}, or correct the {column}."
    )


def _refuse_renamed(noun: str, name: str, stored: str) -> None:
    """An inventory says nothing of journeys and stages; a new name for one would be lost in silence."""
    if name and _folded(name) not in (_folded(stored), _folded(guarded(stored))):
        raise _RowRefused(
            noun,
            f"The {noun} with this code is named {stored[:80]}, and an import renames none.",
            f"Rename the {noun} on its own page, or leave the cell empty.",
        )


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def journeys_of(rows: Iterable[PlannedRow]) -> Collection[int]:
    """The numbers of the journeys of these rows, lowest first."""
    return sorted({each.journey_id for each in rows})
