"""A file, a command and what it prints, wherever a page shows the three."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from instruments.loader import BUILT_IN
from surveyapp.journeys import actions as journeys
from surveyapp.store.db import Store
from surveyapp.surveys.actions import create_survey
from tests.cli.conftest import Run, run, run_stored
from tests.docs.pages import PAGES

__all__ = ["run", "run_stored"]  # fixtures of the command line serve here too

_SHOWN = re.compile(
    r"^```text\n(?P<file>[^`]+)^```\n\n```sh\nsurveyapp (?P<line>[^\n]+)\n```\n\n"
    r"```text\n(?P<printed>[^`]+)^```$",
    re.MULTILINE,
)
SHOWN = [(page, *found.groups()) for page in PAGES for found in _SHOWN.finditer(PAGES[page])]


@pytest.fixture
def bank(run_stored: Run, store: Store) -> None:
    """The journey of the first survey, and a survey with the code that the pages import into."""
    with store.writing() as session:
        journey = journeys.create_journey(
            session, name="Open an account", provider="Northbank", user_id=None
        )
        stage = journeys.add_stage(session, journey, name="Decide", user_id=None)
        point = journeys.add_touchpoint(session, stage, name="Advisory meeting", user_id=None)
        create_survey(
            session,
            journey,
            name="Advisory meeting",
            code="mortgage-meeting",
            touchpoint=point,
            asks=[{"instrument": "csat"}, {"instrument": "ces"}],
            user_id=None,
            library=BUILT_IN,
        )


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize(("page", "file", "line", "printed"), SHOWN, ids=[s[0] for s in SHOWN])
def test_a_command_prints_what_the_page_shows(
    page: str,
    file: str,
    line: str,
    printed: str,
    run_stored: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    words = shlex.split(line)
    monkeypatch.chdir(tmp_path)
    Path(words[1]).write_text(file)
    ran = run_stored(*words)
    assert ran.out == printed
    rejected = "rejected" in printed and ", 0 rejected" not in printed
    assert ran.code == (2 if rejected else 0), ran.err


def test_both_imports_are_shown_with_a_file():
    assert [line.split()[0] for _, _, line, _ in SHOWN] == ["interactions", "import"]
