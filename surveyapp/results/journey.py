"""A journey with its map, surveys, segments and their overlaps, read once for a dashboard."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from instruments.loader import Library
from surveyapp.errors import NotFound, NotReady
from surveyapp.results import cells, definitions, suppression
from surveyapp.results.cells import NOTHING, Key, MonthKey, Sums
from surveyapp.results.definitions import Scored
from surveyapp.results.scope import Period
from surveyapp.results.view_models import Hidden, SegmentName
from surveyapp.store.models import EVERYBODY, Journey, Segment, Stage
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

Place = int | None  # a touchpoint's id; None is the journey's end
Cell = tuple[Place, str]  # place, scale
Monthly = dict[int, dict[Key, dict[MonthKey, Sums]]]  # by segment, as ``cells.monthly`` reads them


@dataclass(frozen=True)
class Ground:
    """What every dashboard of a journey stands on."""

    journey: Journey
    surveys: tuple[Survey, ...]
    scored: dict[Place, dict[str, Scored]]
    segments: dict[int, SegmentName]  # those that every response has been sorted into
    sorting: dict[int, SegmentName]  # those whose rollups are not complete yet
    lying: suppression.Overlaps
    places: dict[int, Place]  # survey -> where it asks

    @property
    def ids(self) -> list[int]:
        return [survey.id for survey in self.surveys]

    def segment(self, segment_id: int) -> SegmentName | None:
        """None for everybody; NotFound for an id that no segment has, NotReady while responses are
        being sorted into it.
        """
        if segment_id == EVERYBODY:
            return None
        if segment_id in self.sorting:
            raise NotReady(
                "Responses are still being assigned to the segment"
                f" {self.sorting[segment_id].name}. Its scores are shown when this is"
                " done; try again in a few minutes."
            )
        if segment_id not in self.segments:
            raise NotFound(f"there is no segment number {segment_id}; choose one from the list")
        return self.segments[segment_id]

    def pooled(self, sums: dict[Key, Sums]) -> dict[Cell, Sums]:
        """Surveys at the same place together."""
        found: dict[Cell, Sums] = {}
        for (survey, scale), value in sums.items():
            cell = (self.places[survey], scale)
            found[cell] = found.get(cell, NOTHING) + value
        return found

    def pooled_months(
        self, sums: dict[Key, dict[MonthKey, Sums]]
    ) -> dict[Cell, dict[MonthKey, Sums]]:
        found: dict[Cell, dict[MonthKey, Sums]] = {}
        for (survey, scale), months in sums.items():
            into = found.setdefault((self.places[survey], scale), {})
            for month, value in months.items():
                into[month] = into.get(month, NOTHING) + value
        return found


def ground(session: Session, journey_id: int, *, library: Library) -> Ground:
    """Read a journey's map and rules. Raises NotFound."""
    journey = session.scalar(
        select(Journey)
        .where(Journey.id == journey_id)
        .options(selectinload(Journey.stages).selectinload(Stage.touchpoints))
    )
    if journey is None:
        raise NotFound(f"there is no journey number {journey_id}")
    segments: dict[int, SegmentName] = {}
    sorting: dict[int, SegmentName] = {}
    for row in session.scalars(select(Segment).order_by(Segment.id)):
        into = segments if row.sorted_to is None else sorting
        into[row.id] = SegmentName(row.id, row.code, row.name, row.rule)
    known = surveys_of(session, journey_id)
    at: dict[Place, list[Survey]] = {}
    for survey in known:
        at.setdefault(survey.touchpoint_id, []).append(survey)
    return Ground(
        journey=journey,
        surveys=tuple(known),
        scored={place: definitions.scored(rows, library=library) for place, rows in at.items()},
        segments=segments,
        sorting=sorting,
        lying=suppression.overlaps(tuple((s.id, s.rule) for s in segments.values())),
        places={survey.id: survey.touchpoint_id for survey in known},
    )


def hidden_cells(
    session: Session,
    base: Ground,
    when: Period,
    wanted: Sequence[int],
    *,
    minimum: int,
    scales: Collection[str] | None = None,
    monthly: Monthly | None = None,
) -> dict[Cell, dict[int, Hidden]]:
    """Which segments to hide in which cell, from the counts of all segments; the period's edges are
    looked at for the ``wanted`` ones only, in their ``monthly`` sums where those are read already.

    ``scales``: only these, where not all are looked at.
    """
    counted = cells.counts(session, base.ids, since=when.since, until=when.until, scales=scales)
    found: dict[Cell, dict[int, int]] = {}
    for (survey, scale), by_segment in counted.items():
        into = found.setdefault((base.places[survey], scale), {})
        for segment, n in by_segment.items():
            # Rollups of a segment that is being sorted, or was deleted a moment ago, tell nothing.
            if segment == EVERYBODY or segment in base.segments:
                into[segment] = into.get(segment, 0) + n
    result = {
        cell: suppression.hidden({EVERYBODY: 0, **ns}, base.lying, minimum=minimum)
        for cell, ns in found.items()
    }
    if not when.whole:
        if monthly is None:
            monthly = cells.monthly(session, base.ids, sorted({EVERYBODY, *wanted}), scales=scales)
        _hide_cut(base, when, monthly, result, minimum=minimum)
    return result


def _hide_cut(
    base: Ground,
    when: Period,
    by_segment: Monthly,
    result: dict[Cell, dict[int, Hidden]],
    *,
    minimum: int,
) -> None:
    everybody = base.pooled_months(by_segment[EVERYBODY])
    for segment, keys in by_segment.items():
        for cell, months in base.pooled_months(keys).items():
            runs = runs_of(months, everybody[cell], segment, minimum=minimum)
            if result.get(cell, {}).get(segment) is Hidden.NO and suppression.cuts(
                runs, *when.months
            ):
                result[cell][segment] = Hidden.PERIOD


def runs_of(
    months: dict[MonthKey, Sums], everybody: dict[MonthKey, Sums], segment: int, *, minimum: int
) -> list[tuple[MonthKey, MonthKey]]:
    """The runs of months in which a cell may be shown, for a segment and those outside it."""
    inside = {month: value.n for month, value in months.items()}
    outside = None
    if segment != EVERYBODY:
        outside = {month: value.n - inside.get(month, 0) for month, value in everybody.items()}
    return suppression.blocks(inside, outside, minimum=minimum)
