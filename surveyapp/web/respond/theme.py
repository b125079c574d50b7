"""The colours of a survey page in light and in dark, a brand's own among them, always readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from surveyapp.design_tokens import COLOURS, contrast

TEXT = 4.5  # WCAG 2.2, 1.4.3: contrast of text
LIGHT: Mapping[str, str] = {
    **{name: COLOURS[name] for name in ("ink", "muted", "rule", "faint", "wash", "paper")},
    "edge": "#7f8b98",  # of what can be tapped; 3.4:1 on paper
    "wrong": "#a8321c",  # 6.6:1 on paper; said in words and by a bar, too
}
DARK: Mapping[str, str] = {
    "ink": "#e9eef3",
    "muted": "#a9b6c3",
    "rule": "#3c4956",
    "faint": "#2c3742",
    "wash": "#0f161d",
    "paper": "#1a232c",
    "edge": "#758596",
    "wrong": "#ff9d88",
}
_DARK_ACCENT = "#7db4e8"  # the product's own in the dark; 7.3:1
_BLACK, _WHITE = "#000000", "#ffffff"
_STEPS = 50


@dataclass(frozen=True)
class Theme:
    """Colours by name for both schemes, and what was done to the brand's colour, in sentences."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def css(self) -> str:
        """Custom properties that follow what the customer's device prefers."""
        return f"{_properties(self.light)}@media(prefers-color-scheme:dark){{{_properties(self.dark)}}}"


@lru_cache(maxsize=256)
def page_theme(colour: str) -> Theme:
    """The colours that a brand's colour leads to; of the product itself where it is empty.

    ``accent`` is for text and lines: darkened (lightened in the dark) until it reads. ``fill`` is for
    what is chosen and for the button, in the brand's own colour where that can be told from the page.
    """
    brand = colour or COLOURS["accent"]
    on_light = (LIGHT["paper"], LIGHT["wash"])
    on_dark = (DARK["paper"], DARK["wash"])
    accent = _readable(brand, on_light, _BLACK)
    accent_dark = _readable(brand, on_dark, _WHITE) if colour else _DARK_ACCENT
    light = {"accent": accent, "fill": brand, "on-fill": _text_on(brand)}
    dark = {"accent": accent_dark, "fill": accent_dark, "on-fill": _text_on(accent_dark)}
    return Theme(light, dark, _notes(brand, accent, accent_dark) if colour else ())


def base() -> str:
    """The colours that no brand changes."""
    return Theme(LIGHT, DARK, ()).css


def _notes(brand: str, accent: str, accent_dark: str) -> tuple[str, ...]:
    notes = []
    if accent != brand:
        lowest = _lowest(brand, (LIGHT["paper"], LIGHT["wash"]))
        notes.append(
            f"As text {brand} has a contrast of {lowest:.1f}:1 on the page, and {TEXT}:1 is needed;"
            f" texts and lines are drawn in the darker {accent}."
        )
    if accent_dark != brand:
        lowest = _lowest(brand, (DARK["paper"], DARK["wash"]))
        notes.append(
            f"On the dark page {brand} has {lowest:.1f}:1; there the lighter {accent_dark} is used."
        )
    said = {_WHITE: "white", COLOURS["ink"]: "dark", _BLACK: "black"}[_text_on(brand)]
    notes.append(f"On your colour the text is {said}: {contrast(brand, _text_on(brand)):.1f}:1.")
    return tuple(notes)


def _readable(colour: str, on: Sequence[str], towards: str) -> str:
    """The colour, moved towards black or white just as far as text on these backgrounds needs."""
    steps = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(each for each in steps if _lowest(each, on) >= TEXT)


def _text_on(colour: str) -> str:
    """White or our ink where either reads on this colour, else black, which then does."""
    choice = max((_WHITE, COLOURS["ink"]), key=lambda each: contrast(colour, each))
    return choice if contrast(colour, choice) >= TEXT else _BLACK


def _lowest(colour: str, on: Sequence[str]) -> float:
    return min(contrast(colour, each) for each in on)


def _mixed(first: str, second: str, share: float) -> str:
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _properties(colours: Mapping[str, str]) -> str:
    return ":root{" + ";".join(f"--{name}:{value}" for name, value in colours.items()) + "}"
