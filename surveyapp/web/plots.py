"""Small pictures on pages: dots on their axis, which a template draws, and trends."""

from __future__ import annotations

from functools import lru_cache

from flask import Flask
from markupsafe import Markup

from surveyapp.reports.charts import flow_charts, share_charts, trend_charts
from surveyapp.results import phrases
from surveyapp.results.answers.answer_shares import AnswerShares
from surveyapp.results.control_limits import limits_said
from surveyapp.results.funnels.journey_funnel import JourneyFunnel
from surveyapp.results.maps.heat_classes import share_of_axis
from surveyapp.results.view_models import Definition, Trend
from surveyapp.web.installation import installation
from surveyapp.web.portfolio import arguments_for, spark, spark_axis, spark_said

PLOT_WIDTH, PLOT_EDGE = 160, 5


def teach_plots(app: Flask) -> None:
    app.jinja_env.filters["place"] = place
    app.jinja_env.filters["spark"] = spark
    app.jinja_env.filters["spark_axis"] = spark_axis
    app.jinja_env.filters["spark_said"] = spark_said
    app.jinja_env.filters["arguments_for"] = arguments_for
    app.jinja_env.filters["trend_drawing"] = trend_drawing
    app.jinja_env.filters["shares_drawing"] = shares_drawing
    app.jinja_env.filters["flow_drawing"] = flow_drawing
    app.jinja_env.filters["trend_note"] = trend_charts.note
    app.jinja_env.filters["limits_said"] = limits_said
    app.jinja_env.filters["month_named"] = phrases.month


def place(value: float, definition: Definition) -> float:
    """Where a value lies in a plot of 160 units."""
    return round(PLOT_EDGE + share_of_axis(value, definition) * (PLOT_WIDTH - 2 * PLOT_EDGE), 1)


@lru_cache(maxsize=256)  # some 40 KB each, asked again by every page until somebody answers
def trend_drawing(trend: Trend) -> Markup:
    """A trend as the report draws it, on the whole axis of its scale so that trends can be compared."""
    made = trend_charts.trend(trend, trend_charts.PAGE, axis=trend.definition.axis)
    return Markup(made)  # noqa: S704  # texts are escaped where it is drawn


def shares_drawing(found: AnswerShares) -> Markup:
    """The answers to a question as a bar."""
    made = share_charts.shares(found)
    return Markup(made)  # noqa: S704  # texts are escaped where it is drawn


def flow_drawing(found: JourneyFunnel) -> Markup:
    """The stages that customers came to as bars."""
    made = flow_charts.flow(found, few=installation().settings.minimum_cell)
    return Markup(made)  # noqa: S704  # texts are escaped where it is drawn
