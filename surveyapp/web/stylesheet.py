"""The shared colours, sizes and spaces as a stylesheet: pages, charts and reports read one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from surveyapp import design_tokens
from surveyapp.web.guards import public

stylesheet = Blueprint("stylesheet", __name__)


@stylesheet.get("/stylesheet.css")
@public
def show() -> ResponseReturnValue:
    answer = Response(_text(), mimetype="text/css")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@cache
def _text() -> str:
    """The tokens, the score scale in steps with the ink that is readable on each, and what makes a
    drawing fit on a dark page."""
    light, dark = _heats(design_tokens.COLOURS), _heats(design_tokens.DARK)
    return (
        design_tokens.stylesheet()
        + "".join(f"{inside} {{ {said} }}\n" for inside, said in light)
        + design_tokens.when_dark(dark)
        + design_tokens.in_drawings()
        + design_tokens.when_dark(_cells_at_night())
    )


def _cells_at_night() -> list[tuple[str, str]]:
    """The cells of the explore page's drawing, which has no classes, in the colours of its legend."""
    steps = range(1, design_tokens.HEATS + 1)
    cells = [
        (design_tokens.heat_colour(step), design_tokens.heat_colour(step, design_tokens.DARK))
        for step in steps
    ]
    cells.append((design_tokens.ON_CELL, "var(--ink)"))
    return [(f'.explored svg [fill="{day}"]', f"fill: {night};") for day, night in cells]


def _heats(colours: Mapping[str, str]) -> list[tuple[str, str]]:
    """A rule a step of the score scale, and one a category; ``--part`` is what a drawing's part takes."""
    rules = []
    for step in range(1, design_tokens.HEATS + 1):
        colour = design_tokens.heat_colour(step, colours)
        ink = design_tokens.ink_on(colour)
        rules.append((f".heat-{step}", f"background: {colour}; color: {ink}; --part: {colour};"))
    for place, colour in enumerate(design_tokens.CATEGORIES, start=1):
        ink = design_tokens.ink_on(colour)
        rules.append((f".category-{place}", f"color: {ink}; --part: {colour};"))
    return rules
