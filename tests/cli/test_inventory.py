"""The inventory on the command line: written, edited, looked at, and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyapp.settings import read
from surveyapp.store.db import Store
from tests.cli.conftest import Run
from tests.responses.makers import make_survey


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # both have tests of their own
def test_an_inventory_goes_out_and_comes_back(run_stored: Run, database_url: str, tmp_path: Path):
    store = Store(read({}, database_url=database_url).sqlalchemy_url)
    with store.writing() as session:
        make_survey(session, asks=("nps",))
    store.close()
    file = tmp_path / "inventory.csv"
    written = run_stored("inventory", "export", "--out", file)
    assert written.code == 0 and "touchpoints, CSV)" in written.out, written.err
    head, row, *_ = file.read_text().splitlines()
    assert head.startswith("\ufeffjourney_code,journey,stage_code") and row
    assert "0 added, 0 changed" in run_stored("inventory", "import", file).out
    cells = row.split(",")
    cells[4], cells[5] = "", "Kiosk"
    file.write_text(f"{head}\n{','.join(cells)}\nnowhere,{row.split(',', 1)[1]}\n")
    looked = run_stored("inventory", "import", file, "--dry-run").out
    assert "refused, A3 'nowhere'" in looked
    assert "Would be: 1 added, 0 changed, 0 unchanged, 1 refused." in looked
    assert "Done: 1 added" in run_stored("inventory", "import", file).out
    assert "Done: 0 added, 0 changed, 1 unchanged" in run_stored("inventory", "import", file).out
    refused = run_stored("inventory", "export", "--out", tmp_path / "a.sav")
    assert refused.code == 2 and ".csv or .xlsx" in refused.err
