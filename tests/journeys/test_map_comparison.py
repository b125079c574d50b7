"""What differs between two maps."""

from __future__ import annotations

from surveyapp.journeys.map_comparison import Did, MapComparison, Noun, compare_maps, same_points
from surveyapp.journeys.map_snapshots import (
    MapSnapshot,
    SnapshotLane,
    SnapshotPoint,
    SnapshotStage,
)


def point(code: str, name: str = "", **texts: str) -> SnapshotPoint:
    return SnapshotPoint(0, code, name or code.title(), texts)


def stage(code: str, *points: SnapshotPoint, name: str = "", **texts: str) -> SnapshotStage:
    return SnapshotStage(code, name or code.title(), texts, touchpoints=points)


def map_of(*stages: SnapshotStage, lanes: tuple[SnapshotLane, ...] = ()) -> MapSnapshot:
    return MapSnapshot(stages, lanes)


def told(found: MapComparison) -> list[tuple[str, ...]]:
    """Each difference without the empty words."""
    return [
        tuple(filter(None, (e.did, e.noun, e.name, e.stage, e.old, e.new)))
        for e in found.differences
    ]


def test_a_map_does_not_differ_from_itself_nor_from_its_own_document():
    one = MapSnapshot(
        (SnapshotStage("a", "A", {"goal": "G"}, {3: "Mine"}, (point("x", backstage="B"),)),),
        (SnapshotLane(3, "Risks"),),
    )
    assert MapSnapshot.from_json(one.to_json()) == one
    assert compare_maps(one, one, same_journey=True).is_empty


def test_what_came_went_got_a_new_name_and_moved_is_told_apart():
    old = map_of(stage("a", point("x"), point("y")), stage("b", point("z")), stage("c"))
    new = map_of(
        stage("b", point("z", "Zed"), point("y"), point("n")), stage("a", point("x")), stage("d")
    )
    found = compare_maps(old, new, same_journey=True)
    # One of two stages that changed places moved; y keeps its code in another stage.
    assert told(found) == [
        ("moved", "stage", "B"),
        ("added", "stage", "D"),
        ("removed", "stage", "C"),
        ("renamed", "touchpoint", "Zed", "B", "Z", "Zed"),
        ("moved", "touchpoint", "Y", "B", "A", "B"),
        ("added", "touchpoint", "N", "B"),
    ]
    assert found.concerned == (("b", "z"), ("b", "y"), ("b", "n"))
    assert {key: each.code for key, each in same_points(old, new).items()} == {
        ("a", "x"): "x",
        ("a", "y"): "y",
        ("b", "z"): "z",
    }


def test_the_fewest_moves_explain_an_order():
    old = map_of(stage("s", *(point(code) for code in "abcde")))
    new = map_of(stage("s", *(point(code) for code in "bcdea")))
    found = compare_maps(old, new, same_journey=True)
    assert [(each.did, each.name) for each in found.differences] == [(Did.MOVED, "A")]
    assert found.concerned == (("s", "a"),)


def test_a_code_that_is_there_twice_is_no_move():
    old = map_of(stage("a", point("x")), stage("b"), stage("c"))
    new = map_of(stage("a"), stage("b", point("x")), stage("c", point("x")))
    found = compare_maps(old, new, same_journey=True)
    assert [each.did for each in found.differences] == [Did.ADDED, Did.ADDED, Did.REMOVED]


def test_texts_stand_old_and_new_by_stage_and_lane():
    old = map_of(stage("a", point("x", backstage="Slow"), goal="G"), stage("gone", owner="Ann"))
    new = map_of(stage("a", point("x", backstage="Fast", channel="App"), goal="G"))
    found = compare_maps(old, new, same_journey=True)
    assert [(e.touchpoint, e.lane, e.old, e.new) for e in found.by_stage["A"]] == [
        ("X", "Channel", "", "App"),
        ("X", "Backstage", "Slow", "Fast"),
    ]
    # What stood in a removed stage is not dropped in silence.
    assert [(e.lane, e.old, e.new) for e in found.by_stage["Gone"]] == [("Owner", "Ann", "")]
    assert found.concerned == (("a", "x"),)


def test_own_lanes_are_the_same_by_number_in_a_journey_and_by_name_between_two():
    def one(number: int, name: str, text: str) -> MapSnapshot:
        at = SnapshotStage("a", "A", {}, {number: text})
        return MapSnapshot((at,), (SnapshotLane(number, name),))

    renamed = compare_maps(one(1, "Risks", "T"), one(1, "Dangers", "T"), same_journey=True)
    assert told(renamed) == [("renamed", "lane", "Dangers", "Risks", "Dangers")]
    assert renamed.texts == ()
    between = compare_maps(one(1, "Risks", "T"), one(7, "risks", "U"), same_journey=False)
    assert [each.noun for each in between.differences] == [Noun.LANE]  # its name alone differs
    assert [(each.old, each.new) for each in between.texts] == [("T", "U")]
    other = compare_maps(one(1, "Risks", "T"), one(1, "Ideas", "T"), same_journey=False)
    assert {each.did for each in other.differences} == {Did.ADDED, Did.REMOVED}
