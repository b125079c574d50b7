"""A journey's funnel as bars: the share of customers that came to each stage, with its interval."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.design_tokens import COLOURS
from surveyapp.reports.charts import svg
from surveyapp.results import phrases
from surveyapp.results.funnels.journey_funnel import JourneyFunnel, StageReached

_WIDTH, _ROW, _BAR, _LETTERS = 400.0, 40.0, 14.0, 11.5


def flow(found: JourneyFunnel, *, few: int) -> str:
    """A bar a stage, all of one length for all customers; a hidden stage has its words only."""
    drawn = [
        piece for at, stage in enumerate(found.stages) for piece in _row(stage, at * _ROW, few)
    ]
    return svg.document(
        drawn,
        width=_WIDTH,
        height=len(found.stages) * _ROW,
        label="; ".join(stage_said(stage, few=few) for stage in found.stages),
        class_="flow",
    )


def stage_said(stage: StageReached, *, few: int) -> str:
    """A stage in a sentence: "Apply: 62% of customers, 58 to 66, n = 310"."""
    if stage.share is None:
        return f"{stage.name}: {phrases.hidden(stage.hidden, few=few)}"
    ends = (phrases.number(end) for end in (stage.share.low, stage.share.high))
    share = phrases.number(stage.share.estimate)
    return f"{stage.name}: {share}% of customers, {' to '.join(ends)}, n = {stage.reached:,}"


def _row(stage: StageReached, top: float, few: int) -> Iterator[str]:
    middle = top + 0.75 * _LETTERS
    yield svg.text(stage.name, 0, middle, size=_LETTERS, anchor="start", class_="number")
    if stage.share is None:
        said = phrases.hidden(stage.hidden, few=few)
    else:
        said = f"{phrases.number(stage.share.estimate)}%, n = {stage.reached:,}"
    yield svg.text(
        said, _WIDTH, middle, size=_LETTERS, colour=COLOURS["muted"], anchor="end", class_="tick"
    )
    if stage.share is None:
        return
    y = top + 1.6 * _LETTERS
    yield svg.element(
        "rect",
        class_="whole",
        x=0,
        y=y,
        width=_WIDTH,
        height=_BAR,
        fill=COLOURS["faint"],
    )
    yield svg.element(
        "rect",
        svg.element("title", svg.escaped(stage_said(stage, few=few))),
        class_="run",
        x=0,
        y=y,
        width=max(1.0, _WIDTH * stage.share.estimate / 100),
        height=_BAR,
        fill=COLOURS["accent"],
    )
    low, high = (_WIDTH * end / 100 for end in (stage.share.low, stage.share.high))
    yield svg.element(
        "line",
        class_="whisker",
        x1=low,
        x2=high,
        y1=y + _BAR / 2,
        y2=y + _BAR / 2,
        stroke=COLOURS["ink"],
        stroke_width=2,
    )
