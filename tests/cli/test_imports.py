"""Imports on the command line: looked at before, listed and removed afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveyapp.settings import read
from surveyapp.store.db import Store
from tests.cli.conftest import Run
from tests.responses.makers import make_survey


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # both have tests of their own
def test_a_file_is_looked_at_imported_listed_and_removed(
    run_stored: Run, database_url: str, tmp_path: Path
):
    store = Store(read({}, database_url=database_url).sqlalchemy_url)
    with store.writing() as session:
        code = make_survey(session, asks=("nps",)).code
    store.close()
    file, to = tmp_path / "january.csv", tmp_path / "preview.json"
    file.write_text("id,nps,email\na,9,a@example.org\nb,12,b@example.org\n")
    where = ("--survey", code)

    looked = run_stored("import", file, *where, "--dry-run", "--json", to)
    assert looked.code == 0, looked.err
    for said in (
        "It looks like personal data.",
        "outside 0 to 10",
        "1 to be stored",
        "by its code",
    ):
        assert said in looked.out
    found = json.loads(to.read_text())
    assert (found["counts"]["to_store"], found["may_be_stored"]) == (1, True)
    assert [column["role"] for column in found["columns"]] == ["about", "item", "left_out"]
    assert "Nothing has been imported" in run_stored("imports", "list", *where).out
    assert run_stored("import", file, *where, "--json", to).code == 2

    assert "This is import 1." in run_stored("import", file, *where).out
    file.write_text("id,nps\na,3\n")
    asked = run_stored("import", file, *where)
    assert (asked.code, "--conflicts keep" in asked.err) == (2, True)
    assert run_stored("import", file, *where, "--dry-run").code == 2
    replaced = run_stored("import", file, *where, "--conflicts", "replace")
    assert "1 corrected" in replaced.out

    listed = run_stored("imports", "list", *where, "--json", to)
    assert "january.csv" in listed.out
    assert [(each["import"], each["stored"]) for each in json.loads(to.read_text())] == [
        (2, 0),
        (1, 1),
    ]
    assert "responses_left: 1" in run_stored("imports", "show", 1).out
    removed = run_stored("imports", "remove", 1, "--yes")
    assert removed.out == "Import 1 is removed: 1 responses.\n"
    assert "responses_left: 0" in run_stored("imports", "show", 1).out
    again = run_stored("imports", "remove", 1, "--yes")
    assert (again.code, "removed already" in again.err) == (2, True)
