"""A change of SJQ is called significant unless a stored test says that its questions mean something else now."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from instruments.loader import BUILT_IN
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import TEST_TIME_INVARIANCE, JourneyPayload
from surveyapp.journeys.portfolio import listed
from surveyapp.results import dashboards, phrases
from surveyapp.results.findings import findings
from surveyapp.results.invariance.actions import ask_due
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.time_invariance import run_time_invariance
from surveyapp.results.invariance.time_invariance_details import time_tests, time_tests_to_json
from surveyapp.results.maps.version_scores import VersionMonths, version_scores
from surveyapp.results.portfolio import portfolio
from surveyapp.results.scope import Scope, period
from surveyapp.results.trends import trend
from surveyapp.results.view_models import Change, Trend
from surveyapp.store.db import Store
from surveyapp.store.models import Job, Journey, SurveyRow, TimeInvariance
from tests.analysis.sjq_population import answers
from tests.installations import installation_on
from tests.results import bank

pytestmark = pytest.mark.xdist_group("time_invariance")  # its tests share what is made once

ASKS = [{"instrument": "sjq", "version": "1", "key": "sjq-16"}]
ITEMS = BUILT_IN.load("sjq").keys["sjq-16"].items
NOW = datetime(2026, 7, 2, 2, tzinfo=UTC)  # at night
SPRING, WINTER = (
    period(date(2026, 4, 1), date(2026, 6, 1)),
    period(date(2026, 1, 1), date(2026, 3, 1)),
)
EACH = 200  # answers of a quarter


@dataclass(frozen=True)
class Place:
    installation: Installation
    journeys: dict[str, int]

    def test(self, journey: str) -> None:
        payload = JourneyPayload(self.journeys[journey])
        run_time_invariance(self.installation, payload, progress=lambda *_: None)

    def scope(self, journey: str) -> Scope:
        return Scope(self.journeys[journey], since=SPRING.since, until=SPRING.until)

    def change(self, journey: str) -> Change:
        with self.installation.store.reading() as session:
            overview = dashboards.journey_overview(session, self.scope(journey), library=BUILT_IN)
        [sjq] = [each for each in overview.end if each.definition.scale == "sjq"]
        assert sjq.change is not None
        return sjq.change

    def trends(self, journey: str) -> tuple[Trend, ...]:
        with self.installation.store.reading() as session:
            return trend(session, self.scope(journey), library=BUILT_IN)


def stored(session, code: str, *, other: bool) -> int:
    """A journey whose SJQ is lower in spring: by as much on every question, or because four questions of
    each dimension are answered ``other`` than before.
    """
    journey = Journey(code=code, name=code.capitalize(), provider="P", state="current")
    session.add(journey)
    session.flush()
    survey = SurveyRow(journey_id=journey.id, code=f"end_{code}", name="End", asks=ASKS, link=code)
    session.add(survey)
    session.flush()
    data = answers(2 * EACH, seed=7)[list(ITEMS)]
    if other:
        moved = [item for item in ITEMS if item[-1] in "3456"]
        data.loc[EACH:, moved] = (
            data.loc[EACH:, moved].sample(frac=1, random_state=1).to_numpy() - 2
        )
    else:
        data.loc[EACH:] -= 1
    rows = [
        (
            datetime(2026, 2 if at < EACH else 5, 3, 12, tzinfo=UTC),
            {},
            {"sjq": {item: int(row[item]) for item in ITEMS}},
        )
        for at, row in enumerate(data.clip(1, 7).to_dict("records"))
    ]
    bank.store_answers(session, survey.id, rows, {})
    return journey.id


@pytest.fixture(scope="module")
def place(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("quarters")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    store = Store(f"sqlite:///{home / 'surveyapp.db'}")
    with store.writing() as session:
        journeys = {
            code: stored(session, code, other=code == "moved") for code in ("same", "moved")
        }
    yield Place(installation_on(store, now=lambda: NOW), journeys)
    store.close()


@pytest.fixture(scope="module")
def tested(place: Place) -> Place:
    for journey in place.journeys:
        place.test(journey)
    return place


def changed(place: Place, **values: object) -> None:
    """The stored tests with these values."""
    with place.installation.store.writing() as session:
        session.execute(update(TimeInvariance).values(values))


def test_without_a_test_a_change_is_compared(tested: Place):
    changed(tested, instrument="other")
    for journey in tested.journeys:
        found = tested.change(journey)
        assert found.contrast is not None
        assert found.contrast.certain
        assert found.barring is None
    changed(tested, instrument="sjq")


def test_what_measures_the_same_is_compared(tested: Place):
    found = tested.change("same")
    assert found.contrast is not None
    assert found.contrast.certain
    [test] = _tests(tested, "same")
    assert test.over_time.verdict in (Verdicts.SCALAR, Verdicts.PARTIAL_SCALAR)
    assert test.over_time.quarters == ("2026 Q1", "2026 Q2")
    assert "measures the same from the same level in 2026 Q1 and 2026 Q2" in test.sentence


def test_a_change_of_meaning_is_shown_and_not_called_significant(tested: Place):
    found = tested.change("moved")
    assert found.barring is not None
    assert not found.barring.allows
    assert found.contrast is not None
    assert found.contrast.pvalue < 1e-6
    assert not found.contrast.certain
    with tested.installation.store.reading() as session:
        overview = dashboards.journey_overview(session, tested.scope("moved"), library=BUILT_IN)
    [sjq] = [each for each in overview.end if each.definition.scale == "sjq"]
    assert phrases.change(sjq) == "not comparable over time (no measurement invariance)"
    told = findings(overview, None, tested.trends("moved"))
    assert "SJQ does not measure the same over time." in [each.headline for each in told]
    assert not [each for each in told if "has fallen" in each.headline]


def test_trends_the_list_of_journeys_and_versions_of_a_map_obey_it(tested: Place):
    for journey, certain in (("same", True), ("moved", False)):
        [trend] = [one for one in tested.trends(journey) if one.definition.scale == "sjq"]
        assert trend.change is not None
        assert trend.change.certain is certain
        with tested.installation.store.reading() as session:
            page = portfolio.portfolio(
                session,
                [each for each in listed(session) if each.code == journey],
                portfolio.Asked(SPRING, WINTER),
                now=NOW,
                library=BUILT_IN,
            )
            scores = version_scores(
                session,
                tested.journeys[journey],
                [None],  # type: ignore[list-item]
                VersionMonths(
                    (date(2026, 1, 1), date(2026, 3, 1)),
                    (date(2026, 4, 1), date(2026, 6, 1)),
                    date(2026, 7, 1),
                ),
                today=NOW.date(),
                minimum_cell=5,
                library=BUILT_IN,
            )
        [line] = page.lines
        [sjq] = [each for each in line.figures if each.definition.scale == "sjq"]
        change = sjq.change
        assert change is not None
        assert change.contrast is not None
        assert change.contrast.certain is certain
        [row] = [each for each in scores.rows if each.definition.scale == "sjq"]
        assert row.contrast is not None
        assert row.contrast.certain is certain


def test_other_words_bar_the_list_of_journeys_too(tested: Place):
    with tested.installation.store.reading() as session:
        found = portfolio.headlines(
            session, [tested.journeys["same"]], minimum=5, library=BUILT_IN
        )[tested.journeys["same"], "sjq"]
    split = {"en-1": frozenset({(2026, 2)}), "en-2": frozenset({(2026, 5)})}
    assert not found.reworded(SPRING, WINTER)
    assert replace(found, worded=split).reworded(SPRING, WINTER)
    assert not replace(found, worded=split).reworded(SPRING, SPRING)


def test_months_that_no_test_compared_are_not_barred(tested: Place):
    changed(tested, quarters=["2025 Q3", "2025 Q4"])
    found = tested.change("moved")
    assert found.contrast is not None
    assert found.contrast.certain
    changed(tested, quarters=["2026 Q1", "2026 Q2"])


def test_it_is_old_when_there_are_many_more_answers_and_asked_for_at_night(tested: Place):
    def asked() -> list[int | None]:
        kind = Job.kind == TEST_TIME_INVARIANCE.name
        with tested.installation.store.reading() as session:
            return list(session.scalars(select(Job.journey_id).where(kind)))

    ask_due(tested.installation, NOW)
    assert asked() == []
    with tested.installation.store.writing() as session:
        own = TimeInvariance.journey_id == tested.journeys["moved"]
        session.execute(update(TimeInvariance).where(own).values(answers=100))
    [test] = _tests(tested, "moved")
    assert test.over_time.stale
    assert "the answers have changed a lot since" in test.sentence
    for later in (1, 2):  # in the second hour another look changes nothing
        ask_due(tested.installation, NOW + timedelta(hours=later))
    assert asked() == [tested.journeys["moved"]]
    changed(tested, answers=2 * EACH)


def test_programs_read_the_whole_test(tested: Place):
    with tested.installation.store.reading() as session:
        found = time_tests(session, tested.journeys["moved"], minimum_cell=5, library=BUILT_IN)
    [test] = time_tests_to_json(found)["tests"]
    assert test["comparable"] is False
    assert test["quarters"] == ["2026 Q1", "2026 Q2"]
    assert test["result"]["ladder"]["steps"][0]["step"] == "configural"
    assert set(test["result"]["left_out"]) == set()


def _tests(place: Place, journey: str):
    with place.installation.store.reading() as session:
        return time_tests(session, place.journeys[journey], minimum_cell=5, library=BUILT_IN).tests
