"""Charts' SVG to vector drawings for the PDF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from reportlab.graphics.shapes import Drawing, Group, String
from svglib.fonts import FontMap
from svglib.svglib import svg2rlg

from surveyapp.reports.typesetting import fonts


class _Faces(FontMap):
    """Our registered faces for whatever an SVG asks: no search of the machine's fonts."""

    def find_font(self, font_name: str, weight: str = "normal", style: str = "normal") -> Any:
        if style == "italic":
            return fonts.ITALIC, True
        heavy = weight in {"bold", "bolder", "600", "700", "800", "900"}
        return (fonts.SEMIBOLD if heavy else fonts.REGULAR), True


def drawing(svg: str, width: float) -> Drawing:
    """A chart's SVG as a drawing of this width in points, text as text in our typefaces.

    Raises ValueError when the text is no SVG.
    """
    fonts.register()
    found = svg2rlg(io.BytesIO(svg.encode()), font_map=_Faces())
    if found is None or not found.width:
        raise ValueError("the chart's SVG cannot be read")
    _set_scripts(found)
    scale = width / found.width
    found.width, found.height = width, found.height * scale
    found.scale(scale, scale)
    found.initialFontName = fonts.REGULAR  # else the file would name a face that is not in it
    return found


def _set_scripts(group: Group) -> None:
    """Give letters that the text face lacks a face that has them, in their order on paper."""
    for parent, at, string in list(_strings(group)):
        text = fonts.visual(string.text)
        pieces = list(fonts.runs(text, string.fontName))
        if pieces == [(string.text, string.fontName)]:
            continue
        total = sum(fonts.width(piece, string.fontSize, face) for piece, face in pieces)
        x = string.x - {"middle": total / 2, "end": total}.get(string.textAnchor, 0.0)
        replaced = Group()
        for piece, face in pieces:
            replaced.add(
                String(
                    x,
                    string.y,
                    piece,
                    fontName=face,
                    fontSize=string.fontSize,
                    fillColor=string.fillColor,
                )
            )
            x += fonts.width(piece, string.fontSize, face)
        parent.contents[at] = replaced


def _strings(group: Group) -> Iterator[tuple[Group, int, String]]:
    for at, part in enumerate(group.contents):
        if isinstance(part, Group):
            yield from _strings(part)
        elif isinstance(part, String):
            yield group, at, part
