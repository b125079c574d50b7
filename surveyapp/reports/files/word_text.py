"""Text in files of Word: plain runs, each of one direction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from surveyapp.i18n.isolates import begins_right
from surveyapp.reports.document import Styled, Text, plain

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_STRETCH = re.compile(f"[{_RIGHT_TO_LEFT}]+(?:[^\\w\\n]+[{_RIGHT_TO_LEFT}]+)*")


def write(paragraph: Any, text: Text, *, strong: bool = False) -> None:
    """Add the text to the paragraph, letter by letter: what looks like a field or a link is none."""
    from docx.oxml import OxmlElement

    if begins_right(plain(text)):
        from_the_right(paragraph)
    for part in (text,) if isinstance(text, str) else text:
        style = part.style if isinstance(part, Styled) else None
        said = part.text if isinstance(part, Styled) else part
        for piece, right_to_left in directions(printable(said)):
            run = paragraph.add_run(piece)
            if strong or style == "bold":
                run.bold = True
            if style == "italic":
                run.italic = True
            if right_to_left:
                run._r.get_or_add_rPr().append(OxmlElement("w:rtl"))


def from_the_right(paragraph: Any) -> None:
    """Set the paragraph from right to left."""
    from docx.oxml import OxmlElement

    properties = paragraph._p.get_or_add_pPr()
    if not properties.findall(OxmlElement("w:bidi").tag):
        properties.insert_element_before(
            OxmlElement("w:bidi"), "w:spacing", "w:ind", "w:jc", "w:rPr", "w:sectPr"
        )


def printable(text: str) -> str:
    """What XML can hold."""
    return "".join(c if c >= " " or c in "\n\t" else " " for c in text if c not in "\ufffe\uffff")


def directions(text: str) -> Iterator[tuple[str, bool]]:
    """Stretches of one direction each: Word sets a run of letters from right to left as one."""
    end = 0
    for found in _STRETCH.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    if end < len(text):
        yield text[end:], False
