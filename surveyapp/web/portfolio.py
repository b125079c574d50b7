"""What the address of the portfolio asks for, and the small drawings in its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import request

from surveyapp.errors import Invalid
from surveyapp.journeys.portfolio import Listed, Search
from surveyapp.results import phrases
from surveyapp.results.portfolio.portfolio import ORDERS, Asked, Line
from surveyapp.results.scope import ALL_TIME, Scope, read_scope, recent
from surveyapp.results.view_models import Month
from surveyapp.web.filters import number_asked
from surveyapp.web.installation import installation

_NAMED = ("from", "to", "period", "compare", "weighted")
SPARK_WIDTH, SPARK_HEIGHT, _EDGE = 108, 28, 4


def scope_of_all() -> Scope:
    """The months that the address asks for, of every journey; by default the same for all."""
    months = installation().settings.period_months
    default = recent(installation().now().date(), months)
    named = {name: request.args[name] for name in _NAMED if name in request.args}
    return read_scope(0, named, default=default)


def search_asked() -> Search:
    """Which journeys the address asks for."""
    return Search(
        name=request.args.get("name", "").strip(),
        owner_id=number_asked("owner"),
        group=request.args.get("group", "").strip(),
        tag=request.args.get("tag", "").strip(),
        archived=request.args.get("archived") == "1",
    )


def page_asked(scope: Scope) -> Asked:
    """The page of the list that the address asks for."""
    order = request.args.get("order", "").strip()
    if order and order not in ORDERS:
        raise Invalid(f"order={order[:20]} is not one of {', '.join(ORDERS)}.", field="order")
    return Asked(
        when=scope.period,
        before=scope.baseline,
        order=order,
        page=number_asked("page") or 1,
        today=installation().now().date(),
        weighted=scope.weighted,
    )


def arguments_of(search: Search, asked: Asked, scope: Scope) -> dict[str, str]:
    """What stands in the address of the same list, without the page's number."""
    said = {
        "name": search.name,
        "owner": "" if search.owner_id is None else str(search.owner_id),
        "group": search.group,
        "tag": search.tag,
        "archived": "1" if search.archived else "",
        "order": asked.order,
        **scope.arguments,
    }
    return {name: text for name, text in said.items() if text}


def arguments_for(journey: Listed, scope: Scope) -> dict[str, str]:
    """What stands in the address of a journey's page about the same months."""
    own = journey.period_months
    if own is None or own == installation().settings.period_months:
        return scope.arguments
    return replace(scope, default=ALL_TIME).arguments


def portfolio_axis(lines: Sequence[Line]) -> tuple[float, float]:
    """The ends of the small trends' axis: the same in all rows, so that they can be compared."""
    return spark_axis([month for line in lines for month in line.trend])


def spark_axis(months: Sequence[Month]) -> tuple[float, float]:
    """From the smallest to the largest value of these months."""
    values = [m.figure.estimate for m in months if m.figure.estimate is not None]
    return (min(values), max(values)) if values else (0.0, 1.0)


def spark(months: Sequence[Month], axis: tuple[float, float]) -> list[list[tuple[float, float]]]:
    """The points of a small trend: a line for each stretch of months without a gap."""
    low, high = axis
    step = (SPARK_WIDTH - 2 * _EDGE) / max(1, len(months) - 1)
    lines: list[list[tuple[float, float]]] = [[]]
    for at, month in enumerate(months):
        if month.figure.estimate is None:
            lines.append([])
            continue
        share = (month.figure.estimate - low) / (high - low) if high > low else 0.5
        y = _EDGE + (1 - share) * (SPARK_HEIGHT - 2 * _EDGE)
        lines[-1].append((round(_EDGE + at * step, 1), round(y, 1)))
    return [line for line in lines if line]


def spark_said(months: Sequence[Month]) -> str:
    """The small trend for a screen reader: its first and last shown month."""
    shown = [month for month in months if month.figure.shown]
    if not shown:
        return "no month is shown"
    ends = [shown[0], shown[-1]] if len(shown) > 1 else shown
    return "; ".join(phrases.month_said(each) for each in ends)
