"""A poster to hang up where something happened: a question, a code to photograph, an address to type."""

from __future__ import annotations

import io
from dataclasses import dataclass

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader

from surveyapp.design_tokens import COLOURS, ink_on
from surveyapp.i18n.phrases import Phrases
from surveyapp.reports.typesetting import fonts
from surveyapp.reports.typesetting.tagged import TaggedCanvas
from surveyapp.reports.typesetting.tagged_pdf import About, tagged

_WIDTH, _HEIGHT = A4
_MARGIN = 56.0
_BAND = 268.0  # points of the coloured part above
_CODE = 320.0  # points a side
_QUIET = 4  # modules of white around a code, without which cameras do not find it


@dataclass(frozen=True)
class Poster:
    """What stands on it. ``logo`` is a picture's bytes; ``colour`` "#rrggbb", empty for the product's."""

    address: str
    name: str
    words: Phrases
    colour: str = ""
    logo: bytes | None = None
    note: str = ""


def poster_pdf(poster: Poster) -> bytes:
    """One A4 page. Everything on it is centred, so that it reads the same in both directions."""
    fonts.register()
    buffer = io.BytesIO()
    canvas = TaggedCanvas(
        buffer, pagesize=A4, invariant=True, lang=poster.words.language_tag, pageCompression=1
    )
    title = f"{poster.words.poster_title} · {poster.words.isolated(poster.name)}"
    canvas.setTitle(title)
    canvas.setAuthor(poster.name)
    _head(canvas, poster)
    _code(canvas, poster)
    _foot(canvas, poster)
    canvas.showPage()
    canvas.save()
    about = About(title, poster.name, poster.words.language_tag)
    return tagged(buffer.getvalue(), canvas.tags, about)


def _head(canvas: TaggedCanvas, poster: Poster) -> None:
    colour = poster.colour or COLOURS["accent"]
    canvas.setFillColor(HexColor(colour))
    with canvas.tags.decoration():
        canvas.rect(0, _HEIGHT - _BAND, _WIDTH, _BAND, stroke=0, fill=1)
    ink = ink_on(colour)
    if poster.logo is not None:
        _logo(canvas, poster.logo, poster.name)
    else:
        _line(canvas, poster.name, 24, _HEIGHT - 84, fonts.SEMIBOLD, ink)
    size = 60.0
    room = _WIDTH - 2 * _MARGIN
    while fonts.width(poster.words.poster_title, size, fonts.BOLD) > room:
        size -= 2
    _line(canvas, poster.words.poster_title, size, _HEIGHT - 178, fonts.BOLD, ink, kind="H1")
    y = _HEIGHT - 216
    _enter(canvas, "P", poster.words.poster_text)
    for text in fonts.wrapped(poster.words.poster_text, 19, room, most=2):
        _line(canvas, text, 19, y, fonts.REGULAR, ink, kind="")
        y -= 25
    canvas.tags.leave()


def _logo(canvas: TaggedCanvas, data: bytes, name: str) -> None:
    """The brand's picture on a white card, whose colours are not ours to trust on another colour."""
    picture = ImageReader(io.BytesIO(data))
    width, height = picture.getSize()
    scale = min(220 / width, 56 / height)
    width, height = width * scale, height * scale
    left, low = (_WIDTH - width) / 2, _HEIGHT - 76 - height / 2
    canvas.setFillColor(HexColor("#ffffff"))
    with canvas.tags.decoration():
        canvas.roundRect(left - 16, low - 10, width + 32, height + 20, 8, stroke=0, fill=1)
    with canvas.tags.figure(name, (left, low, width, height)):
        canvas.drawImage(picture, left, low, width, height, mask="auto")


def _code(canvas: TaggedCanvas, poster: Poster) -> None:
    """The code as vectors, a rectangle for each run of dark modules: sharp at any size."""
    matrix = segno.make_qr(poster.address, error="m").matrix
    module = _CODE / (len(matrix) + 2 * _QUIET)
    left = (_WIDTH - _CODE) / 2 + _QUIET * module
    top = _HEIGHT - _BAND - 24 - _QUIET * module
    canvas.setFillColor(HexColor("#000000"))
    path = canvas.beginPath()
    for row, cells in enumerate(matrix):
        start = None
        for column, dark in enumerate([*cells, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                path.rect(
                    left + start * module,
                    top - (row + 1) * module,
                    (column - start) * module,
                    module,
                )
                start = None
    low = top - len(matrix) * module
    said = f"{poster.words.poster_text} {poster.address}"
    with canvas.tags.figure(said, (left, low, len(matrix) * module, len(matrix) * module)):
        canvas.drawPath(path, stroke=0, fill=1)


def _foot(canvas: TaggedCanvas, poster: Poster) -> None:
    y = _HEIGHT - _BAND - _CODE - 76
    _line(canvas, poster.words.poster_type, 17, y, fonts.REGULAR, COLOURS["muted"])
    shown = poster.address.split("://", 1)[-1]
    size = 32.0
    while fonts.width(shown, size, fonts.SEMIBOLD) > _WIDTH - 2 * _MARGIN and size > 9:
        size -= 1
    _line(canvas, shown, size, y - 44, fonts.SEMIBOLD, COLOURS["ink"])
    if poster.note:
        _line(canvas, poster.note, 14, y - 78, fonts.REGULAR, COLOURS["muted"])


def _line(
    canvas: TaggedCanvas,
    text: str,
    size: float,
    y: float,
    font: str,
    colour: str,
    *,
    kind: str = "P",
) -> None:
    """A text in the middle of the page, letter by letter as it stands on paper; a part of the element
    that is open where it has no ``kind`` of its own.
    """
    x = (_WIDTH - fonts.width(text, size, font)) / 2
    canvas.setFillColor(HexColor(colour))
    if kind:
        _enter(canvas, kind, text)
    with canvas.tags.content():
        for part, face in fonts.runs(fonts.visual(text), font):
            canvas.setFont(face, size)
            canvas.drawString(x, y, part)
            x += canvas.stringWidth(part, face, size)
    if kind:
        canvas.tags.leave()


def _enter(canvas: TaggedCanvas, kind: str, text: str) -> None:
    """Open an element for a text, which is read as it is meant where paper has another order."""
    canvas.tags.enter(kind, ActualText=text if fonts.visual(text) != text else "")
