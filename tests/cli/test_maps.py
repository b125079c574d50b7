"""A map on the command line: looked at, drawn on an empty journey, and written as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyapp.journeys.actions import create_journey
from surveyapp.journeys.map_snapshots import snapshot_of
from surveyapp.settings import read
from surveyapp.store.db import Store
from tests.cli.conftest import Run

GRID = """Lane,Decide,,Apply
Touchpoints,Website,Branch,Form
Customer goals,Know what I get,,Be done quickly
Assumed feeling,1,splendid,0
Risks,,Queue,Late answer
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # both have tests of their own
def test_a_map_is_looked_at_drawn_and_written(run_stored: Run, database_url: str, tmp_path: Path):
    store = Store(read({}, database_url=database_url).sqlalchemy_url)
    with store.writing() as session:
        here, there = (
            create_journey(session, name=name, provider="Bank", code=name, user_id=None).id
            for name in ("first", "second")
        )
    grid, cells = tmp_path / "grid.csv", tmp_path / "cells.csv"
    grid.write_text(GRID)
    looked = run_stored("map", "import", grid, "--journey", "first", "--dry-run")
    assert "not taken, C4 'splendid'" in looked.out, looked.err
    assert "Would be drawn: 2 stages, 3 touchpoints." in looked.out
    drawn = run_stored("map", "import", grid, "--journey", "first")
    assert "Drawn: 2 stages, 3 touchpoints." in drawn.out, drawn.err
    for asked in ((), ("--dry-run",)):
        again = run_stored("map", "import", grid, "--journey", "first", *asked)
        assert again.code == 2 and "is not empty" in again.err
    written = run_stored("map", "export", "--journey", "first", "--out", cells)
    assert written.code == 0 and "Written: " in written.out, written.err
    assert run_stored("map", "import", cells, "--journey", "second").code == 0
    with store.reading() as session:
        maps = [snapshot_of(session, each).to_json() for each in (here, there)]
    store.close()
    for each in maps:
        for numbered in (*each["lanes"], *(p for s in each["stages"] for p in s["touchpoints"])):
            del numbered["id"]
        each["stages"] = [stage | {"own": list(stage["own"].values())} for stage in each["stages"]]
    assert maps[0] == maps[1] and len(maps[0]["lanes"]) == 1
    for wrong, said in (
        (("import", grid, "--journey", "third"), "third"),
        (("import", tmp_path / "none.csv", "--journey", "second"), "no such file"),
        (("export", "--journey", "first", "--out", tmp_path / "a.sav"), ".csv or .xlsx"),
    ):
        refused = run_stored("map", *wrong)
        assert refused.code == 2 and said in refused.err
