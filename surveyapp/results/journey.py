"""A journey with its map, surveys, segments and their overlaps, read once for a dashboard."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from instruments.loader import Library
from surveyapp.errors import NotFound, NotReady
from surveyapp.journeys.calendar import Calendar, calendar_of
from surveyapp.responses.facets import Facet
from surveyapp.results import cells, definitions
from surveyapp.results.cells import NOTHING, Key, MonthKey, Sums, WrittenCounts
from surveyapp.results.definitions import Scored
from surveyapp.results.facets import UNFLAGGED, Facets
from surveyapp.results.scope import Period
from surveyapp.results.suppression import counted_once as suppression
from surveyapp.results.suppression.facet_publication import Part, facet_publication, parts_of
from surveyapp.results.suppression.found_for_counts import once_for_counts
from surveyapp.results.suppression.kinds import MOST_ANSWERS, Kinds, kinds_by_facet, kinds_by_scale
from surveyapp.results.suppression.publication import Publication, publication
from surveyapp.results.targets.standing import MetricTarget
from surveyapp.results.targets.targets import metric_target
from surveyapp.results.view_models import Hidden, SegmentName
from surveyapp.store.db import is_read, read_once
from surveyapp.store.models import EVERYBODY, Journey, Segment, Stage, Target
from surveyapp.surveys.queries import surveys_of
from surveyapp.surveys.survey import Survey

Place = int | None  # a touchpoint's id; None is the journey's end
Cell = tuple[Place, str]  # place, scale
_Written = Mapping[Cell, Sequence[tuple[Facet, WrittenCounts]]]
_ANY = Facet("", "", flagged=False)  # of answers whose channels are not told apart


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
    targets: tuple[MetricTarget, ...]  # of all customers and of segments

    @property
    def told(self) -> list[int]:
        """Everybody and the segments whose figures are published."""
        return [EVERYBODY, *self.segments]

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
            raise NotFound(f"There is no segment number {segment_id}; choose one from the list.")
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
                into[month] = into[month] + value if month in into else value
        return found


def ground(session: Session, journey_id: int, *, library: Library) -> Ground:
    """A journey's map and rules, read once in a snapshot. Raises NotFound."""
    key = ("ground", journey_id, id(library))
    return read_once(session, key, lambda: _ground(session, journey_id, library))


def _ground(session: Session, journey_id: int, library: Library) -> Ground:
    journey = (
        session.execute(
            select(Journey)
            .where(Journey.id == journey_id)
            .options(
                selectinload(Journey.stages).selectinload(Stage.touchpoints),
                # Few rows, which cost no statement of their own.
                joinedload(Journey.targets).joinedload(Target.owner),
            )
        )
        .unique()
        .scalar_one_or_none()
    )
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
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
        targets=tuple(map(metric_target, journey.targets)),
    )


def hidden_cells(
    session: Session,
    base: Ground,
    when: Period,
    wanted: Sequence[int],
    *,
    minimum: int,
    scales: Collection[str] | None = None,
    facets: Facets = UNFLAGGED,
) -> dict[Cell, dict[int, Hidden]]:
    """Why to hide the ``wanted`` segments in which cell in this period.

    ``scales``: only these, where not all are looked at.
    """
    told = publications(session, base, minimum=minimum, scales=scales, facets=facets)
    return {
        cell: {segment: found.why_hidden(segment, *when.months) for segment in wanted}
        for cell, found in told.items()
    }


def publications(
    session: Session,
    base: Ground,
    *,
    minimum: int,
    scales: Collection[str] | None = None,
    facets: Facets = UNFLAGGED,
) -> dict[Cell, Publication]:
    """What to show in each cell, of all segments and periods; from the counts of all of them.

    ``scales``: only these, where not all are looked at.
    """
    key = ("publications", base.journey.id, minimum, facets)
    make = _publications if facets == UNFLAGGED else partial(_of_facets, facets=facets)
    if scales is not None and not is_read(session, key):
        return make(session, base, minimum, scales)
    return read_once(session, key, lambda: make(session, base, minimum, None))


def _of_facets(
    session: Session,
    base: Ground,
    minimum: int,
    scales: Collection[str] | None,
    *,
    facets: Facets,
) -> dict[Cell, Publication]:
    """The same of one channel or language, or with flagged answers; from the counts of every facet."""
    written = _written_by_facet(session, base, scales)
    if _can_have_kinds(base, written):
        counted, kinds = _by_facet(session, base, scales)
        return {
            cell: facet_publication(
                counts, facets, base.lying, minimum=minimum, kinds=kinds.get(cell)
            )
            for cell, counts in counted.items()
        }

    def found(told: Sequence[tuple[Facet, WrittenCounts]]) -> Publication:
        counts: dict[Facet, dict[int, dict[MonthKey, int]]] = {}
        for facet, each in told:
            _add(counts.setdefault(facet, {EVERYBODY: {}}), base, each.read())
        return facet_publication(counts, facets, base.lying, minimum=minimum)

    return {
        cell: once_for_counts(told, (facets, base.lying, minimum), partial(found, told))
        for cell, told in written.items()
    }


def divisions(session: Session, base: Ground, *, minimum: int) -> dict[Cell, tuple[Part, ...]]:
    """How the answers of each cell are divided by channel and language for what is published of these."""
    counted, kinds = _by_facet(session, base, None)
    return {
        cell: parts_of(counts, base.lying, minimum=minimum, kinds=kinds.get(cell))
        for cell, counts in counted.items()
    }


def facet_counts(
    session: Session, base: Ground
) -> dict[Cell, dict[Facet, dict[int, dict[MonthKey, int]]]]:
    """Numbers of answers by cell, facet, segment and month."""
    return _by_facet(session, base, None)[0]


def facet_kinds(
    session: Session, base: Ground, rules: Mapping[int, str], rest: int, *, mark: int
) -> dict[Cell, dict[Facet, Kinds]]:
    """The same answers without a flag by all the segments and further groups that a customer is in together;
    nothing where there are too many. Groups have ``rules``; who is in none of them is in ``rest``. They are
    read once for each ``mark``, which differs when the numbers of segments or groups do.
    """
    counted = facet_counts(session, base)
    if not _are_few(_totals(base, counted)):
        return {}
    known = {segment: name.rule for segment, name in base.segments.items()} | dict(rules)
    scales = {scale for _, scale in counted}
    read = kinds_by_facet(
        session,
        base.surveys,
        calendar_of(base.journey),
        known,
        scales,
        fingerprint=mark,
    )
    found: dict[Cell, dict[Facet, Kinds]] = {}
    for (survey, scale), by_facet in read.items():
        into = found.setdefault((base.places[survey], scale), {})
        for facet, own in by_facet.items():
            if not facet.flagged:
                kinds = into.setdefault(facet, {})
                for kind, months in own.items():
                    grouped = kind if kind & rules.keys() else kind | {rest}
                    _add_kinds(kinds, {grouped: months})
    return found


def _by_facet(
    session: Session, base: Ground, scales: Collection[str] | None
) -> tuple[dict[Cell, dict[Facet, dict[int, dict[MonthKey, int]]]], dict[Cell, dict[Facet, Kinds]]]:
    if scales is not None:
        return _read_by_facet(session, base, scales)
    key = ("by facet", base.journey.id)
    return read_once(session, key, lambda: _read_by_facet(session, base, None))


def _read_by_facet(
    session: Session, base: Ground, scales: Collection[str] | None
) -> tuple[dict[Cell, dict[Facet, dict[int, dict[MonthKey, int]]]], dict[Cell, dict[Facet, Kinds]]]:
    counted: dict[Cell, dict[Facet, dict[int, dict[MonthKey, int]]]] = {}
    for (survey, scale), by_facet in cells.counts_by_facet(
        session, base.ids, segments=base.told, scales=scales
    ).items():
        at = counted.setdefault((base.places[survey], scale), {})
        for facet, by_segment in by_facet.items():
            _add(at.setdefault(facet, {EVERYBODY: {}}), base, by_segment)
    kinds: dict[Cell, dict[Facet, Kinds]] = {}
    if base.segments and _are_few(_totals(base, counted)):
        read = kinds_by_facet(*_of_kinds(session, base, counted), fingerprint=_fingerprint(counted))
        for (survey, scale), found in read.items():
            into = kinds.setdefault((base.places[survey], scale), {})
            for facet, own in found.items():
                _add_kinds(into.setdefault(facet, {}), own)
    return counted, kinds


def _publications(
    session: Session, base: Ground, minimum: int, scales: Collection[str] | None
) -> dict[Cell, Publication]:
    written: dict[Cell, list[tuple[Facet, WrittenCounts]]] = {}
    for (survey, scale), told in cells.written_counts(
        session, base.ids, segments=base.told, scales=scales
    ).items():
        written.setdefault((base.places[survey], scale), []).append((_ANY, told))

    def read(told: Sequence[tuple[Facet, WrittenCounts]]) -> dict[int, dict[MonthKey, int]]:
        return _added(base, (each.read() for _, each in told))

    if _can_have_kinds(base, written):
        counted = {cell: read(told) for cell, told in written.items()}
        kinds = _kinds(session, base, counted)
        return {
            cell: publication(counts, base.lying, minimum=minimum, kinds=kinds.get(cell))
            for cell, counts in counted.items()
        }

    def found(told: Sequence[tuple[Facet, WrittenCounts]]) -> Publication:
        return publication(read(told), base.lying, minimum=minimum)

    return {
        cell: once_for_counts(told, (base.lying, minimum), partial(found, told))
        for cell, told in written.items()
    }


def _written_by_facet(session: Session, base: Ground, scales: Collection[str] | None) -> _Written:
    """Numbers of answers by cell and facet, of each survey there, as the database wrote them."""

    def read() -> _Written:
        written: dict[Cell, list[tuple[Facet, WrittenCounts]]] = {}
        for (survey, scale), by_facet in cells.written_counts_by_facet(
            session, base.ids, segments=base.told, scales=scales
        ).items():
            written.setdefault((base.places[survey], scale), []).extend(by_facet.items())
        return written

    if scales is not None:
        return read()
    return read_once(session, ("written by facet", base.journey.id), read)


def _can_have_kinds(base: Ground, written: _Written) -> bool:
    """Whether the answers are so few that customers' kinds are looked up, where there are segments."""
    answers: dict[Place, int] = {}
    for (place, _), told in written.items():
        answers[place] = max(answers.get(place, 0), sum(each.everybody for _, each in told))
    return bool(base.segments) and 0 < sum(answers.values()) <= MOST_ANSWERS


def _add(
    into: dict[int, dict[MonthKey, int]],
    base: Ground,
    by_segment: Mapping[int, Mapping[MonthKey, int]],
) -> None:
    """Rollups of a segment that is being sorted, or was deleted a moment ago, tell nothing."""
    for segment, months in by_segment.items():
        if segment == EVERYBODY or segment in base.segments:
            own = into.setdefault(segment, {})
            for month, n in months.items():
                own[month] = own.get(month, 0) + n


def _added(
    base: Ground, parts: Iterable[Mapping[int, Mapping[MonthKey, int]]]
) -> dict[int, dict[MonthKey, int]]:
    found: dict[int, dict[MonthKey, int]] = {EVERYBODY: {}}
    for part in parts:
        _add(found, base, part)
    return found


def _add_kinds(into: Kinds, kinds: Kinds) -> None:
    for kind, months in kinds.items():
        own = into.setdefault(kind, {})
        for month, n in months.items():
            own[month] = own.get(month, 0) + n


_Counted = Mapping[Cell, Mapping[int, Mapping[MonthKey, int]]]


def _kinds(session: Session, base: Ground, counted: _Counted) -> dict[Cell, Kinds]:
    """The same answers by kinds of customers; nothing where there are no segments, or too many answers."""
    if not (base.segments and _are_few(counted)):
        return {}
    found: dict[Cell, Kinds] = {}
    read = kinds_by_scale(*_of_kinds(session, base, counted), fingerprint=_fingerprint(counted))
    for (survey, scale), kinds in read.items():
        _add_kinds(found.setdefault((base.places[survey], scale), {}), kinds)
    return found


def _totals(
    base: Ground, counted: Mapping[Cell, Mapping[Facet, Mapping[int, Mapping[MonthKey, int]]]]
) -> _Counted:
    return {cell: _added(base, by_facet.values()) for cell, by_facet in counted.items()}


def _are_few(counted: _Counted) -> bool:
    """Whether there are so few answers that their kinds can be looked up."""
    answers: dict[Place, int] = {}
    for (place, _), counts in counted.items():
        answers[place] = max(answers.get(place, 0), sum(counts[EVERYBODY].values()))
    return 0 < sum(answers.values()) <= MOST_ANSWERS


def _of_kinds(
    session: Session, base: Ground, counted: Iterable[Cell]
) -> tuple[Session, Sequence[Survey], Calendar, Mapping[int, str], set[str]]:
    """What kinds are read for."""
    rules = {segment: name.rule for segment, name in base.segments.items()}
    scales = {scale for _, scale in counted}
    return session, base.surveys, calendar_of(base.journey), rules, scales


def _fingerprint(counted: Mapping[Cell, Any]) -> int:
    """A number that differs when any of the counts does."""
    return hash(repr(sorted(counted.items(), key=repr)))
