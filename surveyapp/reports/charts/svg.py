"""Elements of an SVG, as text. Presentation attributes only: pages allow no inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from xml.sax.saxutils import escape, quoteattr

from surveyapp.design_tokens import COLOURS, FONT

Point = tuple[float, float]
FAMILY = f"{FONT}, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"


def element(name: str, content: str = "", **attributes: str | float | None) -> str:
    """``stroke_width=2`` becomes stroke-width="2"; None is left out. ``content`` is SVG already."""
    said = "".join(
        [
            f" {_name(key)}={quoteattr(value)}"
            if isinstance(value, str)
            else f' {_name(key)}="{_plain(value)}"'
            for key, value in attributes.items()
            if value is not None
        ]
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


@lru_cache(maxsize=128)  # an attribute of ours
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def escaped(said: str) -> str:
    """Plain text as an element's content."""
    return escape(said)


def document(
    parts: Sequence[str], *, width: float, height: float, label: str, class_: str | None = None
) -> str:
    """The whole drawing, which scales with its page; ``label`` says it all to a screen reader."""
    return element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        class_=class_,
        width=width,
        height=height,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role="img",
        aria_label=label,
        font_family=FAMILY,
    )


def text(
    said: str,
    x: float,
    y: float,
    *,
    size: float,
    colour: str = COLOURS["ink"],
    anchor: str = "middle",
    bold: bool = False,
    italic: bool = False,
    class_: str | None = None,
) -> str:
    """A line of text whose middle is at height y."""
    return element(
        "text",
        escape(said),
        class_=class_,
        x=x,
        y=y + size * 0.34,  # from the middle of small letters and figures to their baseline
        font_size=size,
        fill=colour,
        text_anchor=anchor,
        font_family=FAMILY,
        font_weight="600" if bold else None,
        font_style="italic" if italic else None,
    )


def line(a: Point, b: Point, *, colour: str, width: float = 1.0, dash: str | None = None) -> str:
    return element(
        "line",
        x1=a[0],
        y1=a[1],
        x2=b[0],
        y2=b[1],
        stroke=colour,
        stroke_width=width,
        stroke_dasharray=dash,
        stroke_linecap="round" if dash is None else None,
    )


def polyline(points: Sequence[Point], *, colour: str, width: float, dash: str | None) -> str:
    return element(
        "polyline",
        points=_points(points),
        fill="none",
        stroke=colour,
        stroke_width=width,
        stroke_dasharray=dash,
        stroke_linejoin="round",
    )


def polygon(
    points: Sequence[Point],
    *,
    fill: str,
    stroke: str | None = None,
    class_: str | None = None,
) -> str:
    return element(
        "polygon",
        class_=class_,
        points=_points(points),
        fill=fill,
        stroke=stroke,
        stroke_width=1.1 if stroke else None,
    )


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{_plain(x)},{_plain(y)}" for x, y in points)


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
