"""The sheets of a map as files: PDF, SVG and PNG of the same marks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor

from surveyapp.design_tokens import COLOURS, FONT
from surveyapp.reports import figure_files, fonts
from surveyapp.reports.map_sheet import FILLS, STROKES, Box, Dot, Mark, Sheet, Stroke, Words
from surveyapp.reports.tagged import TaggedCanvas
from surveyapp.reports.tagged_pdf import About, tagged

_PNG_DPI = 150  # a sheet of A3 is then 2,480 pixels wide
_RADIUS = 3.2
_HALF = 4.2  # of an assumed feeling's diamond


def map_pdf(sheets: Sequence[Sheet], *, title: str, author: str) -> bytes:
    """A page for each sheet, its texts readable in their order."""
    fonts.register()
    buffer = io.BytesIO()
    first = sheets[0]
    canvas = TaggedCanvas(
        buffer,
        pagesize=(first.width, first.height),
        invariant=True,
        lang="en",
        pageCompression=1,
    )
    canvas.setTitle(title)
    canvas.setAuthor(author)
    for sheet in sheets:
        for mark in sheet.marks:
            _draw(canvas, sheet, mark)
        canvas.showPage()
    canvas.save()
    return tagged(buffer.getvalue(), canvas.tags, About(title, author, "en"))


def _draw(canvas: TaggedCanvas, sheet: Sheet, mark: Mark) -> None:
    top = sheet.height
    if isinstance(mark, Words):
        _write(canvas, mark, top)
        return
    with canvas.tags.decoration():
        if isinstance(mark, Box):
            fill, edge = FILLS[mark.kind]
            canvas.setFillColor(HexColor(fill))
            canvas.setStrokeColor(HexColor(edge))
            canvas.setLineWidth(0.6)
            low = top - mark.y - mark.height
            canvas.rect(mark.x, low, mark.width, mark.height, stroke=1, fill=1)
        elif isinstance(mark, Stroke):
            colour, wide, dashes = STROKES[mark.kind]
            canvas.setStrokeColor(HexColor(colour))
            canvas.setLineWidth(wide)
            canvas.setDash(*([list(dashes)] if dashes else [[]]))
            canvas.line(mark.x1, top - mark.y1, mark.x2, top - mark.y2)
            canvas.setDash([])
        elif mark.kind == "measured":
            canvas.setFillColor(HexColor(COLOURS["accent"]))
            canvas.circle(mark.x, top - mark.y, _RADIUS, stroke=0, fill=1)
        else:
            canvas.setStrokeColor(HexColor(COLOURS["ink"]))
            canvas.setLineWidth(1)
            path = canvas.beginPath()
            x, y = mark.x, top - mark.y
            path.moveTo(x, y + _HALF)
            for right, up in ((_HALF, 0), (0, -_HALF), (-_HALF, 0)):
                path.lineTo(x + right, y + up)
            path.close()
            canvas.drawPath(path, stroke=1, fill=0)


def _write(canvas: TaggedCanvas, words: Words, top: float) -> None:
    font = fonts.SEMIBOLD if words.bold else fonts.REGULAR
    canvas.setFillColor(HexColor(COLOURS["muted" if words.muted else "ink"]))
    shown = fonts.visual(words.text)
    canvas.tags.enter("P", ActualText=words.text if shown != words.text else "")
    x = words.x
    with canvas.tags.content():
        for part, face in fonts.runs(shown, font):
            canvas.setFont(face, words.size)
            canvas.drawString(x, top - words.y, part)
            x += canvas.stringWidth(part, face, words.size)
    canvas.tags.leave()


def map_svg(sheets: Sequence[Sheet]) -> str:
    """Every sheet below the other, in one drawing of its size on paper."""
    return _svg(sheets, "pt")


def _svg(sheets: Sequence[Sheet], unit: str) -> str:
    width, height = sheets[0].width, sum(each.height for each in sheets)
    size = f'width="{width:.1f}{unit}" height="{height:.1f}{unit}" viewBox="0 0 {width:.1f} {height:.1f}"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">']
    down = 0.0
    for sheet in sheets:
        parts.append(f'<g transform="translate(0 {down:.1f})">')
        parts += [_element(mark) for mark in sheet.marks]
        parts.append("</g>")
        down += sheet.height
    return figure_files.svg_file("".join([*parts, "</svg>"]))


def map_png(sheets: Sequence[Sheet]) -> bytes:
    """The drawing of every sheet, on white."""
    # Without a unit, of which the library makes another number of dots.
    return figure_files.png(_svg(sheets, ""), dpi=_PNG_DPI)


def _element(mark: Mark) -> str:
    if isinstance(mark, Words):
        colour = COLOURS["muted" if mark.muted else "ink"]
        weight = ' font-weight="600"' if mark.bold else ""
        place = f'x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size}"'
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
        return f'<circle cx="{mark.x:.1f}" cy="{mark.y:.1f}" r="{_RADIUS}" fill="{fill}"/>'
    start = f"M{mark.x:.1f} {mark.y - _HALF:.1f}"
    sides = f"l{_HALF} {_HALF}l-{_HALF} {_HALF}l-{_HALF} -{_HALF}z"
    return f'<path d="{start}{sides}" fill="none" stroke="{COLOURS["ink"]}"/>'
