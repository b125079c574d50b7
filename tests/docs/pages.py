"""What is written for readers: the pages of docs/ with what is generated in them, and every README."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

from docs.generated import filled

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def _read() -> Iterator[tuple[str, str]]:
    for top in ("docs", "analysis", "instruments"):
        for path in sorted((ROOT / top).rglob("*.md")):
            if path.name != "SOURCE.md":
                yield str(path.relative_to(ROOT)), filled(path.read_text())
    yield "README.md", (ROOT / "README.md").read_text()


PAGES: Mapping[str, str] = dict(_read())


def blocks(page: str, language: str) -> list[str]:
    """The blocks of code in this language, in order."""
    return [dedent(code) for _, found, code in _FENCED.findall(PAGES[page]) if found == language]


def every_block(language: str) -> list[tuple[str, str]]:
    """(page, code) of every block in this language."""
    return [(page, code) for page in PAGES for code in blocks(page, language)]
