"""The validation report on a page: the very chapters of the PDF, so that both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from instruments.loader import Library
from surveyapp.reports.document import Block, Chart, Document, Heading, Paragraph, Text, Tone, plain
from surveyapp.store.models import Analysis, Journey
from surveyapp.web.document_files import analysed
from surveyapp.web.drawings import drawing
from surveyapp.web.kept import Kept

if TYPE_CHECKING:  # what they import takes a second to load
    from analysis.scale.document import Settings
    from analysis.scale.sections.cfa import CfaSection
    from analysis.scale.sections.sample import SampleSection


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


@dataclass(frozen=True)
class Told:
    """A finished validation as its page tells it; ``fit``: the model's measures, of a robust estimator
    the scaled test and the robust indices.
    """

    sample: SampleSection
    cfa: CfaSection | None
    fit: Mapping[str, float | None]
    settings: Settings
    chapters: tuple[Chapter, ...]


_FIT = (
    *("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper"),
    *("srmr", "gfi"),
)
_set: Kept[Told] = Kept(16)


def told(analysis: Analysis, journey: Journey, library: Library) -> Told | None:
    """A finished validation; None before it has a result. Raises Conflict for one that this version
    cannot read."""
    if analysis.result is None:
        return None
    result, document = analysis.result, analysed(analysis, journey, library)
    key = analysis.id, analysis.fingerprint, journey.name
    return _set.get(key, lambda: _told(result, document))


def _told(result: Mapping[str, Any], document: Document) -> Told:
    # Statistics are loaded with the first page: seconds that the start is spared.
    from analysis.scale.sections.cfa import CfaSection, robust
    from analysis.scale.sections.sample import SampleSection
    from surveyapp.results.analyses.validations import read_validation

    validation = read_validation(result)
    cfa = validation.get(CfaSection)
    return Told(
        validation[SampleSection],
        cfa,
        {} if cfa is None else {name: robust(cfa.fit, name) for name in _FIT},
        validation.settings,
        tuple(_chapters(document.blocks)),
    )


def _chapters(blocks: Iterable[Block]) -> Iterator[Chapter]:
    chapter: Chapter | None = None
    figures = count(1)
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            if chapter is not None:
                yield chapter
            chapter = Chapter(block.text.lower().replace(" ", "-"), block.text)
        elif chapter is not None:
            _add(chapter.pieces, block, figures)
    if chapter is not None:
        yield chapter


def _add(pieces: list[Piece], block: Block, figures: Iterator[int]) -> None:
    if isinstance(block, Paragraph) and block.tone is Tone.BULLET:
        if not pieces or pieces[-1].kind != "bullets":
            pieces.append(Piece("bullets", []))
        pieces[-1].block.append(block.text)
    elif isinstance(block, Paragraph):
        text = _code(block.text) if block.tone is Tone.QUOTE else block.text
        pieces.append(Piece(block.tone.value, text))
    elif isinstance(block, Chart):
        pieces.append(Piece("chart", drawing(block, next(figures))))
    else:
        pieces.append(Piece(type(block).__name__.lower(), block))


def _code(text: Text) -> str:
    """Program text as it is typed: paper needs blanks that a program does not read."""
    return plain(text).replace("\N{NO-BREAK SPACE}", " ")
