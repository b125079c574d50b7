"""Figures as files: SVG, and PNG of 300 pixels an inch."""

from __future__ import annotations

import struct

from surveyapp.design_tokens import COLOURS, FONT
from surveyapp.reports.charts import theme as chart_theme

DPI = 300
_INCH = 25.4  # millimetres
_OTHERS = "Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"
_PAPER = f'<rect width="100%" height="100%" fill="{COLOURS["paper"]}"/>'


def svg_file(svg: str) -> str:
    """A drawing that stands alone: with typefaces for readers who lack the first one."""
    return svg.replace(f'font-family="{FONT}"', f'font-family="{FONT}, {_OTHERS}"')


def png(svg: str, dpi: int = DPI) -> bytes:
    """The drawing on white at its size on paper, a point of the drawing a point of print."""
    import vl_convert

    chart_theme.register_fonts()
    start = svg.index(">", svg.index("<svg")) + 1
    drawn = svg[:start] + _PAPER + svg[start:]
    return bytes(vl_convert.svg_to_png(drawn, scale=1, ppi=dpi))


def pixels(png_file: bytes) -> tuple[int, int]:
    """Width and height, which the first part of every PNG holds."""
    width, height = struct.unpack(">II", png_file[16:24])
    return width, height


def millimetres(width: int) -> int:
    """The printed width of so many pixels."""
    return round(width / DPI * _INCH)
