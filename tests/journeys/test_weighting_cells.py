"""Cells that answers are weighted by: counted as segments are, of one journey, and shown by no list."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from instruments.loader import BUILT_IN
from surveyapp.journeys import queries
from surveyapp.journeys.population_shares import change_shares, remove_shares, set_shares
from surveyapp.journeys.weighting_cells import MOST_CELLS, cell_rules, weighting_cells
from surveyapp.responses.bulk import store_bulk
from surveyapp.responses.prepared import Prepared
from surveyapp.responses.rollups import recount
from surveyapp.store.db import Store
from surveyapp.store.models import (
    CustomerGroup,
    Journey,
    MonthlyRollup,
    PopulationShares,
    Segment,
    SurveyRow,
    WeightingCell,
)
from tests.responses.makers import NOW, as_survey, make_journey, make_segment, make_survey
from tests.results import bank

PLACES = ("North", "South", "South", "New York", "West", None)
ABOUT = {"source": "register", "counted_on": date(2025, 12, 31), "user_id": None}
LINES = 'North 30\nSouth 30\nNew York 30\nthe "rest" 10'


def answer(store: Store, survey_id: int) -> None:
    """Somebody from each place answers the NPS."""
    with store.writing() as session:
        prepared = [
            Prepared({"nps": {"nps": 9}}, NOW, {"home region": place} if place else {})
            for place in PLACES
        ]
        row = session.get_one(SurveyRow, survey_id)
        store_bulk(session, as_survey(session, row), prepared, source="link", library=BUILT_IN)


def counted(store: Store, survey_id: int) -> dict[str, int]:
    """Answers by the rule of the cell that counts them."""
    with store.reading() as session:
        rows = session.execute(
            select(WeightingCell.rule, func.sum(MonthlyRollup.n))
            .join(MonthlyRollup, MonthlyRollup.segment_id == WeightingCell.id)
            .where(MonthlyRollup.survey_id == survey_id, MonthlyRollup.scale == "nps")
            .group_by(WeightingCell.rule)
        )
        return {rule: int(n) for rule, n in rows}


def test_cells_count_what_is_there_and_what_comes_of_their_journey_alone(store: Store):
    with store.writing() as session:
        own = make_survey(session, asks=("nps",), journey=make_journey(session, "own"), code="own")
        other = make_survey(
            session, asks=("nps",), journey=make_journey(session, "other"), code="other"
        )
        make_segment(session, "north", '"home region" = North')
        journey, surveys = own.journey_id, (own.id, other.id)
    for survey in surveys:
        answer(store, survey)
    with store.writing() as session:
        row = set_shares(
            session,
            session.get_one(Journey, journey),
            attribute="home region",
            lines=LINES,
            **ABOUT,
        )
        shares = row.id
    bank.count_cells(store)
    answer(store, surveys[0])  # counted as it comes
    rules = (
        '"home region" in ("New York")',
        '"home region" in ("North")',
        '"home region" in ("South")',
    )
    assert counted(store, surveys[0]) == dict(zip(rules, (2, 2, 4), strict=True))
    assert counted(store, surveys[1]) == {}
    with store.reading() as session:
        assert recount(session) == []
        assert [each.code for each in queries.segments(session)] == ["north"]
        assert session.scalar(select(func.count(Segment.id))) == 1
        assert session.scalar(select(func.count(CustomerGroup.id))) == 5
    with store.writing() as session:
        known = session.get_one(Journey, journey)
        row = session.get_one(PopulationShares, shares)
        before = {cell.id for cell in weighting_cells(session, journey).values()}
        change_shares(
            session,
            known,
            row,
            lines=LINES.replace("North 30", "North 20").replace("South 30", "South 40"),
            **ABOUT,
        )
        assert {cell.id for cell in weighting_cells(session, journey).values()} == before
        change_shares(session, known, row, lines="North 30\nSouth 70", **ABOUT)
        left = weighting_cells(session, journey)
        assert len(left) == 2 and {cell.id for cell in left.values()} < before
        remove_shares(session, known, row, user_id=None)
        gone = select(func.count()).where(MonthlyRollup.segment_id.in_(before))
        assert (session.scalar(gone), recount(session)) == (0, [])


def test_values_that_are_numbers_or_truths_are_known_by_their_text_too():
    shares = [PopulationShares(attribute="age", shares={"30": 0.5, "true": 0.5})]
    assert cell_rules(shares)[("30",)] == '"age" in ("30", 30)'
    assert cell_rules(shares)[("true",)] == '"age" in ("true", true)'
    many = {f"v{n}": 1 / 12 for n in range(12)}
    two = [PopulationShares(attribute=name, shares=many) for name in ("a", "b")]
    assert len(many) ** 2 > MOST_CELLS and cell_rules(two) == {}
