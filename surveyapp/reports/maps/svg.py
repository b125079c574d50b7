"""The sheets of a map as one SVG drawing."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from surveyapp.design_tokens import COLOURS, FONT
from surveyapp.reports.files import figure_files
from surveyapp.reports.maps.sheet import FILLS, STROKES, Box, Dot, Mark, Sheet, Stroke, Words

RADIUS = 3.2
HALF = 4.2  # of an assumed feeling's diamond


def map_svg(sheets: Sequence[Sheet], unit: str = "pt", *, label: str = "") -> str:
    """Every sheet below the other, in one drawing of its size on paper; ``label`` says what it shows."""
    width, height = sheets[0].width, sum(each.height for each in sheets)
    size = f'width="{width:.1f}{unit}" height="{height:.1f}{unit}" viewBox="0 0 {width:.1f} {height:.1f}"'
    said = f' role="img" aria-label={quoteattr(label)}' if label else ""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}{said} font-family="{FONT}">']
    down = 0.0
    for sheet in sheets:
        parts.append(f'<g transform="translate(0 {down:.1f})">')
        parts += [_element(mark) for mark in sheet.marks]
        parts.append("</g>")
        down += sheet.height
    return figure_files.svg_file("".join([*parts, "</svg>"]))


def _element(mark: Mark) -> str:
    if isinstance(mark, Words):
        colour = COLOURS["muted" if mark.muted else "ink"]
        weight = ' font-weight="600"' if mark.bold else ""
        place = f'x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size}"'
        if mark.right:
            place += ' text-anchor="end"'
        return f'<text {place} fill="{colour}"{weight}>{escape(mark.text)}</text>'
    if isinstance(mark, Box):
        fill, edge = FILLS[mark.kind]
        place = (
            f'x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" height="{mark.height:.1f}"'
        )
        return f'<rect {place} fill="{fill}" stroke="{edge}" stroke-width="0.6"/>'
    if isinstance(mark, Stroke):
        colour, wide, dashes = STROKES[mark.kind]
        dashed = f' stroke-dasharray="{" ".join(map(str, dashes))}"' if dashes else ""
        place = f'x1="{mark.x1:.1f}" y1="{mark.y1:.1f}" x2="{mark.x2:.1f}" y2="{mark.y2:.1f}"'
        return f'<line {place} stroke="{colour}" stroke-width="{wide}"{dashed}/>'
    return _dot(mark)


def _dot(mark: Dot) -> str:
    if mark.kind == "measured":
        fill = COLOURS["accent"]
        return f'<circle cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{RADIUS}" fill="{fill}"/>'
    start = f"M{mark.x:.1f} {mark.y - HALF:.1f}"
    sides = f"l{HALF} {HALF}l-{HALF} {HALF}l-{HALF} -{HALF}z"
    return f'<path d="{start}{sides}" fill="none" stroke="{COLOURS["ink"]}"/>'
