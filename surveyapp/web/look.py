"""The shared colours, sizes and spaces as a stylesheet: pages, charts and reports read one table."""

from __future__ import annotations

from functools import cache

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from surveyapp.reports import tokens
from surveyapp.web.guards import public
from surveyapp.web.words import HEATS

look = Blueprint("look", __name__)


@look.get("/look.css")
@public
def stylesheet() -> ResponseReturnValue:
    answer = Response(_text(), mimetype="text/css")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@cache
def _text() -> str:
    """The tokens, and the score scale in steps with the ink that is readable on each."""
    rules = []
    for step in range(1, HEATS + 1):
        # Two thirds of the way to the ends: numbers stand on these colours.
        colour = tokens.score_colour(0.62 * (2 * (step - 1) / (HEATS - 1) - 1))
        rules.append(f".heat-{step} {{ background: {colour}; color: {tokens.ink_on(colour)}; }}\n")
    return tokens.stylesheet() + "".join(rules)
