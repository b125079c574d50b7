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
    "accent-strong": "#093f6e",  # what is chosen or pointed at
    "accent-soft": "#d5e4f2",
    "accent-pale": "#e8f0f8",
    "on-accent": "#ffffff",
    "control": "#7b8794",  # borders of controls; 3.7:1 on paper
    "focus": "#b45309",  # the ring around what has the keyboard; 5.0:1 on paper
    "fault": "#a3341c",
    "fault-pale": "#fdf3f0",
    "good": "#1d5c4a",
    "low": "#c2570c",  # ends and middle of the score scale, told apart without red or green
    "middle": "#eceef0",
    "high": "#1f6fb2",
}
# The same names on dark paper: staff pages at night. Reports are printed on white paper only.
DARK: Mapping[str, str] = {
    "ink": "#e6ebf0",
    "muted": "#a9b4bf",  # 8.4:1 on paper
    "rule": "#3d4954",
    "faint": "#2a343e",
    "wash": "#1b232c",
    "paper": "#12181f",
    "accent": "#7fbaf0",  # 8.6:1 on paper
    "accent-strong": "#b3d6f7",
    "accent-soft": "#1f4263",
    "accent-pale": "#1a2c3e",
    "on-accent": "#0c1722",
    "control": "#83909d",  # 5.4:1 on paper
    "focus": "#ffb566",
    "fault": "#f59b86",
    "fault-pale": "#3a1f1a",
    "good": "#6cc5a7",
    "low": "#b8500a",
    "middle": "#2f3943",
    "high": "#2a7cc0",
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
ON_CELL = (
    "#101820"  # ink on a cell of the score scale: not the token's, which pages turn light at night
)
HEATS = 7  # classes of a score from low (orange) over the middle (grey) to high (blue)
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
    """The table as CSS custom properties: ``--ink``, ``--size-body`` (rem), ``--space-m`` (rem); the
    colours once more for dark paper (:func:`when_dark`)."""
    lines = [f"--{name}: {value};" for name, value in COLOURS.items()]
    lines += [f"--category-{i}: {value};" for i, value in enumerate(CATEGORIES, start=1)]
    lines += [f"--size-{name}: {size / SIZES['body']:.4g}rem;" for name, size in SIZES.items()]
    lines += [f"--space-{name}: {size / 12:.4g}rem;" for name, size in SPACE.items()]
    lines += [f'--font: "{FONT}", "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;']
    dark = " ".join(f"--{name}: {value};" for name, value in DARK.items())
    black = f"--category-{len(CATEGORIES)}: {DARK['ink']};"
    root = ":root { color-scheme: light;\n  " + "\n  ".join(lines) + "\n}\n"
    return root + when_dark([("", f"color-scheme: dark; {dark} {black}")])


def when_dark(rules: Sequence[tuple[str, str]]) -> str:
    """CSS rules (selector below the root, declarations) for whoever chose dark paper, or has a system
    that is dark and chose nothing."""

    def under(root: str) -> str:
        return "".join(f"{root} {inside} {{ {said} }}\n" for inside, said in rules)

    chosen = under(':root[data-theme="dark"]')
    system = under(':root:not([data-theme="light"])')
    return f"{chosen}@media screen and (prefers-color-scheme: dark) {{\n{system}}}\n"


def in_drawings() -> str:
    """CSS by which a drawing made for white paper takes the colours of a dark page."""
    # Cells of the score scale stay as they are: most have mixed colours, which no rule would meet.
    names = ("ink", "muted", "rule", "faint", "wash", "paper", "accent", "accent-soft")
    pairs = {COLOURS[name]: f"var(--{name})" for name in names}
    pairs[CATEGORIES[-1]] = "var(--ink)"
    rules = [
        (f'.drawing svg [{what}="{colour}"]', f"{what}: {value};")
        for colour, value in pairs.items()
        for what in ("fill", "stroke")
    ]
    # A letter without a colour of its own is black.
    return when_dark([(".drawing svg text:not([fill])", "fill: var(--ink);"), *rules])


def score_colour(position: float, colours: Mapping[str, str] = COLOURS) -> str:
    """A colour of the score scale for -1 (low) over 0 (middle) to 1 (high); beyond is clipped."""
    at = max(-1.0, min(1.0, position))
    end = colours["high"] if at >= 0 else colours["low"]
    return _mixed(colours["middle"], end, abs(at))


def heat_colour(step: int, colours: Mapping[str, str] = COLOURS) -> str:
    """The colour of a class from 1 to ``HEATS``, two thirds of the way to the ends of the score scale:
    numbers stand on it.
    """
    return score_colour(0.62 * (2 * (step - 1) / (HEATS - 1) - 1), colours)


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
