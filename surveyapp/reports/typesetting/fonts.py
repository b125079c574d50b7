"""The reports' typefaces, taken from installed packages: Source Sans Pro, and DejaVu Sans for scripts
that it lacks (Arabic among them)."""

from __future__ import annotations

import importlib.util
import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import arabic_reshaper
from bidi.algorithm import get_display
from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from surveyapp.errors import NotFound
from surveyapp.i18n.isolates import begins_right

REGULAR, SEMIBOLD, BOLD, ITALIC = "Text", "Text-Semibold", "Text-Bold", "Text-Italic"
OTHER, OTHER_BOLD = "Other", "Other-Bold"  # where Source Sans Pro has no letter
FIXED = "Fixed"  # program text
_FILES = {
    REGULAR: "SourceSansPro-Regular.ttf",
    SEMIBOLD: "SourceSansPro-Semibold.ttf",
    BOLD: "SourceSansPro-Bold.ttf",
    ITALIC: "SourceSansPro-It.ttf",
}
_OTHER_FILES = {
    OTHER: "DejaVuSans.ttf",
    OTHER_BOLD: "DejaVuSans-Bold.ttf",
    FIXED: "DejaVuSansMono.ttf",
}
# A text within directional isolates (the first to end holds no other), and every control of direction.
_ISOLATE = re.compile("[\u2066-\u2068]([^\u2066-\u2069]*)\u2069")
_CONTROLS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
# What makes a text's order on paper another one: letters that run from the right, and those controls.
_FROM_THE_RIGHT = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_STAND_INS = "".join(map(chr, range(0x4DC0, 0x4E00)))  # neutral signs that nobody writes: hexagrams
_lock = threading.Lock()


def _folder(package: str, inside: str) -> Path:
    # find_spec locates a package without running its code: matplotlib takes a second to import.
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        folder = Path(place, inside)
        if folder.is_dir():
            return folder
    raise NotFound(f"the fonts of the package {package} are missing; install the locked packages")


def text_folder() -> Path:
    """Where the files of Source Sans Pro lie."""
    return _folder("font_source_sans_pro", "files")


def other_folder() -> Path:
    """Where the files of DejaVu Sans lie."""
    return _folder("matplotlib", "mpl-data/fonts/ttf")


def register() -> None:
    """Make the typefaces known to reportlab, once a process. Raises NotFound."""
    with _lock:
        if FIXED in pdfmetrics.getRegisteredFontNames():
            return
        for name, file in _FILES.items():
            pdfmetrics.registerFont(TTFont(name, text_folder() / file))
        for name, file in _OTHER_FILES.items():
            pdfmetrics.registerFont(TTFont(name, other_folder() / file))
        for bold, italic, face in (
            (0, 0, REGULAR),
            (1, 0, SEMIBOLD),
            (0, 1, ITALIC),
            (1, 1, SEMIBOLD),
        ):
            addMapping(REGULAR, bold, italic, face)
            addMapping(OTHER, bold, italic, OTHER_BOLD if bold else OTHER)


def width(text: str, size: float, font: str = REGULAR) -> float:
    """Width in points of a text on one line."""
    register()
    return sum(
        float(pdfmetrics.stringWidth(part, face, size)) for part, face in runs(visual(text), font)
    )


def wrapped(
    text: str, size: float, room: float, *, most: int = 2, font: str = REGULAR
) -> list[str]:
    """The text in at most ``most`` lines of ``room`` points; the last ends in "…" when cut."""
    lines: list[str] = []
    words = text.split()
    while words:
        line = words.pop(0)
        while words and width(f"{line} {words[0]}", size, font) <= room:
            line += f" {words.pop(0)}"
        lines.append(line)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += "…"
    return [_fitting(line, size, room, font) for line in kept] or [""]


def _fitting(line: str, size: float, room: float, font: str) -> str:
    while len(line) > 2 and width(line, size, font) > room:
        line = line.removesuffix("…")[:-1].rstrip() + "…"
    return line


def visual(text: str) -> str:
    """The text in the order in which its letters stand on paper, Arabic letters joined.

    What stands between directional isolates is ordered by itself and is one neutral sign to the text
    around it. The library knows no isolates (it stops at one), hence a stand-in for each.
    """
    if not _FROM_THE_RIGHT.search(text):
        return text
    stood: dict[str, str] = {}
    spare = (sign for sign in _STAND_INS if sign not in text)

    def stand_in(isolate: re.Match[str]) -> str:
        sign = next(spare, "")
        stood[sign] = "".join(stood.get(each, each) for each in visual(isolate[1]))
        return sign or isolate[1]

    base = "R" if begins_right(text) else None  # else the side of its first letter
    while _ISOLATE.search(text):  # the innermost first: one may stand within another
        text = _ISOLATE.sub(stand_in, text)
    outer = _CONTROLS.sub("", text)
    if base or any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in outer):
        outer = str(get_display(arabic_reshaper.reshape(outer), base_dir=base))
    return "".join(stood.get(sign, sign) for sign in outer)


def runs(text: str, font: str = REGULAR) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with a typeface that has its letters."""
    # The italics lack Greek; the upright face has it.
    chain = (font, REGULAR, OTHER_BOLD if font in {BOLD, SEMIBOLD} else OTHER)
    piece, face = "", ""
    for letter in text:
        if letter.isspace():
            piece += letter
            continue
        fits = next((name for name in chain if ord(letter) in _letters(name)), chain[-1])
        if face and fits != face:
            yield piece, face
            piece = ""
        face = fits
        piece += letter
    if piece:
        yield piece, face or font


@lru_cache(maxsize=16)
def _letters(font: str) -> frozenset[int]:
    register()
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)
