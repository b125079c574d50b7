"""Paragraph and table styles of the PDF, made from the tokens."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle

from surveyapp.design_tokens import COLOURS, SIZES
from surveyapp.reports.document import Look, Tone
from surveyapp.reports.typesetting import fonts

# A table names its own face in the file even when every cell brings one; it would be Helvetica.
FACE = ("FONTNAME", (0, 0), (-1, -1), fonts.REGULAR)
PADDING = 3.0  # left and right in a table's cell; none at its edges
GUTTER = 14.0  # between a right-aligned column and a left-aligned one
_ALIGN = {"l": TA_LEFT, "c": TA_CENTER, "r": TA_RIGHT}


def colour(name: str) -> Color:
    return HexColor(COLOURS[name])


def _style(name: str, size: str, **options: Any) -> ParagraphStyle:
    points = SIZES[size]
    settings: dict[str, Any] = {
        "fontName": fonts.REGULAR,
        "bulletFontName": fonts.REGULAR,
        "bulletFontSize": points,
        "fontSize": points,
        "leading": points * 1.42,
        "textColor": colour("ink"),
        "splitLongWords": 1,
        "allowWidows": 0,
        "allowOrphans": 0,
    }
    return ParagraphStyle(name, **{**settings, **options})


@lru_cache(maxsize=1)
def styles() -> dict[str, ParagraphStyle]:
    """Every paragraph style by name: tones, headings (h1 to h3), captions, cover."""
    fonts.register()
    muted, accent = colour("muted"), colour("accent")
    return {
        Tone.BODY: _style("body", "body", spaceAfter=7),
        Tone.LEAD: _style("lead", "lead", leading=18, spaceAfter=10),
        Tone.NOTE: _style("note", "small", leading=11.6, textColor=muted, spaceAfter=6),
        Tone.BULLET: _style("bullet", "body", leftIndent=14, bulletIndent=1, spaceAfter=6),
        Tone.NUMBERED: _style("numbered", "body", leftIndent=20, bulletIndent=0, spaceAfter=6),
        Tone.QUOTE: _style("quote", "tiny", fontName=fonts.FIXED, leading=10.4, leftIndent=12, spaceAfter=6),
        Tone.REFERENCE: _style(
            "reference", "small", leading=12, leftIndent=16, firstLineIndent=-16, spaceAfter=4
        ),
        Tone.RIGHT_TO_LEFT: _style("right-to-left", "body", alignment=TA_RIGHT, spaceAfter=7),
        "h1": _style("h1", "h1", fontName=fonts.BOLD, leading=25, textColor=accent, spaceBefore=22, spaceAfter=10),
        "h2": _style("h2", "h2", fontName=fonts.SEMIBOLD, leading=18.5, spaceBefore=13, spaceAfter=5),
        "h3": _style("h3", "h3", fontName=fonts.SEMIBOLD, leading=15, spaceBefore=10, spaceAfter=4),
        "caption": _style("caption", "h3", fontName=fonts.SEMIBOLD, leading=15, spaceAfter=6),
        "pair": _style("pair", "body", fontName=fonts.SEMIBOLD, leading=13, spaceAfter=4),
        "table-number": _style("table-number", "body", fontName=fonts.SEMIBOLD, spaceAfter=2),
        "table-title": _style("table-title", "body", fontName=fonts.ITALIC, spaceAfter=4),
        "kind": _style("kind", "lead", fontName=fonts.SEMIBOLD, textColor=colour("on-accent")),
        "title": _style("title", "title", fontName=fonts.BOLD, leading=37, textColor=colour("on-accent")),
        "long-title": _style("long-title", "h1", fontName=fonts.BOLD, leading=25, textColor=colour("on-accent")),
        "subtitle": _style("subtitle", "lead", leading=18, textColor=colour("on-accent")),
        "fact": _style("fact", "body", leading=14),
        "fact-name": _style("fact-name", "body", leading=14, textColor=muted),
        "contents": _style("contents", "body", leading=17),
        "contents-title": _style("contents-title", "h3", fontName=fonts.SEMIBOLD, textColor=accent, spaceAfter=4),
        "figure": _style("figure", "figure", fontName=fonts.BOLD, leading=29, textColor=accent),
        "figure-label": _style("figure-label", "small", fontName=fonts.SEMIBOLD, leading=11),
        "figure-below": _style("figure-below", "small", leading=11, textColor=muted),
        "callout": _style("callout", "body", leading=14),
    }  # fmt: skip


@lru_cache(maxsize=64)
def cell(
    align: str, *, head: bool = False, strong: bool = False, look: Look = Look.QUIET
) -> ParagraphStyle:
    """The style of a table cell: l, c or r."""
    quiet_head = head and look is Look.QUIET
    return _style(
        f"cell-{align}-{head}-{strong}-{look}",
        "small",
        fontSize=SIZES["small"] + (0 if quiet_head else 0.5),
        leading=12,
        fontName=fonts.SEMIBOLD if strong or quiet_head else fonts.REGULAR,
        textColor=colour("muted") if quiet_head else colour("ink"),
        alignment=_ALIGN[align],
    )


@lru_cache(maxsize=128)
def mirrored(style: ParagraphStyle) -> ParagraphStyle:
    """The style for a text that begins at the right."""
    side = {TA_LEFT: TA_RIGHT, TA_RIGHT: TA_RIGHT}.get(style.alignment, style.alignment)
    return ParagraphStyle(
        f"{style.name}-mirrored",
        parent=style,
        alignment=side,
        leftIndent=style.rightIndent,
        rightIndent=style.leftIndent,
        firstLineIndent=max(style.firstLineIndent, 0.0),
    )


def table_commands(look: Look, n_rows: int, groups: frozenset[int]) -> list[tuple[Any, ...]]:
    """Lines and paddings; the head is row 0. APA: three horizontal lines and nothing else."""
    last = n_rows
    shared: list[tuple[Any, ...]] = [
        FACE,
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), PADDING),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
    if look is Look.APA:
        ink = colour("ink")
        return [
            *shared,
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
            ("LINEABOVE", (0, 0), (-1, 0), 0.9, ink),
            ("LINEBELOW", (0, 0), (-1, 0), 0.6, ink),
            ("LINEBELOW", (0, -1), (-1, -1), 0.9, ink),
        ]
    commands = [
        *shared,
        ("TOPPADDING", (0, 0), (-1, -1), 4.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4.2),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, colour("ink")),
    ]
    for row in range(1, last):
        if row - 1 not in groups:
            commands.append(("LINEBELOW", (0, row), (-1, row), 0.4, colour("faint")))
    for row in groups:
        commands.append(("TOPPADDING", (0, row + 1), (-1, row + 1), 8))
    return commands
