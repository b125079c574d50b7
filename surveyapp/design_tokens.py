"""Colours, type sizes and spacing: one table, read by stylesheet, charts and reports alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLOURS: Mapping[str, str] = {
    "ink": "#16202b",  # text
    "muted": "#55616e",  # notes, axes; 6.3:1 on paper
    "rule": "#c9d0d8",  # lines
    "faint": "#e6eaee",  # grid lines
    "wash": "#f3f6f9",  # quiet backgrounds
    "paper": "#ffffff",
    "accent": "#0b4f8a",  # headings, links, the one primary action; 8.3:1 on paper
    "accent-soft": "#d5e4f2",
    "on-accent": "#ffffff",
    "low": "#c2570c",  # ends and middle of the score scale, told apart without red or green
    "middle": "#eceef0",
    "high": "#1f6fb2",
}
# Okabe & Ito (2008): told apart with any colour vision. Yellow is left out: it is lost on white.
CATEGORIES: Sequence[str] = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
)
FONT = "Source Sans Pro"
SIZES: Mapping[str, float] = {  # points on paper
    "tiny": 7.5,
    "small": 8.5,
    "body": 10.0,
    "lead": 12.5,
    "h3": 11.5,
    "h2": 14.5,
    "h1": 21.0,
    "title": 32.0,
    "figure": 26.0,
}
SPACE: Mapping[str, float] = {"xs": 3, "s": 6, "m": 12, "l": 20, "xl": 34}
PAGE_MARGIN = 62.0  # points, left and right
TEXT_WIDTH = 595.28 - 2 * PAGE_MARGIN  # of an A4 page
HALF_WIDTH = (TEXT_WIDTH - 22.0) / 2  # of each of two charts side by side


def stylesheet() -> str:
    """The table as CSS custom properties: ``--ink``, ``--size-body`` (rem), ``--space-m`` (rem)."""
    lines = [f"--{name}: {value};" for name, value in COLOURS.items()]
    lines += [f"--category-{i}: {value};" for i, value in enumerate(CATEGORIES, start=1)]
    lines += [f"--size-{name}: {size / SIZES['body']:.4g}rem;" for name, size in SIZES.items()]
    lines += [f"--space-{name}: {size / 12:.4g}rem;" for name, size in SPACE.items()]
    lines += [f'--font: "{FONT}", "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;']
    return ":root {\n  " + "\n  ".join(lines) + "\n}\n"


def score_colour(position: float) -> str:
    """A colour of the score scale for -1 (low) over 0 (middle) to 1 (high); beyond is clipped."""
    at = max(-1.0, min(1.0, position))
    end = COLOURS["high"] if at >= 0 else COLOURS["low"]
    return _mixed(COLOURS["middle"], end, abs(at))


def ink_on(background: str) -> str:
    """Ink or paper, whichever is easier to read on this colour (WCAG relative luminance)."""
    light = _luminance(background)
    on_paper = 1.05 / (light + 0.05)
    on_ink = (light + 0.05) / (_luminance(COLOURS["ink"]) + 0.05)
    return COLOURS["paper"] if on_paper > on_ink else COLOURS["ink"]


def contrast(first: str, second: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(first: str, second: str, share: float) -> str:
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    def linear(channel: int) -> float:
        c = channel / 255
        return c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
