"""Lines of a text that runs from the right: each in the order in which its letters stand on paper.

The text face's engine breaks lines after the order has been turned, so that the end of an Arabic name
would stand in the upper line. Such a text is therefore broken before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.i18n.isolates import FROM_THE_RIGHT, begins_right
from surveyapp.reports.document import Styled, Text, plain
from surveyapp.reports.typesetting import fonts

_OPEN, _CLOSE = "\u2066\u2067\u2068", "\u2069"
_Word = tuple[str, str, str]  # the word, its style, its typeface


def from_the_right(text: Text) -> bool:
    """Whether the text has letters that stand in another order on paper than in the text."""
    parts = (text,) if isinstance(text, str) else text
    said = "".join(part.text if isinstance(part, Styled) else part for part in parts)
    return fonts.visual(said) != said


def broken(text: Text, size: float, room: float, font: str) -> tuple[str | Styled, ...]:
    """The text with a line break wherever a line of ``room`` points is full, in its reading order.

    An isolate that goes on in the next line is closed and opened again there.
    """
    parts = (text,) if isinstance(text, str) else text
    lines: list[list[_Word]] = [[]]
    used, is_open = 0.0, ""
    for word, style, face in _words(parts, font):
        width = fonts.width(word, size, face)
        if word == "\n" or (lines[-1] and used + width > room):
            if is_open and lines[-1]:
                last, *about = lines[-1][-1]
                lines[-1][-1] = (last.rstrip() + _CLOSE, about[0], about[1])
            lines.append([])
            used = 0.0
            if word == "\n":
                continue
            word = is_open + word.lstrip()
        lines[-1].append((word, style, face))
        used += width
        for sign in word:
            is_open = sign if sign in _OPEN else "" if sign == _CLOSE else is_open
    return tuple(_joined(lines, turned=begins_right(plain(text))))


def _words(parts: Sequence[str | Styled], font: str) -> Iterator[_Word]:
    """Words with the space after them, and line breaks."""
    for part in parts:
        styled = isinstance(part, Styled)
        said, style = (part.text, part.style) if isinstance(part, Styled) else (part, "")
        face = (fonts.SEMIBOLD if style == "bold" else fonts.ITALIC) if styled else font
        for at, line in enumerate(said.split("\n")):
            if at:
                yield "\n", style, face
            words = line.split(" ")
            for place, word in enumerate(words):
                spaced = word if place == len(words) - 1 else f"{word} "
                if spaced:
                    yield spaced, style, face


def _joined(lines: Sequence[Sequence[_Word]], *, turned: bool) -> Iterator[str | Styled]:
    """The stretches of each line; of one that begins at the right the last stretch stands leftmost."""
    for at, line in enumerate(lines):
        if at:
            yield "\n"
        stretches = list(_stretches(line))
        if turned:
            stretches = [(FROM_THE_RIGHT + said, style) for said, style in reversed(stretches)]
        for said, style in stretches:
            yield _styled(said, style)


def _stretches(line: Sequence[_Word]) -> Iterator[tuple[str, str]]:
    said, before = "", ""
    for word, style, _ in [*line, ("", "end", "")]:
        if style != before and said:
            yield said, before
            said = ""
        said, before = said + word, style


def _styled(text: str, style: str) -> str | Styled:
    if style == "bold":
        return Styled(text)
    return Styled(text, "italic") if style == "italic" else text
