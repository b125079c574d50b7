"""A map goes out and comes back as it was; grids of other programs are read, and refused by the cell."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from surveyapp.errors import Conflict, Invalid
from surveyapp.exports.formats.registry import FORMATS
from surveyapp.exports.map_cells import map_table
from surveyapp.journeys import actions, map_texts
from surveyapp.journeys.map_drawing import draw_map, snapshot_from
from surveyapp.journeys.map_history import whole_map
from surveyapp.journeys.map_lanes import OWN
from surveyapp.journeys.map_own_lanes import add_lane
from surveyapp.journeys.map_snapshots import MapSnapshot, SnapshotLane, snapshot_of
from surveyapp.journeys.map_tables import GRID, LIST, MapTable, read_map
from surveyapp.store.db import Store
from tests.journeys.test_actions import draw
from tests.tables.writers import xlsx_bytes

STAGE = {"code": "a", "name": "A", "texts": {}, "own": {}, "touchpoints": []}


def drawn(session: Session) -> int:
    """A map with every kind of text, two touchpoints of one name, and own lanes of awkward names."""
    journey = draw(session, stages=("Decide", "Apply", "Apply"))
    first, second, _ = journey.stages
    for name in ("Form", "Form", "=Call"):
        actions.add_touchpoint(session, first, name=name, user_id=None)
    actions.edit_touchpoint(
        session,
        first.touchpoints[0],
        name="Form",
        channel="web; app",
        ownership="partner",
        partner="'=Courier",
        moment_of_truth=True,
        front_stage="Two\nlines",
        backstage="-1",
        user_id=None,
    )
    lanes = [
        add_lane(session, journey, name=name, user_id=None).id
        for name in ("Goal", "own: x", "Empty")
    ]
    for place, text in (
        (map_texts.TextPlace(first, "goal"), "=SUM(A1)"),
        (map_texts.TextPlace(first, "thoughts"), 'Say "why"?\nNow, then'),
        (map_texts.TextPlace(first, "assumed_feeling"), "-2"),
        (map_texts.TextPlace(first.touchpoints[2], "assumed_feeling"), "1"),
        (map_texts.TextPlace(second, OWN, lanes[0]), "Own goal"),
        (map_texts.TextPlace(second, OWN, lanes[1]), "X"),
    ):
        map_texts.write(session, place, text, user_id=None)
    session.flush()
    return journey.id


def alike(of: MapSnapshot) -> MapSnapshot:
    """The same with numbers by place, which differ from one journey to another."""
    numbers = {lane.id: at for at, lane in enumerate(of.lanes, 1)}
    stages = []
    for stage in of.stages:
        points = tuple(replace(point, id=0) for point in stage.touchpoints)
        own = {numbers[number]: text for number, text in stage.own.items()}
        stages.append(replace(stage, own=own, touchpoints=points))
    lanes = tuple(SnapshotLane(at, lane.name) for at, lane in enumerate(of.lanes, 1))
    return MapSnapshot(tuple(stages), lanes)


def read(data: bytes | str) -> MapTable:
    return read_map(io.BytesIO(data.encode() if isinstance(data, str) else data), name="map")


@pytest.mark.parametrize("code", ["csv", "xlsx"])
def test_a_map_that_goes_out_comes_back_as_it_was(store: Store, tmp_path: Path, code: str):
    with store.writing() as session:
        before = snapshot_of(session, drawn(session))
        FORMATS[code].write(map_table(before), tmp_path / "map")
        found = read((tmp_path / "map").read_bytes())
        assert (found.shape, list(found.refused)) == (LIST, [])
        assert alike(found.content) == alike(before)
        again = snapshot_from(found.content.to_json())
        other = draw(session, stages=(), name="Copy")
        draw_map(session, other, again, user_id=None)
        session.expire_all()
        assert alike(snapshot_of(session, other.id)) == alike(before)
        with pytest.raises(Conflict, match="is not empty"):
            draw_map(session, whole_map(session, other.id), again, user_id=None)


def test_a_grid_has_stages_across_and_lanes_down():
    rows = [
        ["Lane", "Decide", "", "Apply"],
        ["Steps", "Web", "Branch", "Form\nCall"],
        ["Goals", "Know", "more", "Be done"],
        ["Channel", "online", "in person", "web\nphone"],
        ["Emotion", "+1", "-2", "0\n2"],
        ["Pain points", "Slow", "", ""],
        ["Risks", "", "Fraud", "Late"],
    ]
    found = read(xlsx_bytes(rows))
    assert (found.shape, list(found.refused)) == (GRID, [])
    decide, apply_ = found.content.stages
    assert [(e.name, dict(e.texts)) for e in (*decide.touchpoints, *apply_.touchpoints)] == [
        ("Web", {"channel": "online", "assumed_feeling": "1"}),
        ("Branch", {"channel": "in person", "assumed_feeling": "-2"}),
        ("Form", {"channel": "web", "assumed_feeling": "0"}),
        ("Call", {"channel": "phone", "assumed_feeling": "2"}),
    ]
    assert (decide.texts["goal"], apply_.texts["goal"]) == ("Know\nmore", "Be done")
    assert [lane.name for lane in found.content.lanes] == ["Pain points", "Risks"]
    assert (decide.own, apply_.own) == ({1: "Slow", 2: "Fraud"}, {2: "Late"})


def test_a_list_may_have_a_column_for_each_lane():
    found = read(
        "Stage;Touchpoint;Channel;Front stage;Moment of truth\nDecide;Web;online;Page;x\n;Call;phone;;\n"
    )
    (stage,) = found.content.stages
    assert [(each.name, dict(each.texts)) for each in stage.touchpoints] == [
        ("Web", {"channel": "online", "front_stage": "Page", "moment_of_truth": "yes"}),
        ("Call", {"channel": "phone"}),
    ]


@pytest.mark.parametrize(
    ("row", "place", "told"),
    [
        ("A,,channel,web", "D2", "names none"),
        ("A,B,goal,Know", "D2", "names a touchpoint"),
        ("A,,assumed_feeling,3", "D2", "whole numbers from -2 to 2"),
        ("A,B,ownership,robots", "D2", "is no ownership"),
        ("A,B,partner,Courier", "A, B", "no partner runs"),
        ("A,B,channel," + "x" * 61, "A, B", "61 characters"),
        ("A,B,moment_of_truth,perhaps", "D2", "neither yes nor no"),
        ("A,,,Text", "D2", "names no lane"),
        ("A,,Risks,x\nA,,risks,y", "D3", "Another text stands in this cell"),
        ("A,B,Touchpoints,C", "D2", "is named B"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cell(row: str, place: str, told: str):
    found = read(f"stage,touchpoint,lane,text\n{row}\n")
    (cell,) = found.refused
    assert cell.place == place
    assert told in f"{cell.reason} {cell.cure}"


def test_lines_that_fit_no_touchpoint_are_refused_in_a_grid():
    found = read('Lane,Decide\nSteps,"a\nb"\nChannel,"x\ny\nz"\n')
    (cell,) = found.refused
    assert (cell.place, cell.column) == ("B3", "Decide")
    assert "3 lines, and its column 2 touchpoints" in cell.reason


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stage,lane,text,colour\nA,goal,x,red\n", "'colour' is not used"),
        ("a\nb\n", "No stage was found"),
        ("Lane," + ",".join(f"s{n}" for n in range(61)) + "\ngoal" + "," * 61 + "\n", "60 stages"),
    ],
)
def test_a_file_that_is_no_map_is_refused_whole(text: str, told: str):
    with pytest.raises(Invalid, match=told):
        read(text)


@pytest.mark.parametrize(
    "said",
    [
        *({}, [], {"stages": [], "lanes": []}, {"stages": [1], "lanes": []}),
        {"stages": 1, "lanes": 1},
        {"stages": [{**STAGE, "texts": {"user_id": "1"}}], "lanes": []},
        {"stages": [{**STAGE, "name": 1}], "lanes": []},
        {"stages": [{**STAGE, "texts": {"goal": "\x00"}}], "lanes": []},
    ],
)
def test_a_preview_that_was_changed_is_refused(said):
    with pytest.raises(Invalid):
        snapshot_from(said)
