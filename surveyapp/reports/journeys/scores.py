"""The benchmark report's chapters on one journey at one time: its end, stages and touchpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from surveyapp.i18n.words import ENGLISH, Words, msg
from surveyapp.reports.charts import dots as charts
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
from surveyapp.results.findings import extremes, profile_title, stage_title
from surveyapp.results.scale_titles import label, short
from surveyapp.results.view_models import (
    Definition,
    Figure,
    Hidden,
    JourneyOverview,
    StageOverview,
    State,
    TouchpointOverview,
)

_SJQ = msg(
    "Seamlessness: the touchpoints join into one smooth passage. Coherence: they look and feel like "
    "one company and do not contradict each other. Personalization: together they fit the "
    "customer's situation."
)
_TALLEST = 250.0  # points of a chart: two on a page
_ROW, _LINE, _GROUP = 24.0, 12.0, 26.0  # of a touchpoint, of a second line of its name, of a stage
_ONE_LINE = 30  # letters of a name that has no second line
_MOST_STAGES = 16  # in one chart
_SIDE_BY_SIDE = 3  # scores in one chart or table


def period(overview: JourneyOverview, words: Words = ENGLISH) -> str:
    """The days of the first and the last answer."""
    if overview.first_day is None:
        if overview.places_hidden:
            return phrases.hidden(Hidden.COMPLEMENT, words=words)
        return words.say(State.UNANSWERED.value)
    if overview.first_day == overview.last_day:
        return words.day(overview.first_day)
    return words.between(words.day(overview.first_day), words.day(overview.last_day))


def end(overview: JourneyOverview, words: Words = ENGLISH) -> Iterator[Block]:
    """The journey's end: the profile drawn, every other score in a table."""
    index = overview.profile
    if not overview.end:
        return
    title = profile_title(overview, words) if index else words.say("The journey's end")
    yield Heading(title, level=2)
    drawn: Sequence[Figure] = ()
    if index and index[0].definition.instrument == "sjq":
        yield Paragraph(words.say(_SJQ), leads=True)
    if sum(figure.shown for figure in index) > 1:
        drawn = index
        column = charts.Column(index[0].definition)
        rows = [
            charts.Row(label(f.definition, words), [f], strong=f == overview.total) for f in index
        ]
        yield Chart(
            _profile_title(overview, words),
            charts.dots(rows, [column], few=overview.minimum_cell, words=words),
            words.say(
                "{n} Dots are estimates, lines their 95% intervals; {period}. 0 is the worst possible"
                " score, 100 the best.",
                n=_n(words, *index),
                period=period(overview, words),
            ),
        )
    others = [figure for figure in overview.end if figure not in drawn]
    if others:
        title = words.say(
            msg("Other scores at the journey's end")
            if drawn
            else msg("Scores at the journey's end")
        )
        yield _end_table(others, title, overview.minimum_cell, words)


def _end_table(figures: Sequence[Figure], title: str, few: int, words: Words) -> Table:
    return Table(
        title=title,
        columns=[
            Column("", 0.46, name=words.say("Score")),
            Column(words.say("Score"), 0.12, align="r", name=words.say("Estimate")),
            Column(words.say("95% CI"), 0.16, align="r"),
            Column("n", 0.10, align="r"),
            Column(words.say("Scale"), 0.16, align="r"),
        ],
        cells=[
            [label(f.definition, words), *_cells(f, few, words), _axis(f.definition, words)]
            for f in figures
        ],
    )


def _axis(definition: Definition, words: Words) -> str:
    low, high = (phrases.estimate(definition, each, words=words) for each in definition.axis)
    return words.between(low, high)


def pairs(halves: Sequence[Chart]) -> Iterator[Block]:
    for i in range(0, len(halves), 2):
        yield Pair(halves[i], halves[i + 1] if i + 1 < len(halves) else None)


def _n(words: Words, *figures: Figure) -> str:
    """How many answered; a dimension that some skipped has fewer answers than another."""
    found = sorted({figure.n for figure in figures if figure.n})
    if not found:
        return ""
    low, high = words.number(found[0]), words.number(found[-1])
    return f"{words.say('n = {n}', n=low if len(found) == 1 else words.between(low, high))}."


def _profile_title(overview: JourneyOverview, words: Words) -> str:
    sides, total = overview.sides, overview.total
    said = extremes(sides.low, sides.high, words=words) if sides is not None else ""
    if said:
        return said
    if total is None or not total.shown:
        return words.say("The dimensions compared")
    value = phrases.value(total, words=words)
    return words.say("{score} is {value}", score=label(total.definition, words), value=value)


def stages(overview: JourneyOverview, words: Words = ENGLISH) -> Iterator[Block]:
    columns = _columns(f.definition for stage in overview.stages for f in stage.figures)
    if not columns:
        return
    yield Heading(words.say("Stages"), level=2)
    table = [
        (stage.name, _by_column(stage.figures, columns))
        for stage in overview.stages
        if stage.figures
    ]
    middle = {
        column.scale: _middle([row[i] for _, row in table]) for i, column in enumerate(columns)
    }
    lowest = overview.lowest[0] if overview.lowest else None
    title = stage_title(lowest, words=words) if lowest else words.say("Scores by stage")
    if sum(any(f is not None and f.shown for f in row) for _, row in table) < 2:
        yield _stage_table(table, columns, overview.minimum_cell, words)
        return
    for start in range(0, len(table), _MOST_STAGES):
        some = table[start : start + _MOST_STAGES]
        yield _heat_map(overview, title, some, columns, middle, words)
        title = words.say("Further stages")


def _stage_table(
    table: Sequence[tuple[str, Sequence[Figure | None]]],
    columns: Sequence[Definition],
    few: int,
    words: Words,
) -> Table:
    """What a heat map of one colour would not show."""
    return Table(
        title=words.say("Scores by stage"),
        columns=_score_columns(words.say("Stage"), columns, words),
        cells=[[stage, *(c for f in row for c in _cells(f, few, words))] for stage, row in table],
        together=3,
    )


def _heat_map(
    overview: JourneyOverview,
    title: str,
    table: Sequence[tuple[str, Sequence[Figure | None]]],
    columns: Sequence[Definition],
    middle: Mapping[str, float],
    words: Words,
) -> Chart:
    return Chart(
        title,
        charts.heat_map(table, columns, middle, few=overview.minimum_cell, words=words),
        words.say(
            "Large: the score. Small: its 95% interval and the number of answers. Grey is halfway"
            " between the stages' lowest and highest score, orange below, blue above; full colour is a"
            " fifth of the scale away. Answers from {period}.",
            period=period(overview, words),
        ),
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


def touchpoints(overview: JourneyOverview, words: Words = ENGLISH) -> Iterator[Block]:
    columns = _columns(f.definition for t in overview.touchpoints for f in t.figures)
    if not columns:
        return
    yield Heading(words.say("Touchpoints"), new_page=True)
    title = words.say("Scores by touchpoint")
    for start in range(0, len(columns), _SIDE_BY_SIDE):
        some = columns[start : start + _SIDE_BY_SIDE]
        for rows in _pages_of_rows(overview, some):
            # A single dot says no more than its number in the table.
            if sum(any(f is not None and f.shown for f in row.figures) for row in rows) < 2:
                continue
            yield Chart(
                title,
                charts.dots(
                    rows,
                    [charts.Column(c) for c in some],
                    few=overview.minimum_cell,
                    words=words,
                ),
                words.say(
                    "Dots are estimates, lines their 95% intervals; * moment of truth; {period}. The"
                    " table gives the number of answers.",
                    period=period(overview, words),
                ),
            )
            title = words.say("Further touchpoints and scores")
    for start in range(0, len(columns), _SIDE_BY_SIDE):
        yield _touchpoint_table(overview, columns[start : start + _SIDE_BY_SIDE], words)
    silent = sum(not touchpoint.figures for touchpoint in overview.touchpoints)
    if silent:
        said = words.say_count(
            "One further touchpoint of the journey: not asked here.",
            "{n} further touchpoints of the journey: not asked here.",
            n=silent,
        )
        yield Paragraph(said, Tone.NOTE)


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
    height = 0.0
    for stage, asking in _asking(overview):
        each = [_height(touchpoint) for touchpoint in asking]
        if rows and height + _GROUP + sum(each) > _TALLEST:
            yield rows
            rows, height = [], 0.0
        height += _GROUP
        for touchpoint, row in zip(asking, each, strict=True):
            if rows and height + row > _TALLEST:
                yield rows
                rows, height = [], _GROUP
            name = touchpoint.name + (" *" if touchpoint.moment_of_truth else "")
            rows.append(charts.Row(name, _by_column(touchpoint.figures, columns), group=stage.name))
            height += row
    if rows:
        yield rows


def _height(touchpoint: TouchpointOverview) -> float:
    return _ROW + (_LINE if len(touchpoint.name) > _ONE_LINE else 0.0)


def _touchpoint_table(
    overview: JourneyOverview, columns: Sequence[Definition], words: Words
) -> Table:
    rows: list[list[Cell]] = []
    groups = []
    for stage, asking in _asking(overview):
        groups.append(len(rows))
        rows.append([stage.name, *[""] * (3 * len(columns))])
        for touchpoint in asking:
            row: list[Cell] = [touchpoint.name]
            for figure in _by_column(touchpoint.figures, columns):
                row += _cells(figure, overview.minimum_cell, words)
            rows.append(row)
    return Table(
        title=words.say("Scores and number of answers by touchpoint"),
        columns=_score_columns(words.say("Touchpoint"), columns, words),
        cells=rows,
        groups=frozenset(groups),
        together=3,
    )


def _score_columns(name: str, columns: Sequence[Definition], words: Words) -> list[Column]:
    """A name, and for each score its estimate, interval and n."""
    head = [Column("", 0.38, name=name)]
    share = 0.62 / max(len(columns), 1)
    for column in columns:
        head += [
            Column(short(column, words), share * 0.32, align="r"),
            Column(words.say("95% CI"), share * 0.42, align="r"),
            Column("n", share * 0.26, align="r"),
        ]
    return head


def _cells(figure: Figure | None, few: int, words: Words) -> list[Cell]:
    if figure is None:
        return [words.say(State.UNASKED.value), "", ""]
    between = Quantity(Interval(figure.low, figure.high), phrases.interval(figure, words=words))
    return [
        score(figure, few=few, words=words),
        between if figure.low is not None else "",
        "" if figure.n is None else Quantity(figure.n, words.number(figure.n)),
    ]


def score(figure: Figure, *, few: int = 5, words: Words = ENGLISH) -> Cell:
    """A figure's estimate, or in words why it is not shown."""
    said = phrases.value(figure, few=few, words=words)
    return Quantity(figure.estimate, said) if figure.shown else said
