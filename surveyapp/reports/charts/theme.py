"""Altair charts to SVG, in the house's type and colours; nothing is ever fetched.

Altair is imported inside the functions: it costs a second, and the web process starts without it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from surveyapp.reports.charts.config import config
from surveyapp.reports.typesetting import fonts

WIDTH = 470.0  # of a chart over the whole text width
_lock = threading.Lock()


def svg(chart: Any, *, label: str) -> str:
    """The SVG of an Altair chart whose data are inside it. ``label`` says it all to a screen reader."""
    spec = chart.to_dict()
    spec["config"] = config()
    spec["description"] = label
    return _converted(spec)


def _converted(spec: dict[str, Any]) -> str:
    import vl_convert

    register_fonts()
    # No address is allowed: a specification that names one fails instead of asking for it.
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """Make the typefaces known to the converter, once a process."""
    # Text is measured by the converter, so it must know the faces that page and paper use.
    import vl_convert

    with _lock:
        vl_convert.register_font_directory(str(fonts.text_folder()))
        vl_convert.register_font_directory(str(fonts.other_folder()))


# Marks placed by hand, in pixels from the top left: the label column, the panels and the values
# stand on one grid, which a chart grammar's own layout would not keep.


def inline(rows: Sequence[dict[str, Any]]) -> Any:
    """Rows as data inside the specification."""
    import altair as alt

    data: Any = alt.Data  # its constructor is untyped
    return data(values=list(rows))


def rules(rows: Sequence[dict[str, Any]], **style: Any) -> Any:
    """Lines from (x, y) to (x2, y2)."""
    import altair as alt

    return (
        alt.Chart(inline(rows))
        .mark_rule(aria=False, **style)
        .encode(
            x=alt.X("x:Q", scale=None, axis=None),
            x2=alt.X2("x2:Q"),
            y=alt.Y("y:Q", scale=None, axis=None),
            y2=alt.Y2("y2:Q"),
        )
    )


def points(rows: Sequence[dict[str, Any]], **style: Any) -> Any:
    """Dots at (x, y), each with its ``says`` for a screen reader and a tooltip."""
    import altair as alt

    return (
        alt.Chart(inline(rows))
        .mark_point(filled=True, opacity=1, **style)
        .encode(
            x=alt.X("x:Q", scale=None, axis=None),
            y=alt.Y("y:Q", scale=None, axis=None),
            description=alt.Description("says:N"),
        )
    )


def boxes(rows: Sequence[dict[str, Any]], **style: Any) -> Any:
    """Rectangles from (x, y) to (x2, y2) in their ``colour``, each with its ``says``."""
    import altair as alt

    return (
        alt.Chart(inline(rows))
        .mark_rect(**style)
        .encode(
            x=alt.X("x:Q", scale=None, axis=None),
            x2=alt.X2("x2:Q"),
            y=alt.Y("y:Q", scale=None, axis=None),
            y2=alt.Y2("y2:Q"),
            color=alt.Color("colour:N", scale=None),
            description=alt.Description("says:N"),
        )
    )


def texts(rows: Sequence[dict[str, Any]], **style: Any) -> Any:
    """The ``text`` of each row at (x, y), in its ``colour`` where it has one."""
    import altair as alt

    encoded = {
        "x": alt.X("x:Q", scale=None, axis=None),
        "y": alt.Y("y:Q", scale=None, axis=None),
        "text": alt.Text("text:N"),
    }
    if rows and "colour" in rows[0]:
        encoded["color"] = alt.Color("colour:N", scale=None)
    return (
        alt.Chart(inline(rows))
        .mark_text(aria=False, baseline="middle", lineBreak="\n", **style)
        .encode(**encoded)
    )


def layered(layers: Sequence[Any], *, height: float, label: str, width: float = WIDTH) -> str:
    """Hand-placed layers as one SVG."""
    import altair as alt

    kept = [layer for layer in layers if layer.data.values]
    return svg(alt.layer(*kept).properties(width=width, height=height), label=label)
