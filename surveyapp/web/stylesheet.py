"""The shared colours, sizes and spaces as a stylesheet: pages, charts and reports read one table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from surveyapp import design_tokens
from surveyapp.web.guards import public
from surveyapp.web.number_formats import HEATS

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
    )


def _heats(colours: Mapping[str, str]) -> list[tuple[str, str]]:
    """A rule a step of the score scale."""
    rules = []
    for step in range(1, HEATS + 1):
        # Two thirds of the way to the ends: numbers stand on these colours.
        colour = design_tokens.score_colour(0.62 * (2 * (step - 1) / (HEATS - 1) - 1), colours)
        ink = design_tokens.ink_on(colour)
        rules.append((f".heat-{step}", f"background: {colour}; color: {ink};"))
    return rules
