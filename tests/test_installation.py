"""The installation is opened once, holds all that it consists of, and is handed down whole."""

from __future__ import annotations

import ast
import shutil
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from instruments.loader import BUILT_IN, InstrumentError, Library
from surveyapp.errors import Invalid
from surveyapp.installation import open_installation
from surveyapp.settings import read
from surveyapp.store.db import Store
from surveyapp.surveys.actions import make_links
from tests.installations import installation_on
from tests.responses.makers import make_survey

ROOT = Path(__file__).parent.parent
# Of these a function takes one at most, else the installation.
PARTS = {"settings", "secret_key", "base_url", "store", "files", "library"}


def own_instrument(folder: Path) -> Path:
    """A folder of instruments with one that no library ships with."""
    shutil.copytree(str(files("instruments").joinpath("library/csat")), folder / "ease")
    definition = folder / "ease/instrument.toml"
    definition.write_text(definition.read_text().replace('code = "csat"', 'code = "ease"', 1))
    return folder


def test_an_opened_installation_knows_its_own_instruments(tmp_path: Path, migrated_sqlite: Path):
    own = own_instrument(tmp_path / "own")
    (tmp_path / "home").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "home" / "surveyapp.db")
    opened = open_installation(read({}, home=tmp_path / "home", instruments=str(own)))
    assert opened.library.load("ease").code == "ease"
    assert opened.library.load("nps") == BUILT_IN.load("nps")
    assert set(opened.library.available()) == {"ease", *BUILT_IN.available()}
    opened.close()
    with pytest.raises(InstrumentError, match="'ease': is not here"):
        BUILT_IN.load("ease")


def test_a_library_reads_an_instrument_once_whoever_asks(tmp_path: Path):
    own = own_instrument(tmp_path / "own")
    one, other = Library((own,)), Library((own,))
    assert one == other
    assert hash(one) == hash(other)
    assert one.load("ease") is other.load("ease")


def test_links_expire_by_the_installations_clock(store: Store):
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with store.writing() as session:
        survey = make_survey(session)
    before = installation_on(store, now=lambda: datetime(2026, 3, 4, 11, tzinfo=UTC))
    issued, _ = make_links(survey, [{}], installation=before, expires_at=noon)
    assert len(issued) == 1
    with pytest.raises(Invalid, match="already have expired"):
        make_links(
            survey, [{}], installation=installation_on(store, now=lambda: noon), expires_at=noon
        )


def _functions() -> list[tuple[str, set[str]]]:
    found = []
    for path in sorted((ROOT / "surveyapp").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                where = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
                found.append((where, {each.arg for each in every}))
    return found


def test_nothing_hands_the_installation_on_in_pieces():
    functions = _functions()
    assert len(functions) > 1500
    assert [where for where, names in functions if len(names & PARTS) > 1] == []
    assert [where for where, names in functions if names & {"roots", "instrument_roots"}] == []
