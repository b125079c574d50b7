"""Texts of a document to paragraphs on paper: escaped, in typefaces that have their letters."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle

from surveyapp.i18n.isolates import begins_right
from surveyapp.reports.document import Styled, Text, Tone, plain
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.typesetting.line_order import broken, from_the_right
from surveyapp.reports.typesetting.styles import mirrored, styles
from surveyapp.reports.typesetting.tagged import TaggedParagraph

_BLANKS = "\n\N{NO-BREAK SPACE}"
# What a style's paragraphs are, beside plain ones; nothing where the cell that they are in says it.
_KINDS = {
    "h1": "H1",
    "h2": "H2",
    "h3": "H3",
    "title": "Title",
    "long-title": "Title",
    **dict.fromkeys((Tone.BULLET, Tone.NUMBERED), "LBody"),
    **dict.fromkeys(("fact", "fact-name", "figure", "figure-label", "figure-below"), ""),
}


def markup(text: Text, font: str = fonts.REGULAR) -> str:
    """Plain text as reportlab markup: escaped, right-to-left text in its order on paper, letters
    that the text face lacks in one that has them.
    """
    parts = (text,) if isinstance(text, str) else text
    return "".join(_part(part, font) for part in parts)


def paragraph(text: Text, style: str, *, room: float = 0.0, **options: Any) -> TaggedParagraph:
    """A paragraph in a style by its name; ``room``: of :func:`in_style`."""
    return in_style(text, styles()[style], _KINDS.get(style, "P"), room=room, **options)


def in_style(
    text: Text, style: ParagraphStyle, kind: str, *, room: float = 0.0, **options: Any
) -> TaggedParagraph:
    """A paragraph that is an element of its kind. In ``room`` points, where they are given, lines of a
    text from the right break before their order is turned."""
    said = plain(text)
    turned = from_the_right(text)
    if begins_right(said):
        style = mirrored(style)
    if turned and room:
        inside = room - style.leftIndent - style.rightIndent - max(style.firstLineIndent, 0.0)
        text = broken(text, style.fontSize, inside, style.fontName)
    made = TaggedParagraph(markup(text, style.fontName), style, **options)
    made.kind = kind
    made.spoken = said if turned else ""
    return made


def _part(part: str | Styled, font: str) -> str:
    if isinstance(part, Styled):
        face = fonts.SEMIBOLD if part.style == "bold" else fonts.ITALIC
        return f'<font name="{face}">{_runs(part.text, face)}</font>'
    return _runs(part, font)


def _runs(text: str, font: str) -> str:
    pieces = []
    for at, line in enumerate(text.split("\n")):
        if at:
            pieces.append("<br/>")
        # Controls of direction are read first. Other control characters have no letter in any face
        # and break the markup's parser.
        placed = "".join(c if c.isprintable() or c in _BLANKS else " " for c in fonts.visual(line))
        for piece, face in fonts.runs(placed, font):
            escaped = escape(piece)
            pieces.append(escaped if face == font else f'<font name="{face}">{escaped}</font>')
    return "".join(pieces)
