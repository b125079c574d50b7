"""The sheets of a map as files: PDF and PNG of the same marks."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.colors import HexColor

from surveyapp.design_tokens import COLOURS
from surveyapp.reports.files import figure_files
from surveyapp.reports.maps.sheet import FILLS, STROKES, Box, Mark, Sheet, Stroke, Words
from surveyapp.reports.maps.svg import HALF, RADIUS, map_svg
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.typesetting.tagged import TaggedCanvas
from surveyapp.reports.typesetting.tagged_pdf import About, tagged

_PNG_DPI = 150  # a sheet of A3 is then 2,480 pixels wide


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
            canvas.circle(mark.x, top - mark.y, RADIUS, stroke=0, fill=1)
        else:
            canvas.setStrokeColor(HexColor(COLOURS["ink"]))
            canvas.setLineWidth(1)
            path = canvas.beginPath()
            x, y = mark.x, top - mark.y
            path.moveTo(x, y + HALF)
            for right, up in ((HALF, 0), (0, -HALF), (-HALF, 0)):
                path.lineTo(x + right, y + up)
            path.close()
            canvas.drawPath(path, stroke=1, fill=0)


def _write(canvas: TaggedCanvas, words: Words, top: float) -> None:
    font = fonts.SEMIBOLD if words.bold else fonts.REGULAR
    canvas.setFillColor(HexColor(COLOURS["muted" if words.muted else "ink"]))
    shown = fonts.visual(words.text)
    canvas.tags.enter("P", ActualText=words.text if shown != words.text else "")
    x = words.x
    if words.right:
        x -= fonts.width(words.text, words.size, font)
    with canvas.tags.content():
        for part, face in fonts.runs(shown, font):
            canvas.setFont(face, words.size)
            canvas.drawString(x, top - words.y, part)
            x += canvas.stringWidth(part, face, words.size)
    canvas.tags.leave()


def map_png(sheets: Sequence[Sheet]) -> bytes:
    """The drawing of every sheet, on white."""
    # Without a unit, of which the library makes another number of dots.
    return figure_files.png(map_svg(sheets, ""), dpi=_PNG_DPI)
