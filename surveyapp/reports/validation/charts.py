"""The researcher's charts as SVG text: eigenvalues beside random ones, loadings with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.digits import decimals
from surveyapp.design_tokens import CATEGORIES, COLOURS, SIZES
from surveyapp.i18n.words import ENGLISH, Words
from surveyapp.reports.apa import Apa
from surveyapp.reports.charts import theme

Z = 1.959964  # of a 95 % interval
_LABELS, _ROW = 90.0, 14.5


def scree(
    observed: Sequence[float | None],
    threshold: Sequence[float | None],
    *,
    suggested: int,
    words: Words = ENGLISH,
) -> str:
    """Eigenvalues of the data above those of random data of the same size (Horn 1965)."""
    import altair as alt

    data, random = words.say("Data"), words.say("Random data, 95th percentile")
    rows = [
        {
            "factor": i,
            "value": value,
            "series": name,
            "says": words.say(
                "{series}, component {n}: {value}",
                series=name,
                n=words.number(i),
                value=words.number(value, 2),
            ),
        }
        for name, values in ((data, observed), (random, threshold))
        for i, value in enumerate(values, start=1)
        if value is not None
    ]
    x = alt.X(
        "factor:Q",
        title=words.say("Component"),
        scale=alt.Scale(domain=[0.6, len(observed) + 0.4], nice=False),
        axis=alt.Axis(grid=False, values=list(range(1, len(observed) + 1)), format="d", aria=False),
    )
    point = words.number(0.5, 1)[1]
    written = f"replace(datum.label, '.', '{point}')"
    axis = alt.Axis(tickCount=5, labelExpr=written, aria=False)
    y = alt.Y("value:Q", title=words.say("Eigenvalue"), axis=axis)
    colour = alt.Color(
        "series:N",
        legend=None,
        scale=alt.Scale(domain=[data, random], range=[COLOURS["accent"], CATEGORIES[1]]),
    )
    base = alt.Chart(theme.inline(rows)).encode(x=x, y=y, color=colour)
    # Direct labels: above the first eigenvalue's fall, and above the flat line of random data.
    names: list[dict[str, Any]] = [
        {"factor": 1.25, "value": observed[0], "series": data},
        {
            "factor": len(observed) * 0.62,
            "value": (threshold[len(threshold) // 2] or 0.0),
            "series": random,
        },
    ]
    label = (
        alt.Chart(theme.inline(names))
        .mark_text(align="left", dy=-9, fontWeight="bold", fontSize=SIZES["small"], aria=False)
        .encode(x=x, y=y, text=alt.Text("series:N"), color=colour)
    )
    chart = alt.layer(
        base.mark_line(strokeWidth=1.8, aria=False),
        base.mark_point(filled=True, size=36, opacity=1).encode(description="says:N"),
        label,
    ).properties(width=theme.WIDTH, height=190.0)
    chart = chart.properties(autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    said = words.say_count(
        "Parallel analysis suggests {n} components",
        "Parallel analysis suggests {n} components",
        n=suggested,
    )
    return theme.svg(chart, label=said)


def loadings(
    rows: Sequence[tuple[str, str, float, float | None]],
    *,
    cut: float = 0.70,
    words: Words = ENGLISH,
) -> str:
    """Standardised loadings (factor, item, loading, standard error) with the cut-off dashed."""
    write = Apa(words)
    left, right = _LABELS, theme.WIDTH - 40
    lowest = min([0.0, *(value for *_, value, _ in rows)])

    def x(value: float) -> float:
        return left + (max(min(value, 1.0), lowest) - lowest) / (1 - lowest) * (right - left)

    y, factor = 4.0, ""
    heads: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    dots: list[dict[str, Any]] = []
    values: list[dict[str, Any]] = []
    intervals: list[dict[str, Any]] = []
    for name, item, value, se in rows:
        if name != factor:
            factor = name
            heads.append({"x": 0, "y": y + 11, "text": name})
            y += 20
        middle = y + _ROW / 2
        names.append({"x": 10, "y": middle, "text": item})
        says = words.say(
            "{item} on {factor}: {value}", item=item, factor=name, value=write.number(value)
        )
        dots.append({"x": x(value), "y": middle, "says": says})
        values.append({"x": theme.WIDTH - 2, "y": middle, "text": write.bounded(value)})
        if se:
            ends = {"x": x(value - Z * se), "x2": x(value + Z * se)}
            intervals.append({**ends, "y": middle, "y2": middle})
        y += _ROW
    ticks = [round(i / 4, 2) for i in range(-4, 5) if i / 4 >= lowest]
    grid = [{"x": x(t), "x2": x(t), "y": 22, "y2": y} for t in ticks]
    foot = [{"x": x(t), "y": y + 9, "text": write.number(t)} for t in ticks]
    dashed = [{"x": x(cut), "x2": x(cut), "y": 22, "y2": y}]
    return theme.layered(
        [
            theme.rules(grid, color=COLOURS["faint"], strokeWidth=0.8),
            theme.rules(dashed, color=COLOURS["muted"], strokeWidth=1, strokeDash=[3, 2]),
            theme.texts([{"x": x(cut), "y": 14, "text": write.bounded(cut, decimals(cut))}], align="center", color=COLOURS["muted"], fontSize=SIZES["tiny"] + 0.5),
            theme.texts(heads, align="left", fontWeight="bold", color=COLOURS["accent"], fontSize=SIZES["body"]),
            theme.texts(names, align="left", fontSize=SIZES["small"] + 0.5),
            theme.rules(intervals, color=COLOURS["accent"], strokeWidth=2, strokeCap="round"),
            theme.points(dots, color=COLOURS["accent"], size=42),
            theme.texts(values, align="right", fontWeight="bold", fontSize=SIZES["small"] + 0.5),
            theme.texts(foot, align="center", color=COLOURS["muted"], fontSize=SIZES["tiny"] + 0.5),
        ],
        height=y + 18,
        label="; ".join(str(dot["says"]) for dot in dots) or words.say("no loadings"),
    )  # fmt: skip
