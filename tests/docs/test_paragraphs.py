"""Guides are read in short paragraphs: what is longer becomes a list, a table or a section."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import PAGES

MOST_WORDS = 80
# The reference is made of what commands and operations say of themselves; rooms have READMEs.
GUIDES = [p for p in PAGES if re.match(r"docs/(?!reference/)", p)]
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_BREAK = re.compile(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )|\n(?=\|)")


def walls(text: str) -> list[str]:
    """The beginnings of paragraphs, list items and rows of tables that are longer than that."""
    parts = _BREAK.split(_FENCED.sub("\n\n", text))
    return [part.strip()[:60] for part in parts if len(part.split()) > MOST_WORDS]


@pytest.mark.parametrize("page", GUIDES)
def test_no_paragraph_is_a_wall(page: str):
    assert walls(PAGES[page]) == []


def test_a_wall_would_be_found():
    wall = "word " * (MOST_WORDS + 1)
    assert len(walls(f"Short.\n\n{wall}\n\n- {wall}\n- short\n\n| a |\n|---|\n| {wall} |\n")) == 3
