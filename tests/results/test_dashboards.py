"""Dashboards read from rollups equal a recount from the raw scores, on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from analysis.metrics import ces, csat, index_mean, net_promoter
from instruments.loader import BUILT_IN
from surveyapp.errors import NotFound
from surveyapp.journeys.segments import parse
from surveyapp.results import dashboards
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Figure, Hidden
from surveyapp.store.db import Store
from surveyapp.store.models import Response, Score, SurveyRow
from tests.results import bank
from tests.results.bank import Bank


@pytest.fixture
def northbank(store: Store) -> Bank:
    with store.writing() as session:
        return bank.filled(session)


def raw(session: Session, survey: int, scale: str, rule: str | None = None) -> list[float]:
    """The scores themselves, row by row."""
    rows = session.execute(
        select(Score.value, Response.attributes)
        .join(Response, Response.id == Score.response_id)
        .where(Response.survey_id == survey, Score.scale == scale)
    )
    return [value for value, who in rows if rule is None or parse(rule).matches(who)]


def expected(scale: str, values: list[float]) -> tuple[float, float, float]:
    if scale == "csat":
        counts = Counter(int(v) for v in values)
        found: Any = csat({p: counts[p] for p in range(1, 6)})
    elif scale == "ces":
        counts = Counter(int(v) for v in values)
        found = ces({p: counts[p] for p in range(1, 8)})
    elif scale == "nps":
        found = net_promoter(dict(Counter(int(v) for v in values)))
    else:
        squares = sum(v * v for v in values)
        return index_mean(len(values), sum(values), squares, minimum=1, maximum=7).percent
    return found.estimate, found.low, found.high


def agrees(figure: Figure, values: list[float]) -> None:
    assert figure.n == len(values)
    numbers = (figure.estimate, figure.low, figure.high)
    assert numbers == pytest.approx(expected(figure.definition.scale, values), abs=1e-9)


def test_every_figure_of_the_overview_equals_a_recount(store: Store, northbank: Bank):
    with store.reading() as session:
        overview = dashboards.journey_overview(session, Scope(northbank.journey), library=BUILT_IN)
        for figure in overview.end:
            agrees(figure, raw(session, northbank.surveys["end"], figure.definition.scale))
        for touchpoint in overview.touchpoints:
            for figure in touchpoint.figures:
                survey = northbank.surveys[touchpoint.code]
                agrees(figure, raw(session, survey, figure.definition.scale))
        for stage in overview.stages:
            for figure in stage.figures:
                codes = [touchpoint.code for touchpoint in stage.touchpoints]
                values = [
                    value
                    for code in codes
                    for value in raw(session, northbank.surveys[code], figure.definition.scale)
                ]
                agrees(figure, values)
        assert overview.responses == 6 * 60 + 180


def test_every_figure_of_a_segment_equals_a_recount_or_is_hidden(store: Store, northbank: Bank):
    rule = bank.SEGMENTS["north"][1]
    with store.reading() as session:
        overview = dashboards.journey_overview(
            session,
            Scope(northbank.journey, segment_id=northbank.segments["north"]),
            library=BUILT_IN,
        )
        compared = dashboards.segment_comparison(
            session, Scope(northbank.journey), library=BUILT_IN
        )
        assert overview.segment is not None
        assert overview.segment.rule == rule
        for figure in overview.end:
            agrees(figure, raw(session, northbank.surveys["end"], figure.definition.scale, rule))
        for row in compared.rows:
            if row.touchpoint is None:
                scale = row.everybody.definition.scale
                agrees(row.segments[0].figure, raw(session, northbank.surveys["end"], scale, rule))


def test_a_segment_is_compared_with_everybody_outside_it(store: Store, northbank: Bank):
    with store.reading() as session:
        compared = dashboards.segment_comparison(
            session, Scope(northbank.journey), library=BUILT_IN
        )
        row = next(r for r in compared.rows if r.everybody.definition.scale == "sjq.seamlessness")
        values = raw(session, northbank.surveys["end"], "sjq.seamlessness")
        north = raw(session, northbank.surveys["end"], "sjq.seamlessness", "region = North")
        rest = (sum(values) - sum(north)) / (len(values) - len(north))
        difference = (sum(north) / len(north) - rest) / 6 * 100
        contrast = row.segments[0].against_rest
        assert contrast is not None
        assert contrast.difference == pytest.approx(difference)
        # North was made to feel less seamlessness: 0.8 of a standard deviation.
        assert contrast.high < 0
        assert contrast.pvalue < 0.05
        assert not contrast.certain  # nothing says that its questions mean the same there
        assert compared.comparisons > 10


def test_months_add_up_to_the_whole_and_hidden_ones_hold_no_number(store: Store, northbank: Bank):
    with store.reading() as session:
        trends = dashboards.trend(session, Scope(northbank.journey), library=BUILT_IN)
        for series in trends:
            code = next(
                (c for c, t in northbank.touchpoints.items() if t == series.touchpoint_id), "end"
            )
            values = raw(session, northbank.surveys[code], series.definition.scale)
            hidden = [m for m in series.months if m.figure.suppressed]
            shown = sum(m.figure.n or 0 for m in series.months)
            # What is hidden is nothing at all, or large enough to be known.
            assert len(values) - shown == 0 or len(values) - shown >= 5
            assert all(m.figure.n is None and m.figure.mean is None for m in hidden)
        assert any(m.figure.suppressed for series in trends for m in series.months)


def test_a_period_is_widened_to_whole_months_and_counts_only_them(store: Store, northbank: Bank):
    since, until = date(2026, 1, 17), date(2026, 3, 3)
    with store.reading() as session:
        overview = dashboards.journey_overview(
            session, Scope(northbank.journey, since=since, until=until), library=BUILT_IN
        )
        assert (overview.since, overview.until) == (date(2026, 1, 1), date(2026, 3, 31))
        rows = session.execute(
            select(Score.value, Response.submitted_at)
            .join(Response, Response.id == Score.response_id)
            .where(Response.survey_id == northbank.surveys["end"], Score.scale == "sjq")
        )
        inside = [v for v, at in rows if date(2026, 1, 1) <= at.date() <= date(2026, 3, 31)]
        agrees(overview.profile[0], inside)


def test_a_period_that_would_cut_off_a_few_answers_hides_the_figure(store: Store):
    start = datetime(2026, 1, 15, 12, tzinfo=UTC)
    with store.writing() as session:
        made = bank.make_journey(session)
        rows = [(start, {}, {"csat": {"csat": 4}})] * 20
        few = [(start + timedelta(days=31), {}, {"csat": {"csat": 1}})] * 2
        bank.store_answers(session, made.surveys["app"], [*rows, *few], {})
    with store.reading() as session:
        january = dashboards.journey_overview(
            session, Scope(made.journey, until=date(2026, 1, 31)), library=BUILT_IN
        )
        everything = dashboards.journey_overview(session, Scope(made.journey), library=BUILT_IN)
    assert january.touchpoints[0].figures[0].hidden is Hidden.SINCE
    assert everything.touchpoints[0].figures[0].n == 22


def test_small_cells_hold_no_number_anywhere_and_stages_leave_them_out(store: Store):
    at = datetime(2026, 2, 2, tzinfo=UTC)
    with store.writing() as session:
        made = bank.make_journey(session)
        for code, n in (("app", 4), ("id", 30)):
            rows = [(at, {}, {"csat": {"csat": 1 + i % 5}}) for i in range(n)]
            bank.store_answers(session, made.surveys[code], rows, {})
    with store.reading() as session:
        stage = dashboards.journey_overview(session, Scope(made.journey), library=BUILT_IN).stages[
            0
        ]
    few, enough = (touchpoint.figures[0] for touchpoint in stage.touchpoints)
    assert few.hidden is Hidden.FEW
    assert (few.n, few.estimate, few.low, few.high, few.mean) == (None,) * 5
    assert enough.n == 30
    assert stage.figures[0].n == 30


def test_differencing_everybody_and_a_segment_gives_no_small_group(store: Store):
    """27 customers, 25 of them in the North: the overview of the North must not be subtractable."""
    at = datetime(2026, 2, 2, tzinfo=UTC)
    with store.writing() as session:
        made = bank.make_journey(session)
        made.segments = bank.make_segments(session, {"north": ("North", "region = North")})
        rows = [
            (at, {"region": "North" if i < 25 else "South"}, {"csat": {"csat": 1 + i % 5}})
            for i in range(27)
        ]
        rules = {made.segments["north"]: "region = North"}
        bank.store_answers(session, made.surveys["app"], rows, rules)
    with store.reading() as session:
        overview = dashboards.journey_overview(
            session, Scope(made.journey, segment_id=made.segments["north"]), library=BUILT_IN
        )
        compared = dashboards.segment_comparison(session, Scope(made.journey), library=BUILT_IN)
        months = dashboards.trend(
            session, Scope(made.journey, segment_id=made.segments["north"]), library=BUILT_IN
        )
    assert overview.touchpoints[0].figures[0].hidden is Hidden.COMPLEMENT
    assert overview.responses is None
    row = next(r for r in compared.rows if r.everybody.n == 27)
    assert row.segments[0].figure.hidden is Hidden.COMPLEMENT
    assert row.segments[0].against_rest is None
    assert not any(m.figure.shown for series in months for m in series.months)


def answers(count: int, at: datetime, **attributes: Any) -> list[Any]:
    return [(at, attributes, {"csat": {"csat": 1 + i % 5}}) for i in range(count)]


@pytest.mark.parametrize(
    ("places", "total", "shown", "hidden"),
    [
        ({"app": 30, "id": 3}, None, 30, 1),  # 33 would say that the other place has 3
        ({"app": 30, "id": 3, "pay": 4, "chat": 2}, 39, 30, 3),
        ({"app": 3, "id": 3, "pay": 4, "chat": 2, "meet": 3, "offer": 4}, 19, 0, 6),
        ({"app": 3, "id": 1}, None, 0, 2),
    ],
)
def test_answers_at_small_places_are_counted_together_where_that_tells_none_of_them(
    store: Store, places: dict[str, int], total: int | None, shown: int, hidden: int
):
    at = datetime(2026, 2, 2, tzinfo=UTC)
    with store.writing() as session:
        made = bank.make_journey(session)
        for code, n in places.items():
            bank.store_answers(session, made.surveys[code], answers(n, at), {})
    with store.reading() as session:
        found = dashboards.journey_overview(session, Scope(made.journey), library=BUILT_IN)
        part = dashboards.journey_overview(
            session, Scope(made.journey, since=date(2026, 2, 1)), library=BUILT_IN
        )
    assert (found.responses, found.responses_shown, found.places_hidden) == (total, shown, hidden)
    # Two such sums of overlapping periods could be subtracted.
    assert (part.responses, part.responses_shown) == (None, shown)


def test_the_days_of_a_segment_are_those_of_its_own_answers(store: Store):
    first, last = datetime(2026, 2, 2, tzinfo=UTC), datetime(2026, 5, 20, tzinfo=UTC)
    with store.writing() as session:
        made = bank.make_journey(session)
        made.segments = bank.make_segments(session, {"north": ("North", "region = North")})
        rules = {made.segments["north"]: "region = North"}
        rows = [
            *answers(10, first, region="South"),
            *answers(10, first + timedelta(days=40), region="North"),
            *answers(10, last, region="South"),
        ]
        bank.store_answers(session, made.surveys["app"], rows, rules)
    with store.reading() as session:
        everybody = dashboards.journey_overview(session, Scope(made.journey), library=BUILT_IN)
        north = dashboards.journey_overview(
            session, Scope(made.journey, segment_id=made.segments["north"]), library=BUILT_IN
        )
    assert (everybody.first_day, everybody.last_day) == (date(2026, 2, 2), date(2026, 5, 20))
    assert (north.first_day, north.last_day) == (date(2026, 3, 14), date(2026, 3, 14))


def test_the_response_rate_is_completed_of_sent_and_an_open_link_has_none(
    store: Store, northbank: Bank
):
    with store.reading() as session:
        rates = dashboards.response_rates(session, Scope(northbank.journey), library=BUILT_IN)
    by_code = {rate.code: rate for rate in rates}
    asked = by_code["current-account-app"]
    assert (asked.responses, asked.sent, asked.opened, asked.completed) == (60, 150, 90, 60)
    assert asked.rate == pytest.approx(40.0)
    assert by_code["current-account-chat"].rate is None
    assert by_code["current-account-chat"].responses == 60
    assert [rate.touchpoint for rate in rates][-1] is None


def test_a_journey_without_answers_has_figures_without_numbers(store: Store):
    with store.writing() as session:
        made = bank.make_journey(session)
    with store.reading() as session:
        overview = dashboards.journey_overview(session, Scope(made.journey), library=BUILT_IN)
        assert dashboards.trend(session, Scope(made.journey), library=BUILT_IN)[0].months == ()
        assert (
            dashboards.segment_comparison(session, Scope(made.journey), library=BUILT_IN).segments
            == ()
        )
    assert overview.responses == 0
    assert overview.first_day is None
    assert all(f.n == 0 and f.estimate is None and not f.suppressed for f in overview.end)


def test_wordings_versions_and_keys_that_were_asked_are_told(store: Store, northbank: Bank):
    with store.reading() as session:
        found = dashboards.journey_overview(
            session, Scope(northbank.journey), library=BUILT_IN
        ).instruments
    assert {(f.instrument, f.version, f.key, f.wording) for f in found} == {
        ("csat", "1", "csat", "en-1"),
        ("ces", "1", "ces", "en-1"),
        ("sjq", "1", "sjq-16", "en-1"),
        ("nps", "1", "nps", "en-1"),
    }


def test_an_overview_costs_a_fixed_number_of_queries(store: Store, northbank: Bank):
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    for _ in range(2):
        asked.clear()
        with store.reading() as session:
            dashboards.journey_overview(session, Scope(northbank.journey), library=BUILT_IN)
        assert len([sql for sql in asked if sql.startswith("SELECT")]) <= 10
    # Which kinds of customers there are is looked up once; then rollups are all that is read.
    assert not any("responses" in sql.split("WHERE")[0] or "scores" in sql for sql in asked)


@pytest.mark.parametrize("wrong", ["journey", "segment"])
def test_unknown_journeys_and_segments_are_not_found(store: Store, northbank: Bank, wrong: str):
    journey = 999 if wrong == "journey" else northbank.journey
    with store.reading() as session, pytest.raises(NotFound, match=f"There is no (such )?{wrong}"):
        dashboards.journey_overview(session, Scope(journey, segment_id=999), library=BUILT_IN)


any_answers = st.lists(
    st.tuples(
        st.integers(0, 90),
        st.sampled_from(["North", "South", "East"]),
        st.integers(1, 5),
    ),
    max_size=40,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_answers=any_answers)
def test_any_answers_give_the_recounted_figure_or_none(
    store: Store, given_answers: list[tuple[int, str, int]]
):
    with store.writing() as session:
        code = f"j{session.query(SurveyRow).count()}"
        made = bank.make_journey(session, code)
        made.segments = bank.make_segments(
            session,
            {f"{code}-n": ("North", "region = North"), f"{code}-s": ("South", "region = South")},
        )
        rules = dict(zip(made.segments.values(), ("region = North", "region = South"), strict=True))
        rows = [
            (bank.START + timedelta(days=day), {"region": where}, {"csat": {"csat": value}})
            for day, where, value in given_answers
        ]
        bank.store_answers(session, made.surveys["app"], rows, rules)
    with store.reading() as session:
        for segment, rule in [(0, None), *rules.items()]:
            overview = dashboards.journey_overview(
                session, Scope(made.journey, segment_id=segment), library=BUILT_IN
            )
            figure = overview.touchpoints[0].figures[0]
            values = raw(session, made.surveys["app"], "csat", rule)
            if figure.suppressed:
                assert figure.n is None
            elif values:
                assert len(values) >= 5
                agrees(figure, values)
            else:
                assert figure.n == 0
