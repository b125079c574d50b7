"""A segment's SJQ differs significantly only where a stored test says that it means the same there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.installation import Installation
from surveyapp.jobs.kinds import TEST_SEGMENT_INVARIANCE, JourneyPayload
from surveyapp.reports.document import Paragraph
from surveyapp.reports.journeys.comparisons import segments as chapter
from surveyapp.results import dashboards, phrases
from surveyapp.results.findings import findings
from surveyapp.results.invariance.actions import ask_due, ask_segment_invariance
from surveyapp.results.invariance.comparability import Verdicts
from surveyapp.results.invariance.segment_invariance import run_segment_invariance
from surveyapp.results.invariance.segment_invariance_details import (
    segment_tests,
    segment_tests_to_json,
)
from surveyapp.results.journey_json import comparison_to_json
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Figure, SegmentFigure
from surveyapp.store.db import Store
from surveyapp.store.models import Job, Journey, Segment, SegmentInvariance, SurveyRow
from tests.analysis.sjq_population import answers
from tests.installations import installation_on
from tests.results import bank

pytestmark = pytest.mark.xdist_group("segment_invariance")  # its tests share what is made once

ASKS = [{"instrument": "sjq", "version": "1", "key": "sjq-16"}, {"instrument": "nps", "version": "1"}]  # fmt: skip
ITEMS = BUILT_IN.load("sjq").keys["sjq-16"].items
DAY = datetime(2026, 3, 3, 12, tzinfo=UTC)
NIGHT = datetime(2026, 5, 10, 2, tzinfo=UTC)
RULES = {
    "North": "region = North",  # lower on every question
    "Old": "old = true",  # overlaps with North; the same people
    "App": "app = true",  # one question means something else to them
    "Guests": "guest = true",  # too few
}


@dataclass(frozen=True)
class Place:
    installation: Installation
    journey: int
    segments: dict[str, int]


@pytest.fixture(scope="module")
def place(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("segments")
    shutil.copy(migrated_sqlite, home / "surveyapp.db")
    store = Store(f"sqlite:///{home / 'surveyapp.db'}")
    with store.writing() as session:
        journey = Journey(code="loan", name="Loan", provider="P", state="current")
        session.add(journey)
        rows = [Segment(code=name.lower(), name=name, rule=rule) for name, rule in RULES.items()]
        session.add_all(rows)
        session.flush()
        survey = SurveyRow(journey_id=journey.id, code="end", name="End", asks=ASKS, link="end")
        session.add(survey)
        session.flush()
        own = {segment.name: segment.id for segment in rows}
        bank.store_answers(session, survey.id, given(), {own[n]: r for n, r in RULES.items()})
        number = journey.id
    yield Place(installation_on(store), number, own)
    store.close()


def given() -> list[tuple[datetime, dict[str, Any], dict[str, dict[str, int]]]]:
    data = answers(700, seed=4)
    data.loc[:199] -= 1
    data.loc[200:399, "coh2"] -= 2
    found = []
    for at, row in enumerate(data.clip(1, 7).to_dict("records")):
        known = {
            "region": "North" if at < 200 else "South",
            "old": at % 3 == 0,
            "app": 200 <= at < 400,
            "guest": at % 20 == 0,
        }
        given = {"sjq": {item: int(row[item]) for item in ITEMS}, "nps": {"nps": 8 - 6 * (at < 200)}}  # fmt: skip
        found.append((DAY, known, given))
    return found


def carried_out(place: Place) -> None:
    run_segment_invariance(
        place.installation, JourneyPayload(place.journey), progress=lambda *_: None
    )


@pytest.fixture
def tested(place: Place) -> Place:
    with place.installation.store.reading() as session:
        known = session.scalars(select(SegmentInvariance.id)).first()
    if known is None:
        carried_out(place)
    return place


def beside(place: Place, scale: str = "sjq") -> dict[str, SegmentFigure]:
    with place.installation.store.reading() as session:
        found = dashboards.segment_comparison(session, Scope(place.journey), library=BUILT_IN)
    row = next(row for row in found.rows if row.everybody.definition.scale == scale)
    return {each.segment.name: each for each in row.segments}


def total(place: Place, segment: str) -> Figure:
    scope = Scope(place.journey, place.segments[segment])
    with place.installation.store.reading() as session:
        overview = dashboards.journey_overview(session, scope, library=BUILT_IN)
    return next(each for each in overview.end if each.definition.scale == "sjq")


def test_a_difference_is_shown_and_called_significant_by_a_verdict_only(place: Place):
    with place.installation.store.writing() as session:
        session.query(SegmentInvariance).delete()
    north = beside(place)["North"]
    assert north.against_rest is not None
    assert north.against_rest.pvalue < 0.001
    assert not north.against_rest.certain
    assert north.alike is not None
    assert north.alike.verdict is Verdicts.NOT_TESTED
    own = beside(place, "nps")["North"]
    assert own.alike is None  # a single question
    assert own.against_rest is not None
    assert own.against_rest.certain
    assert phrases.beside(total(place, "North")) == "invariance not tested"
    assert phrases.beside_numbers(total(place, "North"))
    carried_out(place)
    north = beside(place)["North"]
    assert north.against_rest is not None
    assert north.against_rest.certain
    assert north.alike is not None
    assert north.alike.allows
    assert (north.alike.inside, north.alike.outside) == (200, 500)
    assert phrases.beside(total(place, "North")) == "significantly lower"


def test_each_segment_is_tested_against_its_complement(tested: Place):
    found = beside(tested)
    verdicts = {name: each.alike.verdict for name, each in found.items() if each.alike}
    assert verdicts == {
        "North": "partial scalar",  # of all others the users of the app are a part
        "Old": "scalar",
        "App": "partial scalar",
        "Guests": "too few answers",
    }
    app, guests = found["App"].alike, found["Guests"].alike
    assert app is not None
    assert app.released == ("coh2~1",)
    assert guests is not None
    assert (guests.inside, guests.needed) == (35, 100)
    assert beside(tested, "sjq.coherence")["App"].alike == app  # one verdict a questionnaire
    with tested.installation.store.reading() as session:
        comparison = dashboards.segment_comparison(session, Scope(tested.journey), library=BUILT_IN)
        overview = dashboards.journey_overview(session, Scope(tested.journey), library=BUILT_IN)
        kept = segment_tests(session, tested.journey, minimum_cell=5, library=BUILT_IN)
    told = [block.text for block in chapter(comparison, 5) if isinstance(block, Paragraph)]
    assert any("except for the question coh2" in text and "App (n = 200, " in text for text in told)
    assert any("SJQ needs 100 complete answers on either side" in text for text in told)
    row = comparison_to_json(comparison, few=5)["rows"][0]["segments"][2]["invariance"]
    assert (row["comparable"], row["released"], row["n"], row["n_others"]) == (True, ["coh2~1"], 200, 500)  # fmt: skip
    headlines = [each.headline for each in findings(overview, comparison)]
    assert not any("Guests scores" in each for each in headlines)
    document = segment_tests_to_json(kept)["tests"]
    assert [each["segment"] for each in document] == list(RULES)
    assert [step["step"] for step in document[0]["result"]["ladder"]["steps"]][:3] == ["configural", "metric", "scalar"]  # fmt: skip


def test_where_intercepts_differ_no_difference_is_called_significant(tested: Place):
    with tested.installation.store.writing() as session:
        own = SegmentInvariance.segment_id == tested.segments["North"]
        session.execute(update(SegmentInvariance).where(own).values(verdict="metric"))
    found = beside(tested)["North"]
    assert found.against_rest is not None
    assert (found.against_rest.difference < -10, found.against_rest.certain) == (True, False)
    assert phrases.beside(total(tested, "North")) == "not comparable (no scalar invariance)"
    with tested.installation.store.writing() as session:
        session.execute(update(SegmentInvariance).where(own).values(verdict="partial scalar"))


def test_a_verdict_is_of_one_rule_and_grows_old(tested: Place):
    with tested.installation.store.writing() as session:
        app = session.get_one(Segment, tested.segments["App"])
        app.rule = "app = false"
        session.execute(update(SegmentInvariance).values(answers=100))
    found = beside(tested)
    assert found["App"].alike is not None
    assert found["App"].alike.verdict is Verdicts.NOT_TESTED
    assert found["North"].alike is not None
    assert found["North"].alike.stale
    with tested.installation.store.writing() as session:
        session.get_one(Segment, tested.segments["App"]).rule = RULES["App"]
    carried_out(tested)
    assert not any(each.alike.stale for each in beside(tested).values() if each.alike)


def test_at_night_missing_tests_are_asked_for_once(tested: Place):
    def asked() -> list[Job]:
        with tested.installation.store.reading() as session:
            kind = Job.kind == TEST_SEGMENT_INVARIANCE.name
            return list(session.scalars(select(Job).where(kind)))

    ask_due(tested.installation, NIGHT)
    assert asked() == []  # every segment with enough answers has a fresh one
    with tested.installation.store.writing() as session:
        session.query(SegmentInvariance).delete()
    ask_due(tested.installation, NIGHT)
    ask_due(tested.installation, NIGHT + timedelta(hours=1))
    [job] = asked()
    with tested.installation.store.writing() as session:
        journey = session.get_one(Journey, tested.journey)
        again = ask_segment_invariance(session, journey, user_id=None)
        assert again.id == job.id
        session.get_one(Job, job.id).state = "done"


def test_without_a_segment_there_is_nothing_to_test(migrated_sqlite: Path, tmp_path: Path):
    shutil.copy(migrated_sqlite, tmp_path / "surveyapp.db")
    store = Store(f"sqlite:///{tmp_path / 'surveyapp.db'}")
    with store.writing() as session:
        journey = Journey(code="loan", name="Loan", provider="P")
        session.add(journey)
        session.flush()
        with pytest.raises(Invalid, match="no segment to test"):
            ask_segment_invariance(session, journey, user_id=None)
    store.close()
