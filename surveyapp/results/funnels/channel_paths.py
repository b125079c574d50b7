"""Scores at a journey's end by the channels that customers had come by: one, several, and the first hand-over.

A path is known from the events of the answer's journey run up to the answer: later ones change nothing.
They are of all customers and all months: one closed set of figures, which tells of no small group beside
all others (path_publication). All answers and events are read: a second for 20,000, so that a page of a
large journey asks first.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import Text, cast, exists, func, select
from sqlalchemy.orm import Session

from instruments.loader import Library
from surveyapp.i18n.words import msg
from surveyapp.journeys.calendar import UTC_DAYS, calendar_of
from surveyapp.journeys.population_shares import population_shares
from surveyapp.journeys.segments import parse
from surveyapp.journeys.weighting_cells import cell_rules
from surveyapp.responses.facets import Facet, facet_columns
from surveyapp.responses.flags import unflagged
from surveyapp.results import cells
from surveyapp.results.cells import NOTHING, RESPONSES, MonthKey, Sums, month_key
from surveyapp.results.definitions import Scored
from surveyapp.results.facets import WITH_FLAGGED
from surveyapp.results.figures import differences, figure
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.segment_verdicts import gate, gated_cells
from surveyapp.results.journey import Ground, ground, publications
from surveyapp.results.months import month_of
from surveyapp.results.suppression.customer_groups import segments_of
from surveyapp.results.suppression.path_publication import (
    ChannelPath,
    PathPublication,
    path_publication,
)
from surveyapp.results.view_models import Alike, Beside, Definition, Figure, Hidden
from surveyapp.store.models import BINS, EVERYBODY, Interaction, Response, Score, Touchpoint

_AT_ONCE = 5000  # rows in memory
MOST = 10  # channels, and hand-overs, that are told apart: the most frequent
ONE, SEVERAL, OTHERS = msg("One channel"), msg("Several channels"), msg("other")
ARROW = " \N{RIGHTWARDS ARROW} "


@dataclass(frozen=True)
class PathRow:
    """Some paths' figures, one a score, each with its difference from the other customers whose path is
    known. ``within``: it is a part of the row before it that is not.
    """

    label: str
    figures: tuple[Figure, ...]
    within: bool = False


@dataclass(frozen=True)
class ChannelPaths:
    """``everybody``: those whose path is known; ``unknown``: all others. ``tested`` differences are corrected
    together (Holm)."""

    definitions: tuple[Definition, ...]
    everybody: PathRow
    rows: tuple[PathRow, ...]
    unknown: PathRow
    tested: int


@dataclass(frozen=True)
class _Answer:
    month: MonthKey
    segments: frozenset[int]
    facet: Facet
    path: ChannelPath
    values: Mapping[str, float]
    group: Hashable


_Chosen = Callable[[ChannelPath], bool]


def answers_with_paths(session: Session, journey_id: int, *, library: Library) -> int:
    """How many answers are read for a journey's paths; 0 where it has no event of a journey run, or asks no
    score at its end. Raises NotFound.
    """
    base = ground(session, journey_id, library=library)
    points = [point.id for stage in base.journey.stages for point in stage.touchpoints]
    own = Interaction
    there = exists().where(own.touchpoint_id.in_(points), own.journey_run_id.is_not(None))
    if not base.scored.get(None) or not session.scalar(select(there)):
        return 0
    ends = [survey.id for survey in base.surveys if survey.touchpoint_id is None]
    counted = cells.counts(session, ends, scales=[RESPONSES], facets=WITH_FLAGGED)
    return sum(sum(by.get(EVERYBODY, {}).values()) for by in counted.values())


def channel_paths(
    session: Session, journey_id: int, *, minimum_cell: int = 5, library: Library
) -> ChannelPaths | None:
    """The scores of all customers of all months by path, without flagged answers; None where no answer's
    path is known. Raises NotFound.
    """
    base = ground(session, journey_id, library=library)
    scored = [each for each in base.scored.get(None, {}).values() if not each.definition.parent]
    scales, group_of = [each.scale.id for each in scored], _groups(session, journey_id)
    answers = _told_apart(list(_answers(session, base, scales, group_of)))
    known = sorted({each.path for each in answers if each.path.is_known})
    if not scored or not known:
        return None
    told = {
        each.scale.id: _published(session, base, answers, each.scale.id, minimum_cell)
        for each in scored
    }
    asked = list(_rows(known))
    columns = [_column(answers, each, told[each.scale.id]) for each in scored]
    pairs = [
        (each, *_sides(column(chosen), column(_is_known)))
        for each, column in zip(scored, columns, strict=True)
        for _, chosen, _ in asked
    ]
    contrasts = iter(differences(pairs))
    gated = gated_cells(base)
    table: dict[int, list[Figure]] = defaultdict(list)
    for each, column in zip(scored, columns, strict=True):
        alike = Alike(Verdicts.NOT_TESTED) if (None, each.scale.id) in gated else None
        for row, (_, chosen, _) in enumerate(asked):
            contrast = gate(next(contrasts), alike)
            sums, reason = column(chosen)
            rest = _rest(each, column(chosen), column(_is_known))
            own = figure(each, sums, reason)
            table[row].append(_with(own, Beside(rest, contrast, alike)))
    return ChannelPaths(
        tuple(each.definition for each in scored),
        _row("All whose path is known", scored, columns, _is_known),
        tuple(
            PathRow(label, tuple(table[row]), inside)
            for row, (label, _, inside) in enumerate(asked)
        ),
        _row("Path not known", scored, columns, lambda path: not path.is_known),
        sum(
            one.beside is not None and one.beside.contrast is not None
            for row in table.values()
            for one in row
        ),
    )


def _told_apart(answers: Sequence[_Answer]) -> list[_Answer]:
    """The same with the rarest channels taken together, and the rarest hand-overs."""
    sizes = Counter(each.path for each in answers if each.path.is_known)
    rare: dict[ChannelPath, ChannelPath] = {}
    for mixed, together in (
        (False, ChannelPath(OTHERS)),
        (True, ChannelPath(OTHERS, OTHERS)),
    ):
        own = [path for path, _ in sizes.most_common() if path.is_mixed is mixed]
        rare |= dict.fromkeys(own[MOST:], together)
    if not rare:
        return list(answers)
    return [replace(each, path=rare.get(each.path, each.path)) for each in answers]


def _is_known(path: ChannelPath) -> bool:
    return path.is_known


def _rows(known: Sequence[ChannelPath]) -> Iterator[tuple[str, _Chosen, bool]]:
    """Label, which paths, and whether it is a part of the row before."""
    single = [path for path in known if not path.is_mixed]
    mixed = [path for path in known if path.is_mixed]
    if single:
        yield ONE, lambda path: path.is_known and not path.is_mixed, False
    for path in single:
        yield path.first, path.__eq__, True
    if mixed:
        yield SEVERAL, lambda path: path.is_mixed, False
    for path in mixed:
        yield f"{path.first}{ARROW}{path.then}", path.__eq__, True


_Cell = tuple[Sums, Hidden]


def _column(
    answers: Sequence[_Answer], scored: Scored, told: PathPublication
) -> Callable[[_Chosen], _Cell]:
    """The sums of a score over chosen paths, nothing where hidden, and why they are."""
    scale = scored.scale.id
    by_path: dict[ChannelPath, list[float]] = defaultdict(list)
    for each in answers:
        if scale in each.values:
            by_path[each.path].append(each.values[scale])
    every = {each.path for each in answers}
    known: dict[frozenset[ChannelPath], _Cell] = {}

    def cell(chosen: _Chosen) -> _Cell:
        paths = frozenset(filter(chosen, every))
        if paths not in known:
            reason = told.why_hidden(paths)
            values = [value for path in paths for value in by_path.get(path, ())]
            known[paths] = (NOTHING if reason else _summed(values), reason)
        return known[paths]

    return cell


def _summed(values: Sequence[float]) -> Sums:
    bins = [0] * BINS
    for value in values:
        bins[min(int(value), BINS - 1)] += 1
    squares = sum(value * value for value in values)
    return Sums(len(values), sum(values), squares, tuple(bins))


def _sides(own: _Cell, known: _Cell) -> tuple[Sums, Sums]:
    if own[1] or known[1]:
        return NOTHING, NOTHING
    return own[0], known[0] - own[0]


def _rest(scored: Scored, own: _Cell, known: _Cell) -> Figure:
    reason = own[1] or known[1]
    return figure(scored, NOTHING if reason else known[0] - own[0], reason)


def _groups(session: Session, journey_id: int) -> Callable[[str], Hashable]:
    """In which cell of the population shares a customer is, from attributes as stored: weighted scores stand
    beside those of paths, so that only who is in one cell, too, is alike.
    """
    cells_of = {
        number: parse(rule)
        for number, rule in enumerate(cell_rules(population_shares(session, journey_id)).values())
    }
    known: dict[str, frozenset[int]] = {}

    def group_of(written: str) -> Hashable:
        if written not in known:
            known[written] = segments_of(cells_of, json.loads(written))
        return known[written]

    return group_of


def _with(own: Figure, beside: Beside) -> Figure:
    return Figure(
        own.definition,
        own.n,
        own.estimate,
        own.low,
        own.high,
        own.mean,
        own.hidden,
        beside=beside,
    )


def _row(
    label: str,
    scored: Sequence[Scored],
    columns: Sequence[Callable[[_Chosen], _Cell]],
    chosen: _Chosen,
) -> PathRow:
    return PathRow(
        label,
        tuple(figure(each, *column(chosen)) for each, column in zip(scored, columns, strict=True)),
    )


def _published(
    session: Session, base: Ground, answers: Sequence[_Answer], scale: str, minimum: int
) -> PathPublication:
    told = publications(session, base, minimum=minimum, scales=[scale]).get((None, scale))
    people: dict[Hashable, Counter[ChannelPath]] = defaultdict(Counter)
    for each in answers:
        if scale in each.values:
            people[each.facet, each.segments, each.month, each.group][each.path] += 1
    shown = told is not None and not told.why_hidden(EVERYBODY)
    return path_publication(people, minimum=minimum, everybody=shown)


def _answers(
    session: Session,
    base: Ground,
    scales: Sequence[str],
    group_of: Callable[[str], Hashable],
) -> Iterator[_Answer]:
    """Every answer at the journey's end with a score and without a flag."""
    rules = {segment: parse(name.rule) for segment, name in base.segments.items()}
    segments: dict[str, frozenset[int]] = {}
    ends = [survey for survey in base.surveys if survey.touchpoint_id is None]
    events = _events(session, base)
    for kind, calendar in ((True, UTC_DAYS), (False, calendar_of(base.journey))):
        surveys = [survey.id for survey in ends if survey.is_anonymous is kind]
        if not surveys:
            continue
        rows = session.execute(
            select(
                Response.id,
                Response.journey_run_id,
                Response.submitted_at,
                month_of(session, surveys, calendar),
                cast(Response.attributes, Text),
                Score.scale,
                Score.value,
                *facet_columns(),
            )
            .join(Score, Score.response_id == Response.id)
            .where(Response.survey_id.in_(surveys), Score.scale.in_(scales), unflagged())
            .order_by(Response.id)
            .execution_options(yield_per=_AT_ONCE)
        )
        for _, several in groupby(rows, key=lambda row: row[0]):
            given = list(several)
            _, run, at, written, known, _, _, channel, language, flagged = given[0]
            if known not in segments:
                segments[known] = segments_of(rules, json.loads(known))
            yield _Answer(
                month_key(written),
                segments[known],
                Facet(channel, language, bool(flagged)),
                _path(events.get(run, ()), at),
                {row[5]: row[6] for row in given},
                group_of(known),
            )


_Events = Sequence[tuple[datetime, str]]


def _events(session: Session, base: Ground) -> dict[int | None, _Events]:
    """When and by which channel something happened on each journey run, the earliest first."""
    points = [point.id for stage in base.journey.stages for point in stage.touchpoints]
    own = Interaction
    channel = func.coalesce(func.nullif(func.trim(own.channel), ""), func.trim(Touchpoint.channel))
    rows = session.execute(
        select(own.journey_run_id, own.at, channel)
        .join(Touchpoint, Touchpoint.id == own.touchpoint_id)
        .where(own.touchpoint_id.in_(points), own.journey_run_id.is_not(None))
        .order_by(own.at, own.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    found: dict[int | None, list[tuple[datetime, str]]] = {}
    for run, at, name in rows:
        if name:
            found.setdefault(run, []).append((at, name.casefold()))
    return {run: tuple(events) for run, events in found.items()}


def _path(events: _Events, until: datetime) -> ChannelPath:
    names = [name for at, name in events if at <= until]
    if not names:
        return ChannelPath()
    return ChannelPath(names[0], next((name for name in names if name != names[0]), ""))
