"""A journey's map on paper: boxes and lines placed on as few sheets as its stages need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from surveyapp.design_tokens import COLOURS, TEXT_WIDTH
from surveyapp.i18n.isolates import is_right_to_left
from surveyapp.i18n.words import ENGLISH
from surveyapp.i18n.words import Words as Language
from surveyapp.journeys.map_lanes import LINE_OF_VISIBILITY_BEFORE
from surveyapp.reports.typesetting import fonts
from surveyapp.results.maps.emotion_line import HIGHEST, LOWEST, Feeling
from surveyapp.results.maps.grid import GridRow, GridStage, MapGrid
from surveyapp.results.maps.words import VISIBILITY, lane_cells, lane_title

MILLIMETRE = 72 / 25.4
SIZES = {"a3": (420.0, 297.0), "a2": (594.0, 420.0)}  # millimetres, the long side across
_FOOT, _STAGE = 16.0, 26.0  # points
_LINE_HEIGHT = 1.22  # of the size of letters
_TEXT_SIZES = (13.0, 12.0, 11.0, 10.0, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5)
_EMOTION = 92.0
_TALLEST = 60  # lines of a cell
_PAD = 3.0
_PART_HEIGHT, _PART_SIZE = 440.0, 7.5  # points: a drawing with its title and note on a page
_VISIBILITY = 13.0


@dataclass(frozen=True)
class Box:
    """A rectangle from its upper left corner; ``kind`` names its colours."""

    x: float
    y: float
    width: float
    height: float
    kind: str = "cell"


@dataclass(frozen=True)
class Words:
    """A line of text from the left end of its baseline, of a text that runs from the right (``right``)
    from the right end.
    """

    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    muted: bool = False
    right: bool = False


@dataclass(frozen=True)
class Stroke:
    x1: float
    y1: float
    x2: float
    y2: float
    kind: str = "run"


@dataclass(frozen=True)
class Dot:
    """``kind``: "measured" or "assumed"."""

    x: float
    y: float
    kind: str


Mark = Box | Words | Stroke | Dot


@dataclass
class Sheet:
    """One page in points, from its upper left corner down."""

    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True)
class MapTitle:
    """What stands at the head of each sheet."""

    name: str
    said: str


@dataclass(frozen=True)
class Layout:
    """The size of a sheet and what it is drawn with, in points; ``narrowest`` is a touchpoint's column,
    ``head`` the room of the title. ``words`` say the lanes' titles; stages run from the right where
    ``from_right``.
    """

    width: float
    height: float
    margin: float = 28.0
    lane: float = 84.0
    narrowest: float = 58.0
    head: float = 44.0
    few: int = 5
    words: Language = ENGLISH
    from_right: bool = False

    @property
    def room(self) -> float:
        """The width of all columns."""
        return self.width - 2 * self.margin - self.lane


@dataclass(frozen=True)
class Part:
    """A part of a map as a drawing without a title: of the stages from the first to the last name."""

    sheet: Sheet
    first: str
    last: str


def sheets(grid: MapGrid, title: MapTitle, *, paper: str = "a3", few: int = 5) -> list[Sheet]:
    """The map on sheets of this paper, across; stages that do not fit stand on the next sheet, whole.

    Letters get smaller, down to 6.5 points, until every lane of a sheet fits below the others; a text
    that is longer still ends in "…", and no cell is cut by the end of a sheet.
    """
    long, short = (side * MILLIMETRE for side in SIZES[paper])
    layout = Layout(long, short, few=few, from_right=grid.from_right)
    found = []
    groups = list(_groups(grid, layout))
    for number, part in enumerate(groups, 1):
        where = f"sheet {number} of {len(groups)}" if len(groups) > 1 else ""
        found.append(_Page(grid, part, layout).drawn(title, where))
    return found


def parts(grid: MapGrid, *, few: int, words: Language = ENGLISH) -> list[Part]:
    """The map in drawings as wide as a report's text: whole stages, and whole lanes below each other.

    Letters are of one size; only a cell that is taller than a drawing is cut and ends in "…".
    """
    layout = Layout(TEXT_WIDTH, _PART_HEIGHT, 0.5, 64.0, 56.0, 0.0, few, words, words.right_to_left)
    found = []
    for stages in _groups(grid, layout):
        first, last = (grid.stages[at].name.text for at in (stages[0], stages[-1]))
        page = _Page(grid, stages, layout)
        found += [Part(page.part(rows), first, last) for rows in page.shared_out()]
    return found


def _columns(stages: Sequence[GridStage]) -> int:
    return sum(max(1, len(each.points)) for each in stages)


def _groups(grid: MapGrid, layout: Layout) -> Iterator[list[int]]:
    """Places of the stages that stand on a sheet together, sheets of about as many columns each."""
    most = max(1, int(layout.room // layout.narrowest))
    total = _columns(grid.stages)
    needed = max(1, -(-total // most))
    share = -(-total // needed)
    part: list[int] = []
    used = 0
    for at, stage in enumerate(grid.stages):
        wide = _columns([stage])
        if part and (used + wide > most or (used >= share and used + wide > share)):
            yield part
            part, used = [], 0
        part.append(at)
        used += wide
    yield part


class _Page:
    """One sheet while it is drawn."""

    def __init__(self, grid: MapGrid, part: list[int], layout: Layout) -> None:
        self.grid, self.places, self.layout = grid, part, layout
        self.sheet = Sheet(layout.width, layout.height)
        self.stages = [grid.stages[at] for at in part]
        self.column = layout.room / max(1, _columns(self.stages))
        self.rows = [row for row in grid.rows if row.lane.code == "emotion" or self._says(row)]

    def drawn(self, title: MapTitle, where: str) -> Sheet:
        layout = self.layout
        y = layout.margin + layout.head
        room = layout.height - layout.margin - _FOOT - y - _STAGE
        size, heights = self._fitted(room)
        self._lanes(self.rows, heights, y, size)
        self._turn()
        self._head(title, where)
        return self.sheet

    def shared_out(self) -> Iterator[list[GridRow]]:
        """The lanes in groups, each as tall as a drawing at most; a line of visibility stays with both."""
        room = self.layout.height - _STAGE - 2 * self.layout.margin
        kept: list[GridRow] = []
        used = 0.0
        for row in self.rows:
            height = self._height(row, _PART_SIZE) + self._extra(row)
            if kept and used + height > room:
                yield kept
                kept, used = [], 0.0
            kept.append(row)
            used += height
        yield kept

    def part(self, rows: Sequence[GridRow]) -> Sheet:
        """Some of the lanes as a drawing, as tall as they are."""
        margin = self.layout.margin
        most = self.layout.height - _STAGE - 2 * margin
        heights = [min(self._height(row, _PART_SIZE), most) for row in rows]
        self.sheet = Sheet(self.layout.width, self.layout.height)
        self.sheet.height = self._lanes(rows, heights, margin, _PART_SIZE) + margin
        self._turn()
        return self.sheet

    def _lanes(
        self, rows: Sequence[GridRow], heights: Sequence[float], y: float, size: float
    ) -> float:
        """Draw the stages' names and these lanes below them; where the last one ends."""
        self._stage_names(y)
        y += _STAGE
        for row, height in zip(rows, heights, strict=True):
            if row.lane.code == LINE_OF_VISIBILITY_BEFORE:
                self._visibility(y)
                y += _VISIBILITY
            self._row(row, y, height, size)
            y += height
        return y

    def _extra(self, row: GridRow) -> float:
        return _VISIBILITY if row.lane.code == LINE_OF_VISIBILITY_BEFORE else 0.0

    def _turn(self) -> None:
        """Let the columns run from the right where they should; no text changes its own direction."""
        if self.layout.from_right:
            self.sheet.marks = [_turned(each, self.layout.width) for each in self.sheet.marks]

    def _add(self, *marks: Mark) -> None:
        self.sheet.marks.extend(marks)

    def _line(self, x: float, y: float, room: float, text: str, size: float, **look: bool) -> None:
        """A line in a room, at the side where its text begins."""
        right = is_right_to_left(text)
        at = x if right == self.layout.from_right else x + room
        self._add(Words(at, y, text, size, right=right, **look))

    def _head(self, title: MapTitle, where: str) -> None:
        margin, room = self.layout.margin, self.layout.width - 2 * self.layout.margin
        (name,) = fonts.wrapped(title.name, 18, room, most=1, font=fonts.SEMIBOLD)
        said = " · ".join(part for part in (title.said, where) if part)
        (said,) = fonts.wrapped(said, 8.5, room, most=1)
        right = is_right_to_left(name)
        self._add(
            Words(
                self.layout.width - margin if right else margin,
                margin + 16,
                name,
                18,
                bold=True,
                right=right,
            ),
            Words(margin, margin + 31, said, 8.5, muted=True),
        )

    def _stage_names(self, y: float) -> None:
        for stage, x, width in self._spans():
            self._add(Box(x, y, width, _STAGE, "stage"))
            room = width - 2 * _PAD
            (name,) = fonts.wrapped(stage.name.text, 10, room, most=1, font=fonts.SEMIBOLD)
            self._line(x + _PAD, y + 17, room, name, 10, bold=True)

    def _spans(self) -> Iterator[tuple[GridStage, float, float]]:
        x = self.layout.margin + self.layout.lane
        for stage in self.stages:
            width = self.column * max(1, len(stage.points))
            yield stage, x, width
            x += width

    def _texts(self, row: GridRow) -> list[tuple[float, float, str]]:
        """(x, width, text) of each cell of a lane on this sheet."""
        found = []
        cells = lane_cells(self.grid, row, few=self.layout.few, words=self.layout.words)
        for at, (_, x, width) in zip(self.places, self._spans(), strict=True):
            own = cells[at]
            wide = width / max(1, len(own))
            found += [(x + wide * n, wide, text) for n, text in enumerate(own)]
        return found

    def _says(self, row: GridRow) -> bool:
        return any(text for _, _, text in self._texts(row))

    def _fitted(self, room: float) -> tuple[float, list[float]]:
        """The largest letters in which the lanes fit into the room, and the height of each.

        Where none does, the tallest lanes are cut to equal height.
        """
        size, heights = _TEXT_SIZES[-1], [0.0]
        room -= sum(self._extra(row) for row in self.rows)
        for size in _TEXT_SIZES:
            heights = [self._height(row, size) for row in self.rows]
            if sum(heights) <= room:
                return size, heights
        ceiling = max(heights)
        least = size * _LINE_HEIGHT + 2 * _PAD
        while sum(min(each, ceiling) for each in heights) > room and ceiling > least:
            ceiling -= size * _LINE_HEIGHT / 2
        return size, [min(each, ceiling) for each in heights]

    def _height(self, row: GridRow, size: float) -> float:
        if row.lane.code == "emotion":
            return _EMOTION
        lines = [
            len(_lines(text, size, width - 2 * _PAD, _TALLEST))
            for _, width, text in self._texts(row)
        ]
        said = lane_title(row.lane, self.layout.words)
        title = len(_lines(said, 8.5, self.layout.lane - 2 * _PAD, 4, fonts.SEMIBOLD))
        return max([title * 8.5, *(size * each for each in lines)]) * _LINE_HEIGHT + 2 * _PAD

    def _row(self, row: GridRow, y: float, height: float, size: float) -> None:
        left, wide = self.layout.margin, self.layout.lane
        self._add(Box(left, y, wide, height, "lane"))
        said = lane_title(row.lane, self.layout.words)
        self._write(left, y, wide, height, said, 8.5, bold=True)
        if row.lane.code == "emotion":
            self._emotion(y, height)
            return
        kind = "card" if row.lane.code == "name" else "cell"
        for x, width, text in self._texts(row):
            self._add(Box(x, y, width, height, kind))
            self._write(x, y, width, height, text, size, bold=kind == "card")

    def _write(
        self, x: float, y: float, width: float, height: float, text: str, size: float, *, bold: bool
    ) -> None:
        step = size * _LINE_HEIGHT
        most = max(1, int((height - 2 * _PAD + 0.01) // step))
        font = fonts.SEMIBOLD if bold else fonts.REGULAR
        for n, line in enumerate(_lines(text, size, width - 2 * _PAD, most, font)):
            self._line(
                x + _PAD, y + _PAD + size + n * step, width - 2 * _PAD, line, size, bold=bold
            )

    def _visibility(self, y: float) -> None:
        margin, lane = self.layout.margin, self.layout.lane
        said = self.layout.words.say(VISIBILITY)
        (said,) = fonts.wrapped(said, 7.5, lane - 2 * _PAD, most=1)
        self._line(margin + _PAD, y + 9, lane - 2 * _PAD, said, 7.5, muted=True)
        right = self.layout.width - margin
        self._add(Stroke(margin + lane, y + 6, right, y + 6, "visibility"))

    def _emotion(self, y: float, height: float) -> None:
        margin = self.layout.margin
        left, right = margin + self.layout.lane, self.layout.width - margin
        self._add(Box(left, y, right - left, height, "cell"))
        feelings = {each.place_id: each for each in self.grid.line.points}
        zero = _up(0, y, height)
        self._add(Stroke(left, zero, right, zero, "zero"))
        last: tuple[float, float] | None = None
        for stage, start, _ in self._spans():
            for n, point in enumerate(stage.points):
                x = start + self.column * (n + 0.5)
                last = self._bead(feelings[point.id], x, (y, height), last)

    def _bead(
        self,
        feeling: Feeling,
        x: float,
        band: tuple[float, float],
        last: tuple[float, float] | None,
    ) -> tuple[float, float] | None:
        if feeling.assumed is not None:
            self._add(Dot(x + 9, _up(feeling.assumed, *band), "assumed"))
        if feeling.estimate is None:
            return None
        at = _up(feeling.estimate, *band)
        if last is not None:
            self._add(Stroke(*last, x, at))
        if feeling.low is not None and feeling.high is not None:
            self._add(Stroke(x, _up(feeling.low, *band), x, _up(feeling.high, *band), "whisker"))
        self._add(Dot(x, at, "measured"))
        if feeling.mismatch:
            self._add(Words(x - 12, at - 4, "≠", 10, bold=True, right=self.layout.from_right))
        return x, at


def _turned(mark: Mark, width: float) -> Mark:
    """The mark as far from the other side."""
    if isinstance(mark, Box):
        return replace(mark, x=width - mark.x - mark.width)
    if isinstance(mark, Stroke):
        return replace(mark, x1=width - mark.x1, x2=width - mark.x2)
    return replace(mark, x=width - mark.x)


def _up(value: float, y: float, height: float) -> float:
    part = (value - LOWEST) / (HIGHEST - LOWEST)
    return y + height - 10 - part * (height - 20)


def _lines(text: str, size: float, room: float, most: int, font: str = fonts.REGULAR) -> list[str]:
    """The text in lines of the room, its own line breaks kept, at most so many."""
    found: list[str] = []
    for part in text.splitlines():
        found += _broken(part.split(), size, room, font)
        if len(found) > most:
            found = found[:most]
            found[-1] = found[-1].removesuffix("…").rstrip() + "…"
            break
    return [
        each if _wide(each, size, font) <= room else fonts.wrapped(each, size, room, font=font)[0]
        for each in found
    ]


def _broken(words: Sequence[str], size: float, room: float, font: str) -> list[str]:
    """Words joined to lines; a word that is wider than the room has a line of its own."""
    lines: list[list[str]] = []
    used = 0.0
    space = _unit(" ", font) * size
    for word in words:
        wide = _unit(word, font) * size
        if lines and used + space + wide <= room:
            lines[-1].append(word)
            used += space + wide
        else:
            lines.append([word])
            used = wide
    return [" ".join(line) for line in lines]


def _wide(line: str, size: float, font: str) -> float:
    words = line.split()
    gaps = max(0, len(words) - 1) * _unit(" ", font)
    return size * (gaps + sum(_unit(word, font) for word in words))


@lru_cache(
    maxsize=16_384
)  # a map is measured at several sizes of letters, to which widths are in proportion
def _unit(word: str, font: str) -> float:
    return fonts.width(word, 1.0, font)


FILLS = {
    "cell": (COLOURS["paper"], COLOURS["faint"]),
    "card": (COLOURS["accent-pale"], COLOURS["accent-soft"]),
    "stage": (COLOURS["accent-soft"], COLOURS["paper"]),
    "lane": (COLOURS["wash"], COLOURS["faint"]),
}
STROKES = {
    "run": (COLOURS["accent"], 1.5, ()),
    "whisker": (COLOURS["accent"], 1.0, ()),
    "zero": (COLOURS["rule"], 0.6, (2, 2)),
    "visibility": (COLOURS["accent"], 1.4, (5, 3)),
}
