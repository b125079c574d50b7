"""A survey from its first page to its thanks in Lynx and w3m, by the keys that people press there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from surveyapp.i18n.languages import texts
from surveyapp.installation import Installation
from surveyapp.store.models import Response
from tests.responses.makers import make_journey, make_survey
from tests.slow.terminal import Terminal, terminal
from tests.web.respondents import single_use

ENGLISH, GERMAN = texts("en"), texts("de")
POINTS = {"csat": range(1, 6), "ces": range(1, 8), "nps": range(11)}
# On and back by one field or link, and how many stops a field of three rows is.
KEYS = {"lynx": ("Down", "Up", 3), "w3m": ("Tab", "C-u", 1)}


class Reader:
    """Somebody who moves from field to field of the page, in the order in which they stand there."""

    def __init__(self, shown: Terminal, program: str) -> None:
        self._shown = shown
        self._on, self._back, self._rows = KEYS[program]
        self._stops: list[str] = []
        self._at = 0

    def reads(self, *words: str, asked: Sequence[str], faults: int = 0, ends: Sequence[str]) -> str:
        """Wait for a page with these words, questions, links to faults and buttons at its end."""
        screen = self._shown.wait(*words)
        self._stops = ["enter", "en", "de", *(f"fault {number}" for number in range(faults))]
        for name in asked:
            self._stops += [f"{name} left out", *(f"{name} {point}" for point in POINTS[name])]
            self._stops += [f"{name} reason"] * self._rows
        self._stops += ends
        self._at = 0
        return screen

    def press(self, stop: str) -> None:
        """Go there and press Enter."""
        place = self._stops.index(stop)
        key = self._on if place > self._at else self._back
        self._shown.press(*[key] * abs(place - self._at), "Enter")
        self._at = place

    @property
    def screen(self) -> str:
        return self._shown.screen


def chosen(screen: str) -> list[str]:
    """What stands beside each radio button that is chosen."""
    return re.findall(r"\(\*\) ?(\S+)", screen)


def stored(installation: Installation) -> list[Response]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Response).order_by(Response.id)))


@pytest.fixture(params=sorted(KEYS))
def program(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def options(program: str) -> list[str]:
    return ["-nopause"] if program == "lynx" else []


def test_one_page_in_another_language_after_a_mistake(served, tmp_path: Path, program: str):
    base, installation = served
    before = len(stored(installation))
    with installation.store.writing() as session:
        row = make_survey(
            session, journey=make_journey(session, f"page-{program}"), asks=tuple(POINTS)
        )
        row.languages = ["en", "de"]
    page = {"asked": tuple(POINTS), "ends": ["send"]}
    address = f"{base}/s/{row.link}?lang=en"
    with terminal(tmp_path, program, *options(program), address) as shown:
        reader = Reader(shown, program)
        screen = reader.reads("Deutsch", ENGLISH.send, **page)
        for untrue in (ENGLISH.resumed, ENGLISH.start_again, ENGLISH.saved_here, ENGLISH.offline):
            assert untrue not in " ".join(screen.split())
        reader.press("csat 4")
        reader.press("de")
        screen = reader.reads(GERMAN.send, **page)
        assert "4" in chosen(screen)  # an answer lives through the change of language
        assert len(stored(installation)) == before
        reader.press("send")
        screen = reader.reads(GERMAN.problem_title, faults=2, **page)
        assert "4" in chosen(screen)
        assert len(stored(installation)) == before
        reader.press("ces 2")
        reader.press("nps 10")
        reader.press("send")
        shown.wait(GERMAN.thanks_title)
    (*_, kept) = stored(installation)
    assert len(stored(installation)) == before + 1
    assert kept.language == "de"
    assert kept.answers == {"csat": {"csat": 4}, "ces": {"ces": 2}, "nps": {"nps": 10}}


def test_blocks_there_and_back_by_a_personal_link(served, tmp_path: Path, program: str):
    base, installation = served
    before = len(stored(installation))
    with installation.store.writing() as session:
        journey = make_journey(session, f"blocks-{program}")
        row = make_survey(session, journey=journey, asks=("csat", "nps"), paging="blocks")
        row.languages = ["en", "de"]
    (path,) = single_use(installation, row)
    first = {"asked": ["csat"], "ends": ["next"]}
    last = {"asked": ["nps"], "ends": ["back", "send"]}
    with terminal(tmp_path, program, *options(program), f"{base}{path}?lang=en") as shown:
        reader = Reader(shown, program)
        reader.reads(ENGLISH.next, "satisfied", **first)
        reader.press("next")
        reader.reads(ENGLISH.problem_title, faults=1, **first)
        reader.press("csat 2")
        reader.press("next")
        reader.reads(ENGLISH.send, ENGLISH.back, **last)
        reader.press("de")
        reader.reads(GERMAN.send, GERMAN.back, **last)
        reader.press("back")
        screen = reader.reads(GERMAN.next, "zufrieden", **first)
        assert chosen(screen) == ["2"]
        reader.press("next")
        reader.reads(GERMAN.send, GERMAN.back, **last)
        assert len(stored(installation)) == before
        reader.press("nps 0")
        reader.press("send")
        shown.wait(GERMAN.thanks_title)
    (*_, kept) = stored(installation)
    assert len(stored(installation)) == before + 1
    assert kept.answers == {"csat": {"csat": 2}, "nps": {"nps": 0}}
