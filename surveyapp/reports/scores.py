"""The benchmark report's chapters on one journey at one time: its end, stages and touchpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.design_tokens import HALF_WIDTH
from surveyapp.reports import charts
from surveyapp.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Heading,
    Interval,
    Pair,
    Paragraph,
    Quantity,
    Table,
    Tone,
)
from surveyapp.results import phrases
from surveyapp.results.findings import extremes, stage_title
from surveyapp.results.view_models import (
    Definition,
    Figure,
    Hidden,
    JourneyOverview,
    StageOverview,
    State,
    TouchpointOverview,
)

_SJQ = (
    "Seamlessness: the touchpoints join into one smooth passage. Coherence: they look and feel like "
    "one company and do not contradict each other. Personalization: together they fit the "
    "customer's situation."
)
_MOST_ROWS = 16  # touchpoints in one chart


def period(overview: JourneyOverview) -> str:
    """The days of the first and the last answer."""
    if overview.first_day is None:
        return phrases.hidden(Hidden.COMPLEMENT) if overview.places_hidden else State.UNANSWERED
    if overview.first_day == overview.last_day:
        return phrases.day(overview.first_day)
    return f"{phrases.day(overview.first_day)} to {phrases.day(overview.last_day)}"


def profile(overview: JourneyOverview) -> Iterator[Block]:
    index = overview.profile
    others = [f for f in overview.end if f not in index]
    if not index and not others:
        return
    yield Heading(
        overview.profile_title if index else "The journey's end",
        new_page=bool(overview.advice and overview.advice.compared > 1),
    )
    if index:
        if index[0].definition.instrument == "sjq":
            yield Paragraph(_SJQ)
        column = charts.Column(index[0].definition)
        rows = [charts.Row(f.definition.label, [f], strong=f == overview.total) for f in index]
        yield Chart(
            _profile_title(overview),
            charts.dots(rows, [column], few=overview.minimum_cell),
            f"{_n(*index)} Dots are estimates, lines their 95% intervals;"
            f" {period(overview)}. 0 is the worst possible score, 100 the best.",
        )
    halves = [
        Chart(
            _level(figure),
            charts.dots(
                [charts.Row(figure.definition.short, [figure])],
                [charts.Column(figure.definition)],
                few=overview.minimum_cell,
                width=HALF_WIDTH,
                labels=70.0,
            ),
            f"{_n(figure)} The line is the 95% interval.",
        )
        for figure in others
    ]
    yield from pairs(halves)


def pairs(halves: Sequence[Chart]) -> Iterator[Block]:
    for i in range(0, len(halves), 2):
        yield Pair(halves[i], halves[i + 1] if i + 1 < len(halves) else None)


def _level(figure: Figure) -> str:
    return (
        f"{figure.definition.label} is {phrases.value(figure)}"
        if figure.shown
        else figure.definition.label
    )


def _n(*figures: Figure) -> str:
    """How many answered; a dimension that some skipped has fewer answers than another."""
    found = sorted({figure.n for figure in figures if figure.n})
    if not found:
        return ""
    return f"n = {found[0]:,}." if len(found) == 1 else f"n = {found[0]:,} to {found[-1]:,}."


def _profile_title(overview: JourneyOverview) -> str:
    sides, total = overview.sides, overview.total
    said = extremes(sides.low, sides.high) if sides is not None else ""
    if said:
        return said
    if total is None:
        return "The dimensions compared"
    return f"{total.definition.label} is {phrases.value(total)}"


def stages(overview: JourneyOverview) -> Iterator[Block]:
    columns = _columns(f.definition for stage in overview.stages for f in stage.figures)
    if not columns:
        return
    yield Heading("Stages")
    table = [
        (stage.name, _by_column(stage.figures, columns))
        for stage in overview.stages
        if stage.figures
    ]
    middle = {
        column.scale: _middle([row[i] for _, row in table]) for i, column in enumerate(columns)
    }
    lowest = overview.lowest[0] if overview.lowest else None
    title = stage_title(lowest) if lowest else "Scores by stage"
    yield Chart(
        title,
        charts.heat_map(table, columns, middle, few=overview.minimum_cell),
        "Large: the score. Small: its 95% interval and the number of answers. Grey is"
        " halfway between the stages' lowest and highest score, orange below, blue"
        " above; full colour is a fifth of the scale away. Answers from"
        f" {period(overview)}.",
    )


def _middle(figures: Sequence[Figure | None]) -> float:
    values = [f.estimate for f in figures if f is not None and f.estimate is not None]
    return (min(values) + max(values)) / 2 if values else 0.0


def _columns(definitions: Iterator[Definition]) -> list[Definition]:
    found: dict[str, Definition] = {}
    for definition in definitions:
        if definition.parent is None:
            found.setdefault(definition.scale, definition)
    return list(found.values())


def _by_column(figures: Sequence[Figure], columns: Sequence[Definition]) -> list[Figure | None]:
    by_scale = {figure.definition.scale: figure for figure in figures}
    return [by_scale.get(column.scale) for column in columns]


def touchpoints(overview: JourneyOverview) -> Iterator[Block]:
    columns = _columns(f.definition for t in overview.touchpoints for f in t.figures)
    if not columns:
        return
    yield Heading("Touchpoints", new_page=True)
    title = "Scores by touchpoint"
    for start in range(0, len(columns), 3):
        some = columns[start : start + 3]
        for rows in _pages_of_rows(overview, some):
            yield Chart(
                title,
                charts.dots(rows, [charts.Column(c) for c in some], few=overview.minimum_cell),
                "Dots are estimates, lines their 95% intervals; * moment of truth;"
                f" {period(overview)}. The table gives the number of answers.",
            )
            title = "Further touchpoints and scores"
    yield _touchpoint_table(overview, columns)
    silent = sum(not touchpoint.figures for touchpoint in overview.touchpoints)
    if silent:
        yield Paragraph(
            f"{'One further touchpoint' if silent == 1 else f'{silent} further touchpoints'} of the"
            f" journey: {State.UNASKED}.",
            Tone.NOTE,
        )


def _asking(
    overview: JourneyOverview,
) -> Iterator[tuple[StageOverview, Sequence[TouchpointOverview]]]:
    """Stages with their touchpoints that ask something; others have nothing to show."""
    for stage in overview.stages:
        asking = [touchpoint for touchpoint in stage.touchpoints if touchpoint.figures]
        if asking:
            yield stage, asking


def _pages_of_rows(
    overview: JourneyOverview, columns: Sequence[Definition]
) -> Iterator[list[charts.Row]]:
    """Touchpoints in charts that fit on a page, whole stages together where they do."""
    rows: list[charts.Row] = []
    for stage, asking in _asking(overview):
        if rows and len(rows) + len(asking) > _MOST_ROWS:
            yield rows
            rows = []
        for touchpoint in asking:
            if len(rows) == _MOST_ROWS:
                yield rows
                rows = []
            name = touchpoint.name + (" *" if touchpoint.moment_of_truth else "")
            rows.append(charts.Row(name, _by_column(touchpoint.figures, columns), group=stage.name))
    if rows:
        yield rows


def _touchpoint_table(overview: JourneyOverview, columns: Sequence[Definition]) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    for stage, asking in _asking(overview):
        groups.append(len(rows))
        rows.append([stage.name, *[""] * (3 * len(columns))])
        for touchpoint in asking:
            row: list[Cell] = [touchpoint.name]
            for figure in _by_column(touchpoint.figures, columns):
                row += _cells(figure, overview.minimum_cell)
            rows.append(row)
    head = [Column("", 0.38, name="Touchpoint")]
    share = 0.62 / max(len(columns), 1)
    for column in columns:
        head += [
            Column(column.short, share * 0.32, align="r"),
            Column("95% CI", share * 0.42, align="r"),
            Column("n", share * 0.26, align="r"),
        ]
    return Table(
        title="Scores and number of answers by touchpoint",
        columns=head,
        cells=rows,
        groups=frozenset(groups),
        together=3,
    )


def _cells(figure: Figure | None, few: int) -> list[Cell]:
    if figure is None:
        return [State.UNASKED.value, "", ""]
    between = Quantity(Interval(figure.low, figure.high), phrases.interval(figure))
    return [
        score(figure, few=few),
        between if figure.low is not None else "",
        "" if figure.n is None else Quantity(figure.n, f"{figure.n:,}"),
    ]


def score(figure: Figure, *, few: int = 5) -> Cell:
    """A figure's estimate, or in words why it is not shown."""
    said = phrases.value(figure, few=few)
    return Quantity(figure.estimate, said) if figure.shown else said
