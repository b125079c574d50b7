"""Names in the room that a chart has for them: two that were different stay different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from surveyapp.reports.typesetting import fonts

_CUT = "…"
_LAST = 3  # words at the end of a name that are kept where its beginning says nothing


def short_names(
    names: Sequence[str], size: float, room: float, *, most: int = 2, font: str = fonts.REGULAR
) -> list[list[str]]:
    """Each name in at most ``most`` lines of ``room`` points.

    Names that a cut at the end would make alike are cut in the middle, and numbered where their ends
    are alike as well.
    """
    found = [fonts.wrapped(name, size, room, most=most, font=font) for name in names]
    alike = _alike(names, found)
    for at in alike:
        found[at] = _cut_inside(names[at], size, room, most, font)
    for place, at in enumerate(sorted(_alike(names, found)), start=1):
        number = f" ({place})"
        *above, last = found[at]
        width = room - fonts.width(number, size, font)
        found[at] = [*above, fonts.wrapped(last, size, width, most=1, font=font)[0] + number]
    return found


def _alike(names: Sequence[str], shown: Sequence[Sequence[str]]) -> list[int]:
    """The places of cut names that look like another name's."""
    seen: dict[str, set[str]] = {}
    for name, lines in zip(names, shown, strict=True):
        seen.setdefault(" ".join(lines), set()).add(name)
    times = Counter({text: len(different) for text, different in seen.items()})
    return [at for at, lines in enumerate(shown) if times[" ".join(lines)] > 1]


def _cut_inside(name: str, size: float, room: float, most: int, font: str) -> list[str]:
    """The beginning and the end of a name; of a single word its last letters."""
    words = name.split()
    ends = [" ".join(words[-n:]) for n in range(min(_LAST, len(words) - 1), 0, -1)]
    ends += [name[-n:] for n in (12, 8, 4, 2)]
    marked = [
        f"{_CUT} {end}" if end in words[-1:] or " " in end else f"{_CUT}{end}" for end in ends
    ]
    end = next((each for each in marked if fonts.width(each, size, font) <= room), marked[-1])
    if most == 1:
        start = fonts.wrapped(name, size, room - fonts.width(end, size, font), most=1, font=font)[0]
        return [start.removesuffix(_CUT) + end]
    start_lines = fonts.wrapped(name, size, room, most=most - 1, font=font)
    return [*(line.removesuffix(_CUT).rstrip() for line in start_lines), end]
