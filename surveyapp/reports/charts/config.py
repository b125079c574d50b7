"""The look of charts that are written in Vega-Lite, on paper and in a browser."""

from __future__ import annotations

from typing import Any

from surveyapp.design_tokens import CATEGORIES, COLOURS, FONT, SIZES


def config() -> dict[str, Any]:
    """The theme: faint grid, muted axes, no frame."""
    axis = {
        "labelFont": FONT,
        "labelFontSize": SIZES["small"],
        "labelColor": COLOURS["muted"],
        "titleFont": FONT,
        "titleFontSize": SIZES["small"],
        "titleFontWeight": "normal",
        "titleColor": COLOURS["muted"],
        "gridColor": COLOURS["faint"],
        "gridWidth": 0.8,
        "domain": False,
        "ticks": False,
        "labelPadding": 5,
    }
    return {
        "background": None,
        "padding": 0,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "range": {"category": list(CATEGORIES)},
        "text": {"font": FONT, "fontSize": SIZES["small"], "color": COLOURS["ink"]},
        "locale": {"number": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""], "minus": "\u2212"}},
    }  # fmt: skip
