"""The validation report on a page: the very chapters of the PDF, so that both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from instruments.loader import Library
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Styled, Text, Tone
from surveyapp.store.models import Analysis
from surveyapp.web.drawings import drawing

_KEPT = 16  # results; drawn and set once, because the charts take half a second


@dataclass(frozen=True)
class Piece:
    """A block under the kind that a template sets it as; bullets that follow one another are one."""

    kind: str
    block: Any


@dataclass
class Chapter:
    anchor: str
    title: str
    pieces: list[Piece] = field(default_factory=list)


_set: dict[tuple[int, str], tuple[Chapter, ...]] = {}
_lock = Lock()


def chapters(analysis: Analysis, library: Library) -> tuple[Chapter, ...]:
    """The chapters of a finished validation; none before it has a result."""
    if analysis.result is None:
        return ()
    key = analysis.id, analysis.fingerprint
    with _lock:
        known = _set.get(key)
    if known is None:
        known = tuple(_chapters(_blocks(analysis, library)))
        with _lock:
            while len(_set) >= _KEPT:
                _set.pop(next(iter(_set)))
            _set[key] = known
    return known


def _blocks(analysis: Analysis, library: Library) -> Iterable[Block]:
    # Chart library and typefaces are loaded with the first page: seconds that the start is spared.
    from surveyapp.reports import validation

    study = validation.Study(
        document=analysis.result or {},
        journey="",
        provider="",
        segment=None,
        survey=None,
        computed=analysis.created_at.date(),
        library=library,
    )
    return validation.chapters(study)


def _chapters(blocks: Iterable[Block]) -> Iterator[Chapter]:
    chapter: Chapter | None = None
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            if chapter is not None:
                yield chapter
            chapter = Chapter(block.text.lower().replace(" ", "-"), block.text)
        elif chapter is not None:
            _add(chapter.pieces, block)
    if chapter is not None:
        yield chapter


def _add(pieces: list[Piece], block: Block) -> None:
    if isinstance(block, Paragraph) and block.tone is Tone.BULLET:
        if not pieces or pieces[-1].kind != "bullets":
            pieces.append(Piece("bullets", []))
        pieces[-1].block.append(block.text)
    elif isinstance(block, Paragraph):
        text = _code(block.text) if block.tone is Tone.QUOTE else block.text
        pieces.append(Piece(block.tone.value, text))
    elif isinstance(block, Chart):
        pieces.append(Piece("chart", drawing(block)))
    else:
        pieces.append(Piece(type(block).__name__.lower(), block))


def _code(text: Text) -> str:
    """Program text as it is typed: paper needs blanks that a program does not read."""
    parts = (text,) if isinstance(text, str) else text
    plain = "".join(part.text if isinstance(part, Styled) else part for part in parts)
    return plain.replace("\N{NO-BREAK SPACE}", " ")
