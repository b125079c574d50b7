"""The importance-performance map and declared pairs say what the answers say, and hide what is hidden."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from analysis.drivers import relative_importance
from analysis.interactions import interaction
from analysis.sparse_drivers import sparse_importance
from analysis.weighted_regression import weighted_regression
from analysis.weighting import raked, weighted_mean
from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid, NotFound
from surveyapp.journeys.population_shares import set_shares
from surveyapp.results.drivers.driver_json import interactions_to_json, maps_to_json
from surveyapp.results.drivers.interactions import interactions
from surveyapp.results.drivers.joined_scores import JoinedScores, joinable, joined_scores
from surveyapp.results.drivers.pairs import declare_pair, pairs_of, remove_pair
from surveyapp.results.drivers.phrases import interaction_said, map_basis, map_title, place_said
from surveyapp.results.drivers.priority_map import MOST, SEED, PriorityMap, priority_maps
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.db import Store
from surveyapp.store.models import DriverPair, Journey
from tests.results import bank, test_associations

pytestmark = pytest.mark.xdist_group("priority_map")  # its tests share what is made once

DIMENSIONS = ("personalization", "coherence", "seamlessness")
KEYS = tuple(f"sjq.{name}" for name in DIMENSIONS)
N = 240


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Dimensions from 1 to 7 and NPS; seamlessness matters most, and more where coherence is low."""
    rng = np.random.default_rng(12)
    both = rng.multivariate_normal(np.zeros(3), 0.6 * np.eye(3) + 0.4, N, method="cholesky")
    whole = np.clip(np.round(4.5 + 1.3 * both), 1, 7).astype(int)
    frame = pd.DataFrame(whole, columns=list(DIMENSIONS))
    a, b = frame.seamlessness - 4.5, frame.coherence - 4.5
    likely = 7.5 + 1.3 * a + 0.3 * b - 0.8 * a * b + 1.0 * rng.standard_normal(N)
    return frame.assign(nps=np.clip(np.round(likely), 0, 10).astype(int))


@pytest.fixture(scope="module")
def store(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, people: pd.DataFrame
) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("priorities")
    shutil.copy(migrated_sqlite, home / "p.db")
    made = Store(f"sqlite:///{home / 'p.db'}")
    items = list(bank.SJQ.asked("sjq-16"))
    with made.writing() as session:
        place = bank.make_journey(session)
        segments = bank.make_segments(session)
        rows = []
        for at, row in enumerate(people.to_dict("records")):
            answers = {
                "sjq": {item.code: row[item.dimension] for item in items},
                "nps": {"nps": row["nps"]},
            }
            who = {
                "region": "North" if at < 3 else "South",
                "tenure_years": 5,
                "size": "small" if at % 3 else "big",
            }
            rows.append((bank.START + timedelta(hours=at), who, answers))
        rules = {segments[code]: rule for code, (_, rule) in bank.SEGMENTS.items()}
        bank.store_answers(session, place.surveys["end"], rows, rules)
        set_shares(
            session,
            session.get_one(Journey, place.journey),
            attribute="size",
            lines="small 50\nbig 50",
            source="register",
            counted_on=bank.START.date(),
            user_id=None,
        )
    bank.count_cells(made)
    yield made
    made.close()


def joined(session: Session, segment: int = 0) -> JoinedScores:
    journey = session.query(Journey).one()
    found = joined_scores(session, Scope(journey.id, segment), library=BUILT_IN)
    assert found is not None
    return found


def first_map(store: Store, segment: int = 0) -> PriorityMap:
    with store.reading() as session:
        return priority_maps(session, joined(session, segment))[0]


def test_importance_and_score_are_those_of_the_answers(store: Store, people: pd.DataFrame):
    found = first_map(store)
    scores, outcome = people[list(DIMENSIONS)].to_numpy(float), people.nps.to_numpy(float)
    whole = relative_importance(scores, outcome, KEYS, seed=1)
    parts = {point.key: point.importance.estimate for point in found.points}
    assert parts == pytest.approx({each.name: 100 * each.part for each in whole.drivers})
    sparse = sparse_importance(scores, outcome, KEYS, seed=SEED)
    assert found.found is not None
    assert [d.low for d in found.found.importance.drivers] == [d.low for d in sparse.importance.drivers]  # fmt: skip
    for point in found.points:
        given = people[point.key.partition(".")[2]]
        assert point.performance.estimate == pytest.approx((given.mean() - 1) / 6 * 100)
        reach = 1.96991 * given.std(ddof=1) / np.sqrt(N) / 6 * 100  # t with 239 degrees of freedom
        assert point.performance.high == pytest.approx(point.performance.estimate + reach, rel=1e-4)
    assert found.ordered[0].key == "sjq.seamlessness"
    assert found.leader
    assert "is most strongly associated with recommending" in map_title(found)
    assert f"n = {N} submissions with all of the scores" in map_basis(found)


def test_with_weights_importances_scores_and_pairs_are_those_of_weighted_answers(
    store: Store, people: pd.DataFrame
):
    weights = raked(
        {"size": ["small" if at % 3 else "big" for at in range(N)]},
        {"size": {"small": 0.5, "big": 0.5}},
    )
    pair = DriverPair(id=1, journey_id=1, first=KEYS[2], second=KEYS[1])
    with store.reading() as session:
        inside = joined_scores(session, Scope(1, weighted=True), library=BUILT_IN)
        (found, *_) = priority_maps(session, inside)
        told = interactions(inside, [pair])
    scores = people[list(DIMENSIONS)].to_numpy(dtype=float)
    expected = relative_importance(
        *(scores, people.nps.to_numpy(dtype=float), DIMENSIONS),
        seed=SEED, resamples=2, weights=weights.values,
    )  # fmt: skip
    assert [p.weighted_importance.estimate for p in found.points] == pytest.approx(
        [100 * each.part for each in expected.drivers]
    )
    performance = found.points[0].performance.weighted.mean
    mean = weighted_mean((scores[:, 0] - 1) * 100 / 6, weights)
    assert (performance.estimate, performance.error) == pytest.approx((mean.estimate, mean.error))
    assert maps_to_json([found], few=5)[0]["scores"][0]["weighted"]["importance"]["n"] == N
    a, b = scores[:, 2], scores[:, 1]
    points = 100.0 * ((people.nps >= 9).astype(float) - (people.nps <= 6)).to_numpy()
    fitted = weighted_regression(np.column_stack([a, b, a * b]), points, "abc", weights)
    (own,) = told.pairs
    assert own.weighted is not None and own.weighted_p == own.weighted.p
    assert own.weighted.estimate == pytest.approx(fitted.coefficients[2].estimate)
    assert own.weighted.error == pytest.approx(fitted.coefficients[2].error)
    assert len(own.weighted_slopes) == 3 and not own.not_weighted
    (written,) = interactions_to_json(told, few=5)["pairs"]
    assert written["weighted"]["p"] == own.weighted_p


def test_the_lines_are_the_means_and_who_crosses_one_is_undecided(store: Store):
    found = first_map(store)
    importance, score = found.lines
    assert importance == pytest.approx(np.mean([p.importance.estimate for p in found.points]))
    assert score == pytest.approx(np.mean([p.performance.estimate for p in found.points]))
    for point in found.points:
        sides = found.sides(point)
        for figure, line, side in zip((point.importance, point.performance), found.lines, sides, strict=True):  # fmt: skip
            assert figure.low is not None and figure.high is not None
            crosses = figure.low <= line <= figure.high
            assert crosses == (side == "undecided")
        assert place_said(found, point).startswith("undecided") == ("undecided" in sides)
    assert found.sides(found.ordered[0])[0] == "high"
    document = maps_to_json([found], few=5)[0]
    assert document["scores"][0]["importance_side"] == "high"
    assert document["effective_n"] == N


def test_a_declared_pair_has_the_regressions_numbers_and_is_corrected(
    store: Store, people: pd.DataFrame
):
    with store.writing() as session:
        journey = session.query(Journey).one()
        for pair in pairs_of(session, journey.id):  # another test's
            remove_pair(session, journey, pair.id, user_id=None)
        kinds = list(joinable(session, journey.id, library=BUILT_IN).values())
        declare_pair(session, journey, (KEYS[2], KEYS[1]), kinds, user_id=None)
        declare_pair(session, journey, (KEYS[0], KEYS[1]), kinds, user_id=None)
        for keys, said in {
            (KEYS[1], KEYS[2]): "already",
            (KEYS[1], KEYS[1]): "another score",
            ("x", KEYS[1]): "first score",
        }.items():
            with pytest.raises(Invalid, match=said):
                declare_pair(session, journey, keys, kinds, user_id=None)
    with store.reading() as session:
        found = interactions(joined(session), pairs_of(session, journey.id))
    assert found is not None and found.tested == 2
    one, other = found.pairs
    nps = 100.0 * ((people.nps >= 9).astype(float) - (people.nps <= 6))
    truth = interaction(*(people[name].to_numpy(float) for name in ("seamlessness", "coherence")), nps.to_numpy())  # fmt: skip
    assert one.found is not None and other.found is not None and one.pvalue is not None
    assert one.found.estimate == pytest.approx(truth.estimate)
    assert one.n == N
    ordered = sorted([(one.found.p, one.pvalue), (other.found.p, other.pvalue)])
    assert ordered[0][1] == pytest.approx(2 * ordered[0][0])
    assert one.certain
    assert "where Coherence is low" in interaction_said(one)
    document = interactions_to_json(found, few=5)
    assert document is not None
    assert [slope["at"] for slope in document["pairs"][0]["slopes_of_the_first"]] == [-1, 0, 1]
    with store.writing() as session, pytest.raises(NotFound):
        remove_pair(session, Journey(id=99, code="x"), one.id, user_id=None)
    with store.writing() as session:
        remove_pair(session, session.query(Journey).one(), other.id, user_id=None)
        assert [each.id for each in pairs_of(session, journey.id)] == [one.id]


def test_what_the_outcome_hides_is_hidden_here_too(store: Store):
    """Three customers are in North; the rest of the 240 would give them away."""
    with store.writing() as session:
        journey = session.query(Journey).one()
        for pair in pairs_of(session, journey.id):  # another test's
            remove_pair(session, journey, pair.id, user_id=None)
        kinds = list(joinable(session, journey.id, library=BUILT_IN).values())
        declare_pair(session, journey, (KEYS[2], KEYS[1]), kinds, user_id=None)
    with store.reading() as session:
        segments = {name.code: number for number, name in joined(session).base.segments.items()}
        for code in ("north", "south"):
            inside = joined(session, segments[code])
            maps = priority_maps(session, inside)
            assert all(each.hidden and not each.points for each in maps)
            found = interactions(inside, pairs_of(session, inside.base.journey.id))
            assert found is not None
            assert [(each.found, each.n) for each in found.pairs] == [(None, None)]
            assert found.pairs[0].hidden is not Hidden.NO


def test_touchpoints_that_few_scored_together_are_named_and_left_out(
    migrated_sqlite: Path, tmp_path: Path
):
    shutil.copy(migrated_sqlite, tmp_path / "s.db")
    made = Store(f"sqlite:///{tmp_path / 's.db'}")
    place = test_associations.place.__wrapped__(made)
    test_associations.fill(made, place, test_associations.answers())
    with made.reading() as session:
        found = priority_maps(session, joined(session))[-1]
    made.close()
    assert found.kind == "touchpoints"
    assert found.found is not None
    assert found.found.least < found.found.importance.n < found.found.most
    assert "effective n = " in map_basis(found)
    left = {each.label: each.why for each in found.left_out}
    assert {point.label for point in found.points}.isdisjoint(left)
    assert len(left) + len(found.points) == 6 <= MOST
    assert any("customers scored both" in why for why in left.values())
