"""Journeys are compared on SJQ only where a stored test says that it measures the same in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.journeys.portfolio import listed
from surveyapp.results.invariance.actions import ask_due, ask_invariance
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.details import details, details_to_json
from surveyapp.results.invariance.journey_invariance import NEWEST, run_invariance
from surveyapp.results.invariance.ladder import TOO_FEW
from surveyapp.results.portfolio import phrases as portfolio_phrases
from surveyapp.results.portfolio.portfolio import Asked, Portfolio, portfolio
from surveyapp.results.portfolio.portfolio_json import portfolio_to_json
from surveyapp.results.scope import Scope
from surveyapp.results.side_by_side import Compared, Groups, SideBySide, side_by_side
from surveyapp.results.side_by_side_json import side_by_side_to_json
from surveyapp.store.db import Store
from surveyapp.store.models import (
    EVERYBODY,
    InvarianceMember,
    Job,
    Journey,
    JourneyInvariance,
    Response,
    SurveyRow,
)
from tests.analysis.sjq_population import answers
from tests.installations import installation_on
from tests.results import bank

pytestmark = pytest.mark.xdist_group("journey_invariance")  # its tests share what is made once

ASKS = [{"instrument": "sjq", "version": "1", "key": "sjq-16"}]
ITEMS = BUILT_IN.load("sjq").keys["sjq-16"].items
DAY = datetime(2026, 3, 3, 12, tzinfo=UTC)
NIGHT = datetime(2026, 5, 10, 2, tzinfo=UTC)
SCOPE = Scope(0, EVERYBODY, date(2026, 2, 1), date(2026, 4, 30))


@pytest.fixture(scope="module")
def installation(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Journeys of one population, one of them with a low level; one with few answers, one without."""
    home = tmp_path_factory.mktemp("invariance")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    store = Store(f"sqlite:///{home / 'surveyapp.db'}")
    made = installation_on(store)
    with made.store.writing() as session:
        data = answers(430, seed=4).clip(1, 7)
        for name, rows in {
            "Alpha": data[:200],
            "Beta": data[200:400] - 1,
            "Gamma": data[400:],
        }.items():
            fill(session, name, rows.clip(1, 7))
        session.add(Journey(code="empty", name="Empty", provider="P"))
    yield made
    store.close()


def fill(session: Session, name: str, rows: pd.DataFrame) -> None:
    journey = Journey(code=name.lower(), name=name, provider="P")
    session.add(journey)
    session.flush()
    survey = SurveyRow(journey_id=journey.id, code=name, name=name, asks=ASKS, link=name.lower())
    session.add(survey)
    session.flush()
    given = [{item: int(row[item]) for item in ITEMS} for row in rows.to_dict("records")]
    bank.store_answers(session, survey.id, [(DAY, {}, {"sjq": each}) for each in given], {})


def numbers(session: Session, *names: str) -> list[int]:
    return list(session.scalars(select(Journey.id).where(Journey.name.in_(names))))


def carried_out(installation: Installation, *names: str) -> int:
    with installation.store.writing() as session:
        ids = numbers(session, *names)
        made = ask_invariance(session, ids, instrument="sjq", user_id=None)
        number = made.id
    run_invariance(installation, number, progress=lambda *_: None)
    return number


def beside(installation: Installation) -> tuple[SideBySide, Compared]:
    with installation.store.reading() as session:
        found = side_by_side(
            session, listed(session), Groups.JOURNEYS, SCOPE.period, library=BUILT_IN
        )
    return found, found.scores[0]


def ranked(installation: Installation) -> Portfolio:
    with installation.store.reading() as session:
        asked = Asked(SCOPE.period, SCOPE.baseline, "sjq", today=NIGHT.date())
        return portfolio(session, listed(session), asked, now=NIGHT, library=BUILT_IN)


def test_without_a_test_nothing_is_compared(installation: Installation):
    found, sjq = beside(installation)
    assert sjq.pairs is None
    assert sjq.verdict is not None
    assert sjq.verdict.verdict is Verdicts.NOT_TESTED
    document = side_by_side_to_json(found, few=5)["scores"][0]
    assert document["invariance"]["comparable"] is False
    assert "has not been tested" in document["pairs_reason"]
    lines = ranked(installation)
    assert [line.rank for line in lines.lines] == [None] * 4
    assert lines.lines[0].journey.name == "Beta"  # the lowest still comes first
    assert portfolio_phrases.verdict(lines).startswith("Ranks of SJQ are not shown")
    assert "lowest" not in portfolio_phrases.sentence(lines)


def test_after_a_test_that_holds_each_tested_pair_is_compared_and_ranked(
    installation: Installation,
):
    number = carried_out(installation, "Alpha", "Beta", "Gamma", "Empty")
    with installation.store.reading() as session:
        row = session.get_one(JourneyInvariance, number)
        assert row.result is not None
        assert (row.result["verdict"], row.result["estimator"]) == ("scalar", "MLR")
        reasons = {each["name"]: each["reason"] for each in row.result["left_out"]}
        assert len(row.fingerprint) == 64
        assert row.versions["numpy"]
        by_name = {each.journey.name: each.answers for each in row.members}
        shown = details(session, number, minimum_cell=5, library=BUILT_IN)
    assert reasons == {
        "Gamma": "fewer than 100 complete answers",
        "Empty": "does not ask it",
    }
    assert by_name == {"Alpha": 200, "Beta": 200, "Gamma": 30, "Empty": 0}
    found, sjq = beside(installation)
    assert sjq.verdict is not None and sjq.verdict.allows
    assert sjq.pairs is not None
    [pair] = sjq.pairs
    assert {pair.first, pair.second} == {"Alpha", "Beta"}
    assert pair.contrast is not None and pair.contrast.certain
    assert (sjq.unpaired, found.tested) == (("Gamma",), 1)
    lines = ranked(installation)
    ranks = {line.journey.name: line.rank and line.rank.first for line in lines.lines}
    assert ranks == {"Beta": 1, "Alpha": 2, "Gamma": None, "Empty": None}
    assert lines.ranked == 2
    said = portfolio_phrases.verdict(lines)
    assert "may be compared" in said
    assert "without a rank: Gamma" in said
    document = portfolio_to_json(lines, few=5)["invariance"]
    assert (document["verdict"], document["comparable"], document["test"]) == ("scalar", True, number)  # fmt: skip
    assert shown is not None and shown.ladder is not None
    assert [step["step"] for step in shown.ladder["steps"]] == [
        "configural",
        "metric",
        "scalar",
        "strict",
    ]
    assert details_to_json(shown)["stale"] is False


@pytest.fixture
def wide(installation: Installation) -> int:
    """A test of three journeys, as an earlier test may have left it."""
    with installation.store.reading() as session:
        known = session.scalars(select(JourneyInvariance.id)).first()
    return known or carried_out(installation, "Alpha", "Beta", "Gamma", "Empty")


def test_the_narrowest_test_speaks_and_what_fails_hides_the_difference(
    installation: Installation, wide: int
):
    """A failed ladder between two journeys counts for the two, not what a wider one had said of them."""
    with installation.store.writing() as session:
        told = session.get_one(JourneyInvariance, wide).result
        assert told is not None
        failed = JourneyInvariance(
            instrument="sjq",
            result={**told, "verdict": "metric"},
            members=[
                InvarianceMember(journey_id=number, answers=200)
                for number in numbers(session, "Alpha", "Beta")
            ],
        )
        session.add(failed)
        session.flush()
        kept = failed.id
    found, sjq = beside(installation)
    assert sjq.pairs is None
    assert "not from the same level" in side_by_side_to_json(found, few=5)["scores"][0]["pairs_reason"]  # fmt: skip
    with installation.store.writing() as session:
        session.delete(session.get_one(JourneyInvariance, kept))


@pytest.mark.usefixtures("wide")
def test_at_night_a_missing_or_stale_test_is_asked_for_once(installation: Installation):
    def asked() -> int:
        with installation.store.reading() as session:
            return len(session.scalars(select(JourneyInvariance)).all())

    before = asked()
    ask_due(installation, NIGHT)
    assert asked() == before  # it is there, and its answers are as they were
    with installation.store.writing() as session:
        session.execute(update(InvarianceMember).values(answers=100))
        session.execute(update(JourneyInvariance).values(created_at=NIGHT - timedelta(days=9)))
    assert beside(installation)[1].verdict.stale  # type: ignore[union-attr]
    ask_due(installation, NIGHT.replace(hour=14))
    assert asked() == before
    ask_due(installation, NIGHT)
    ask_due(installation, NIGHT + timedelta(hours=1))
    assert asked() == before + 1
    assert beside(installation)[1].verdict.running  # type: ignore[union-attr]
    with (
        installation.store.writing() as session
    ):  # as a worker sees it that looked at the same moment
        session.execute(update(JourneyInvariance).values(created_at=NIGHT - timedelta(days=9)))
        session.execute(update(Job).values(state="failed"))
    ask_due(installation, NIGHT + timedelta(minutes=20))
    assert asked() == before + 1


def test_too_few_answers_are_a_verdict_and_one_journey_is_refused(installation: Installation):
    number = carried_out(installation, "Alpha", "Gamma")
    with installation.store.reading() as session:
        result = session.get_one(JourneyInvariance, number).result
        assert result is not None
        assert (result["verdict"], result["ladder"]) == (TOO_FEW, None)
        assert len(result["left_out"]) == 2
    with (
        installation.store.writing() as session,
        pytest.raises(Invalid, match="1 journeys cannot be tested"),
    ):
        ask_invariance(session, numbers(session, "Alpha"), instrument="sjq", user_id=None)


def test_only_the_newest_answers_are_read(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
):
    assert NEWEST >= 1000
    monkeypatch.setattr("surveyapp.results.invariance.journey_invariance.NEWEST", 150)
    number = carried_out(installation, "Alpha", "Beta")
    with installation.store.reading() as session:
        result = session.get_one(JourneyInvariance, number).result
        assert result is not None
        assert [each["n"] for each in result["ladder"]["groups"]] == [150, 150]
        first = session.scalars(select(Response).order_by(Response.id)).first()
        assert first is not None
        first.corrected_at = installation.now() + timedelta(hours=1)
        shown = details(session, number, minimum_cell=5, library=BUILT_IN)
        assert shown is not None
        assert shown.changed.corrected == 1
        session.rollback()
