"""The validation report on a page: the very chapters of the PDF, so that both say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from instruments.loader import Library
from surveyapp.reports.document import Block, Chart, Heading, Paragraph, Styled, Text, Tone
from surveyapp.store.models import Analysis
from surveyapp.web.drawings import drawing

if TYPE_CHECKING:  # what they import takes a second to load
    from analysis.scale.document import Settings
    from analysis.scale.sections.cfa import CfaSection
    from analysis.scale.sections.sample import SampleSection

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
_set: dict[tuple[int, str], Told] = {}
_lock = Lock()


def told(analysis: Analysis, library: Library) -> Told | None:
    """A finished validation; None before it has a result. Raises Conflict for one that this version
    cannot read."""
    if analysis.result is None:
        return None
    key = analysis.id, analysis.fingerprint
    with _lock:
        known = _set.get(key)
    if known is None:
        known = _told(analysis, analysis.result, library)
        with _lock:
            while len(_set) >= _KEPT:
                _set.pop(next(iter(_set)))
            _set[key] = known
    return known


def _told(analysis: Analysis, result: Mapping[str, Any], library: Library) -> Told:
    # Statistics, chart library and typefaces are loaded with the first page: seconds that the start
    # is spared.
    from analysis.scale.sections.cfa import CfaSection, robust
    from analysis.scale.sections.sample import SampleSection
    from surveyapp.reports.stored_study import Study
    from surveyapp.reports.validation.content import chapters
    from surveyapp.results.validations import read_validation

    validation = read_validation(result)
    study = Study(
        document=validation,
        journey="",
        provider="",
        segment=None,
        survey=None,
        computed=analysis.created_at.date(),
        library=library,
    )
    cfa = validation.get(CfaSection)
    return Told(
        validation[SampleSection],
        cfa,
        {} if cfa is None else {name: robust(cfa.fit, name) for name in _FIT},
        validation.settings,
        tuple(_chapters(chapters(study))),
    )


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
