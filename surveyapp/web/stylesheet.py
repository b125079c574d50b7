"""The shared colours, sizes and spaces as a stylesheet: pages, charts and reports read one table."""

from __future__ import annotations

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
    """The tokens, and the score scale in steps with the ink that is readable on each."""
    rules = []
    for step in range(1, HEATS + 1):
        # Two thirds of the way to the ends: numbers stand on these colours.
        colour = design_tokens.score_colour(0.62 * (2 * (step - 1) / (HEATS - 1) - 1))
        rules.append(
            f".heat-{step} {{ background: {colour}; color: {design_tokens.ink_on(colour)}; }}\n"
        )
    return design_tokens.stylesheet() + "".join(rules)
