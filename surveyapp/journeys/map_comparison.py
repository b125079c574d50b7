"""What differs between two maps: stages, touchpoints and lanes by their codes, and every text."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from surveyapp.journeys.map_lanes import Grain, Lane
from surveyapp.journeys.map_snapshots import (
    MapSnapshot,
    SnapshotEvidence,
    SnapshotLane,
    SnapshotPoint,
    SnapshotStage,
    lanes_in,
    typed_lanes,
)

T = TypeVar("T")
_Key = tuple[str, str]  # codes of a stage and of a touchpoint in it


class Did(StrEnum):
    """What happened to a stage, touchpoint or lane."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    MOVED = "moved"


class Noun(StrEnum):
    STAGE = "stage"
    TOUCHPOINT = "touchpoint"
    LANE = "lane"
    EVIDENCE = "evidence"


@dataclass(frozen=True)
class Difference:
    """``old`` and ``new`` are the names of what was renamed, or of the stages between which a
    touchpoint moved; empty for what moved among its neighbours. ``stage`` is that of a touchpoint or
    of evidence, whose ``number`` is its own and whose name is empty for a quote.
    """

    did: Did
    noun: Noun
    name: str
    stage: str = ""
    old: str = ""
    new: str = ""
    number: int = 0


@dataclass(frozen=True)
class TextDifference:
    """A text of a stage, or of a touchpoint in it, that is not the same. ``field`` is that of the lane."""

    stage: str
    touchpoint: str
    lane: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class MapComparison:
    """``concerned``: codes of stage and touchpoint, on the new map, of the touchpoints that differ."""

    differences: tuple[Difference, ...]
    texts: tuple[TextDifference, ...]
    concerned: tuple[_Key, ...]

    @property
    def is_empty(self) -> bool:
        return not self.differences and not self.texts

    @property
    def by_stage(self) -> dict[str, list[TextDifference]]:
        """The texts by the names of their stages, in the order of the new map."""
        found: dict[str, list[TextDifference]] = {}
        for each in self.texts:
            found.setdefault(each.stage, []).append(each)
        return found


@dataclass(frozen=True)
class _Placed:
    """A touchpoint with the stage in which it stands."""

    stage: SnapshotStage
    point: SnapshotPoint

    @property
    def key(self) -> _Key:
        return self.stage.code, self.point.code


def compare_maps(old: MapSnapshot, new: MapSnapshot, *, same_journey: bool) -> MapComparison:
    """How ``new`` differs from ``old``.

    Stages are the same by their code. Touchpoints are the same by their code in the same stage; what is
    left moved where its code is there once on either side. Lanes of one journey are the same by their
    number, those of two by their name. The fewest steps that explain an order count as moves. Evidence is
    compared between two states of one journey, where both list it.
    """
    stages = _pairs(old.stages, new.stages, lambda each: each.code)
    before, after = _placed(old), _placed(new)
    points = _pairs(before, after, _point_keys(before, after))
    lanes = _pairs(old.lanes, new.lanes, _lane_key(same_journey))
    moved_stages = _moved(old.stages, stages)
    in_place = [(a, b) for a, b in points if a and b and a.stage.code == b.stage.code]
    moved_points = {
        each.key
        for code in {a.stage.code for a, _ in in_place}
        for each in _moved(before, [pair for pair in in_place if pair[0].stage.code == code])
    }
    return MapComparison(
        (
            *_listed(Noun.STAGE, stages, moved_stages),
            *_listed_points(points, moved_points),
            *_listed(Noun.LANE, lanes, _moved(old.lanes, lanes)),
            *_reordered(old, new),
            *(_evidence(old, new) if same_journey and old.order and new.order else ()),
        ),
        (*_stage_texts(stages, lanes), *_point_texts(points)),
        tuple(
            b.key for a, b in points if b and (a is None or a.key in moved_points or _differs(a, b))
        ),
    )


def same_points(old: MapSnapshot, new: MapSnapshot) -> dict[_Key, SnapshotPoint]:
    """The touchpoints of ``new`` by the codes of stage and touchpoint that they have on ``old``."""
    before, after = _placed(old), _placed(new)
    pairs = _pairs(before, after, _point_keys(before, after))
    return {a.key: b.point for a, b in pairs if a and b}


def _placed(of: MapSnapshot) -> list[_Placed]:
    return [_Placed(stage, point) for stage in of.stages for point in stage.touchpoints]


def _pairs(
    old: Sequence[T], new: Sequence[T], key: Callable[[T], Hashable]
) -> list[tuple[T | None, T | None]]:
    """Those of the new side in its order, each with its old one, then those that are gone."""
    before = {key(each): each for each in old}
    after = {key(each) for each in new}
    found: list[tuple[T | None, T | None]] = [(before.get(key(each)), each) for each in new]
    return [*found, *((each, None) for each in old if key(each) not in after)]


def _point_keys(old: Sequence[_Placed], new: Sequence[_Placed]) -> Callable[[_Placed], Hashable]:
    there = {each.key for each in old} & {each.key for each in new}
    left, right = (
        Counter(each.point.code for each in side if each.key not in there) for side in (old, new)
    )

    def key(each: _Placed) -> Hashable:
        code = each.point.code
        is_alone = each.key not in there and left[code] == 1 and right[code] == 1
        return code if is_alone else each.key

    return key


def _lane_key(same_journey: bool) -> Callable[[SnapshotLane], Hashable]:
    if same_journey:
        return lambda each: each.id
    return lambda each: each.name.casefold()


def _moved(old: Sequence[T], pairs: Sequence[tuple[T | None, T | None]]) -> list[T]:
    """The old ones of those on both sides that left their order: all outside its longest rising run."""
    order = {id(each): place for place, each in enumerate(old)}
    places = [order[id(a)] for a, b in pairs if a is not None and b is not None]
    kept = _rising(places)
    return [old[place] for place in places if place not in kept]


def _rising(places: Sequence[int]) -> set[int]:
    """A longest rising subsequence (patience sorting)."""
    tails: list[int] = []
    back: dict[int, int | None] = {}
    for place in places:
        at = bisect_left(tails, place)
        back[place] = tails[at - 1] if at else None
        tails[at : at + 1] = [place]
    found: set[int] = set()
    last = tails[-1] if tails else None
    while last is not None:
        found.add(last)
        last = back[last]
    return found


def _listed(
    noun: Noun,
    pairs: Sequence[
        tuple[SnapshotStage | SnapshotLane | None, SnapshotStage | SnapshotLane | None]
    ],
    moved: Sequence[SnapshotStage | SnapshotLane],
) -> Iterator[Difference]:
    for a, b in pairs:
        yield from _come_gone_renamed(noun, a.name if a else None, b.name if b else None)
        if b and any(a is each for each in moved):
            yield Difference(Did.MOVED, noun, b.name)


def _reordered(old: MapSnapshot, new: MapSnapshot) -> Iterator[Difference]:
    """Lanes that every map has and that stand elsewhere, as after another kind of journey was chosen."""
    if old.order and new.order:
        before, after = lanes_in(old.order), lanes_in(new.order)
        for lane in _moved(before, [(each, each) for each in after]):
            yield Difference(Did.MOVED, Noun.LANE, lane.title)


def _evidence(old: MapSnapshot, new: MapSnapshot) -> Iterator[Difference]:
    before, after = _pieces(old), _pieces(new)
    for did, there, other in ((Did.ADDED, after, before), (Did.REMOVED, before, after)):
        for number, (piece, stage) in there.items():
            if number not in other:
                yield Difference(did, Noun.EVIDENCE, piece.title, stage, number=number)


def _pieces(of: MapSnapshot) -> dict[int, tuple[SnapshotEvidence, str]]:
    """Evidence by its number, with the name of its stage."""
    return {piece.id: (piece, stage.name) for stage in of.stages for piece in stage.evidence}


def _listed_points(
    pairs: Sequence[tuple[_Placed | None, _Placed | None]], moved: set[_Key]
) -> Iterator[Difference]:
    for a, b in pairs:
        stage = b.stage.name if b else a.stage.name if a else ""
        names = a.point.name if a else None, b.point.name if b else None
        yield from _come_gone_renamed(Noun.TOUCHPOINT, *names, stage)
        if a and b and a.stage.code != b.stage.code:
            between = a.stage.name, b.stage.name
            yield Difference(Did.MOVED, Noun.TOUCHPOINT, b.point.name, stage, *between)
        elif a and b and a.key in moved:
            yield Difference(Did.MOVED, Noun.TOUCHPOINT, b.point.name, stage)


def _come_gone_renamed(
    noun: Noun, old: str | None, new: str | None, stage: str = ""
) -> Iterator[Difference]:
    if old is None and new is not None:
        yield Difference(Did.ADDED, noun, new, stage)
    elif new is None and old is not None:
        yield Difference(Did.REMOVED, noun, old, stage)
    elif old is not None and new is not None and old != new:
        yield Difference(Did.RENAMED, noun, new, stage, old, new)


def _differs(a: _Placed, b: _Placed) -> bool:
    is_same = a.point.name == b.point.name and a.stage.code == b.stage.code
    return not is_same or a.point.texts != b.point.texts


def _stage_texts(
    stages: Sequence[tuple[SnapshotStage | None, SnapshotStage | None]],
    lanes: Sequence[tuple[SnapshotLane | None, SnapshotLane | None]],
) -> Iterator[TextDifference]:
    for a, b in stages:
        name = b.name if b else a.name if a else ""
        texts = (a.texts if a else {}), (b.texts if b else {})
        yield from _texts(name, "", typed_lanes(Grain.STAGE), *texts)
        for old, new in lanes:
            was = a.own.get(old.id, "") if a and old else ""
            now = b.own.get(new.id, "") if b and new else ""
            title = new.name if new else old.name if old else ""
            if was != now:
                yield TextDifference(name, "", title, "own", was, now)


def _point_texts(
    points: Sequence[tuple[_Placed | None, _Placed | None]],
) -> Iterator[TextDifference]:
    for a, b in points:
        at = b or a
        if at is not None:
            texts = (a.point.texts if a else {}), (b.point.texts if b else {})
            lanes = typed_lanes(Grain.TOUCHPOINT)
            yield from _texts(at.stage.name, at.point.name, lanes, *texts)


def _texts(
    stage: str,
    touchpoint: str,
    lanes: Iterator[Lane],
    old: Mapping[str, str],
    new: Mapping[str, str],
) -> Iterator[TextDifference]:
    for lane in lanes:
        was, now = old.get(lane.field, ""), new.get(lane.field, "")
        if was != now:
            yield TextDifference(stage, touchpoint, lane.title, lane.field, was, now)
