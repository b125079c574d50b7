"""Figures month by month as SVG text: a line in its band of intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from surveyapp.design_tokens import COLOURS, SIZES
from surveyapp.reports import chart_theme as theme
from surveyapp.reports.charts import says
from surveyapp.results import phrases
from surveyapp.results.view_models import Month, Trend, Unit

_MONTH_WIDTH = 36  # pixels that a month's name takes
_TICKS = {
    Unit.NPS: "datum.value == 0 ? '0' : format(datum.value, '+.0f')",
    Unit.PERCENT: "format(datum.value, '.0f') + '%'",
}


def trend(
    series: Trend,
    *,
    width: float = theme.WIDTH,
    height: float = 120.0,
    axis: tuple[float, float] | None = None,
) -> str:
    """A line with its interval as a band; gaps where a month is hidden or empty."""
    import altair as alt

    rows = [
        {
            "month": month.first.isoformat(),
            "estimate": month.figure.estimate,
            "low": month.figure.low,
            "high": month.figure.high,
            "says": says(phrases.month(month.first), month.figure),
        }
        for month in series.months
    ]
    scale = alt.Scale(domain=list(axis or trend_axis([series])), nice=False)
    form = _TICKS.get(series.definition.unit, "format(datum.value, '.0f')")
    x = _months(series, width)
    y = alt.Y("estimate:Q", title=None, scale=scale, axis=alt.Axis(tickCount=4, labelExpr=form))
    low = alt.Y("low:Q", title=None, scale=scale)
    base = alt.Chart(theme.inline(rows))
    soft, strong = COLOURS["accent-soft"], COLOURS["accent"]
    layers = [
        base.mark_area(color=soft, aria=False).encode(x=x, y=low, y2=alt.Y2("high:Q")),
        # A month between hidden ones has no band; its interval is drawn as a bar.
        base.mark_rule(color=soft, strokeWidth=5, aria=False).encode(
            x=x, y=low, y2=alt.Y2("high:Q")
        ),
        base.mark_line(color=strong, strokeWidth=2, aria=False).encode(x=x, y=y),
        base.transform_filter("isValid(datum.estimate)")
        .mark_point(color=strong, filled=True, size=34, opacity=1)
        .encode(x=x, y=y, description=alt.Description("says:N")),
        *(
            alt.Chart(theme.inline(marks))
            .mark_text(dy=away, fontWeight="bold", fontSize=SIZES["small"], aria=False)
            .encode(x=x, y=y, text=alt.Text("text:N"))
            for away, marks in _labels(series)
        ),
    ]
    chart = alt.layer(*layers).properties(
        width=width,
        height=height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
    )
    return theme.svg(chart, label="; ".join(str(row["says"]) for row in rows) or "no answers")


def trend_axis(series: Sequence[Trend]) -> tuple[float, float]:
    """One axis for several trends of a unit: the tens that hold every interval."""
    ends = [
        end
        for one in series
        for month in one.months
        for end in (month.figure.low, month.figure.high)
        if end is not None
    ]
    low, high = series[0].definition.axis
    if not ends:
        return low, high
    return max(low, min(ends) // 10 * 10), min(high, -(-max(ends) // 10) * 10)


def _months(series: Trend, width: float) -> Any:
    """The time axis: every month named, every second or every third, as there is room."""
    import altair as alt

    step = 1 + int(len(series.months) * _MONTH_WIDTH // width)
    return alt.X(
        "month:T",
        title=None,
        scale=alt.Scale(padding=18),
        axis=alt.Axis(
            values=[month.first.isoformat() for month in series.months[::step]],
            formatType="time",
            labelExpr="timeFormat(datum.value, '%b') + (datum.index == 0 || month(datum.value) == 0 ?"
            " ' \u2019' + timeFormat(datum.value, '%y') : '')",
            grid=False,
        ),
    )


def _labels(series: Trend) -> Iterator[tuple[float, list[dict[str, Any]]]]:
    """The first and the last number, above the line where it falls towards them, else below."""
    shown = [month for month in series.months if month.figure.estimate is not None]
    ends = [(shown[0], shown[min(1, len(shown) - 1)])] if shown else []
    if len(shown) > 1:
        ends.append((shown[-1], shown[-2]))
    for away, above in ((-10.0, True), (11.0, False)):
        marks = [_label(month) for month, beside in ends if (_at(month) >= _at(beside)) is above]
        if marks:
            yield away, marks


def _label(month: Month) -> dict[str, Any]:
    return {
        "month": month.first.isoformat(),
        "estimate": month.figure.estimate,
        "text": phrases.value(month.figure),
    }


def _at(month: Month) -> float:
    return month.figure.estimate or 0.0
