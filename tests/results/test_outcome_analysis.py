"""What became of customers by what they answered: found again, joined by pseudonym, and never of too few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from analysis.attribution import Path, sharing_rules
from analysis.channel_flow import END
from instruments.loader import BUILT_IN
from surveyapp.errors import Invalid
from surveyapp.jobs.kinds import JourneyPayload
from surveyapp.results.definitions import Scored, scored
from surveyapp.results.journey import ground
from surveyapp.results.outcomes import rows as outcome_rows
from surveyapp.results.outcomes.actions import ask_outcome_analysis, found_outcomes
from surveyapp.results.outcomes.analysis import analysed, run_outcome_analysis
from surveyapp.results.outcomes.cells import ToldGroups, admitted
from surveyapp.results.outcomes.credit_cells import shown_models
from surveyapp.results.outcomes.flow import told_flow
from surveyapp.results.outcomes.phrases import outcomes_to_json, since
from surveyapp.results.outcomes.rows import Customer, Told, Visit, customers
from surveyapp.results.outcomes.touchpoint_credits import Way, told_credits
from surveyapp.sampling.outcomes import OutcomeKind, receive_outcomes
from surveyapp.store.db import Store
from surveyapp.store.models import (
    CustomerOutcome,
    Erasure,
    Journey,
    JourneyRun,
    OutcomeAnalysis,
    Response,
    SurveyRow,
)
from surveyapp.surveys.links import pseudonym
from tests.installations import installation_on
from tests.responses.makers import SECRET, unstored_survey
from tests.results import bank

DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
RATIO = 0.6  # of the hazard, for one point more


@pytest.fixture(scope="module")
def end() -> list[Scored]:
    """The SJQ total, as a journey's end asks it."""
    found = scored([unstored_survey(("sjq",))], library=BUILT_IN)
    return [found["sjq"]]


def of(n: int, seed: int = 1) -> list[Customer]:
    """Customers whose rate of leaving falls by RATIO for each point, whose revenue rises by 10."""
    rng = np.random.default_rng(seed)
    made = []
    for score in rng.uniform(2, 7, n):
        days = float(rng.exponential(300 * RATIO ** -(score - 4.5)))
        seen = float(rng.uniform(100, 500))
        at = DAY + timedelta(days=min(days, seen))
        outcomes = {
            OutcomeKind.CHURN: [Told(float(days <= seen), at)],
            OutcomeKind.REVENUE: [Told(100 + 10 * score + rng.normal(), at)],
        }
        point = "Form" if score < 4 else str(rng.choice(["Form", "Branch"]))
        visits = [Visit(point, "web" if point == "Form" else "branch", DAY)]
        visits.append(Visit("Card", "post", DAY + timedelta(hours=1)))
        made.append(Customer(DAY, {"sjq": float(score)}, outcomes, visits))
    return made


def shown(everybody: Sequence[Customer], end: Sequence[Scored], minimum: int = 5) -> dict[str, Any]:
    return analysed(everybody, end, minimum=minimum, progress=lambda _percent, _step: None)


def test_a_known_hazard_ratio_is_found_again(end: list[Scored]):
    churn, revenue = shown(of(600), end)["outcomes"]
    assert (churn["kind"], churn["n"], revenue["kind"]) == ("churn", 600, "revenue")
    (term,) = churn["survival"]["cox_by_point"]["terms"]
    assert term["low"] < RATIO < term["high"] and term["high"] < 0.75
    rates = [band["estimate"] for band in churn["scales"][0]["bands"]]
    assert rates == sorted(rates, reverse=True)
    assert churn["scales"][0]["trend"]["p"] < 0.001
    assert churn["survival"]["log_rank"]["p"] < 0.001
    assert churn["prediction"]["auc"]["low"] > 0.5
    means = [band["estimate"] for band in revenue["scales"][0]["bands"]]
    assert means == sorted(means) and means[2] - means[0] == pytest.approx(33, abs=5)


def test_without_an_effect_none_is_claimed(end: list[Scored]):
    everybody = of(300)
    scores = np.random.default_rng(3).permutation([each.scores["sjq"] for each in everybody])
    mixed = [
        Customer(each.answered_at, {"sjq": float(score)}, each.outcomes, each.visits)
        for each, score in zip(everybody, scores, strict=True)
    ]
    churn = shown(mixed, end)["outcomes"][0]
    assert churn["survival"]["log_rank"]["p"] > 0.05
    (term,) = churn["survival"]["cox_by_point"]["terms"]
    assert term["low"] < 1 < term["high"]


def test_credits_of_each_rule_sum_to_all_outcomes(end: list[Scored]):
    found = shown(of(200), end)["outcomes"][0]["attribution"]
    assert {each["touchpoint"] for each in found["models"]["linear"]} == {"Form", "Branch", "Card"}
    for credits in found["models"].values():
        assert credits is None or sum(one["share"] for one in credits) == pytest.approx(1)
    last = {one["touchpoint"]: one["share"] for one in found["models"]["last"]}
    assert last == {"Branch": 0, "Card": 1, "Form": 0}


def test_bands_of_too_few_customers_are_hidden_with_all_that_rests_on_them(end: list[Scored]):
    churn = shown(of(8), end)["outcomes"][0]
    assert churn["scales"][0]["bands"] is None
    assert churn["scales"][0]["hidden"] == "too few customers"
    assert churn["survival"] is None and churn["prediction"] is None
    assert shown(of(4), end)["outcomes"][0]["n"] is None


def test_no_published_curve_is_of_fewer_customers_than_may_be_shown(end: list[Scored]):
    for curve in shown(of(60), end)["outcomes"][0]["survival"]["curves"]:
        assert all(month["at_risk"] >= 5 for month in curve["months"])


def test_divisions_that_tell_of_too_few_together_are_not_both_published():
    halves = [0] * 10 + [1] * 10
    other = [0] * 11 + [1] * 9  # one customer is in the first half of one and not of the other
    assert admitted([halves, other, halves], minimum=5) == [True, False, True]
    crossed = [0, 1] * 10
    assert admitted([halves, crossed], minimum=5) == [True, True]
    assert admitted([[0] * 4 + [1] * 16], minimum=5) == [False]


def told_by(weights: np.ndarray, sizes: Sequence[int], few: int) -> list[tuple[int, ...]]:
    """The groups of fewer people whose sum follows from these sums: every group is tried by least squares."""
    found = []
    for count in range(1, few):
        for group in combinations(range(len(sizes)), count):
            if sum(sizes[at] for at in group) < few:
                wanted = np.isin(np.arange(len(sizes)), group).astype(float)
                mix = np.linalg.lstsq(weights, wanted, rcond=None)[0]
                if np.allclose(weights @ mix, wanted):
                    found.append(group)
    return found


def test_no_few_customers_outcomes_follow_from_the_credits_of_all_models_shown():
    rng = np.random.default_rng(7)
    hidden = 0
    for _ in range(60):
        names = list("ABCD")[: int(rng.integers(2, 5))]
        ways: dict[tuple[str, ...], int] = {}
        for _ in range(int(rng.integers(2, 9))):
            path = tuple(str(name) for name in rng.choice(names, int(rng.integers(1, 4))))
            ways[path] = int(rng.choice([1, 2, 3, 8, 20]))
        paths = [Path(path, n, n // 2, None) for path, n in sorted(ways.items())]
        sizes = [path.customers for path in paths]
        shown = shown_models(paths, minimum=5)
        rules = sharing_rules(paths)
        rules["markov"] = rules["last"]
        every = [np.ones((len(paths), 1)), *(rules[model] for model in sorted(shown))]
        assert not shown or told_by(np.column_stack(every), sizes, 5) == [], (paths, shown)
        hidden += len(rules) - len(shown)
    assert 0 < hidden < 60 * 6
    # One customer of 31 came by A alone: half of B's credit is what all others had.
    alone = [Path(("A", "B"), 30, 12), Path(("A",), 1, 1)]
    assert shown_models(alone, minimum=5) == frozenset({"first"})
    ways_ = [Way(("A", "B"), (2.0, 1.0), at < 12) for at in range(30)]
    found = told_credits([*ways_, Way(("A",), (1.0,), True)], 5)
    assert found is not None and found["models"]["linear"] is None and found["removal"] == {}


def test_bands_of_two_outcomes_differ_by_nobody_or_enough(end: list[Scored]):
    everybody = of(120)
    for one in everybody[:2]:  # nobody knows whether these two left
        one.outcomes.pop(OutcomeKind.CHURN)
    churn, revenue = shown(everybody, end)["outcomes"]
    bands = [
        {band["band"]: band["n"] for part in kind["scales"] for band in part["bands"] or ()}
        for kind in (churn, revenue)
    ]
    assert bands[0] == {} and sum(bands[1].values()) == 120
    groups = ToldGroups(20, minimum=5)
    assert groups.admits([at < 10 for at in range(20)])
    assert not groups.admits([at < 10 or None for at in range(18)] + [None, True])
    assert groups.admits([at < 10 or None for at in range(20)])


def test_no_flow_is_of_fewer_customers_than_may_be_shown():
    rng = np.random.default_rng(4)
    names = ["web", "app", "phone", "branch", "post", "fax", "mail", "chat"]
    for _ in range(200):
        paths: dict[tuple[str, ...], int] = {}
        for _ in range(int(rng.integers(1, 25))):
            path = tuple(str(name) for name in rng.choice(names, int(rng.integers(1, 7))))
            paths[path] = int(rng.integers(1, 9))
        found = told_flow(paths, minimum=5)
        if found["customers"] is None:
            assert found["flows"] == []
            continue
        assert found["customers"] == sum(paths.values())
        assert all(flow["count"] >= 5 for flow in found["flows"])
        assert all(count >= 5 for count in found["starts"].values())
        ahead, into = Counter(), Counter({(1, name): n for name, n in found["starts"].items()})
        for flow in found["flows"]:
            ahead[flow["step"], flow["source"]] += flow["count"]
            into[flow["step"] + 1, flow["target"]] += flow["count"]
        left = {node: n - ahead[node] for node, n in into.items() if node[1] != END}
        assert all(n == 0 or n >= 5 for n in left.values()), (paths, left)
        assert any(flow["target"] == END for flow in found["flows"]) or len(paths) < 20


def test_outcomes_are_joined_to_personal_answers_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    installation = installation_on(store)
    with store.writing() as session:
        place = bank.make_journey(session)
        given = [(DAY, {}, {"nps": {"nps": at % 11}}) for at in range(12)]
        bank.store_answers(session, place.surveys["end"], given, {})
        for number in session.scalars(select(Response.id)).all():
            ref = pseudonym(SECRET, f"c{number}")
            run = JourneyRun(journey_id=place.journey, customer_ref=ref)
            session.add(run)
            session.flush()
            session.get_one(Response, number).journey_run_id = run.id
        with pytest.raises(Invalid, match="import some first"):
            ask_outcome_analysis(session, session.get_one(Journey, place.journey), user_id=None)
        code = session.get_one(Journey, place.journey).code
        reports = [
            {"journey": code, "customer_ref": f"c{number}", "kind": "churn", "value": number % 2,
             "at": (DAY + timedelta(days=number + 1)).isoformat()}
            for number in range(1, 13)
        ]  # fmt: skip
        receive_outcomes(
            session, reports, secret_key=SECRET, source="api", now=DAY + timedelta(days=60)
        )
        first = ask_outcome_analysis(session, session.get_one(Journey, place.journey), user_id=None)
        assert (
            ask_outcome_analysis(session, session.get_one(Journey, place.journey), user_id=None).id
            == first.id
        )
    run_outcome_analysis(
        installation, JourneyPayload(place.journey), progress=lambda _percent, _step: None
    )
    with store.reading() as session:
        found = found_outcomes(session, place.journey)
        assert found.result is not None and not found.is_stale and not since(found.changes)
        assert (found.result["answered"], found.result["outcomes"][0]["n"]) == (12, 12)
        assert outcomes_to_json(found)["stored"] == {"churn": 12}
        assert "seen" not in outcomes_to_json(found)["result"]
        everybody = customers(session, ground(session, place.journey, library=BUILT_IN))
        monkeypatch.setattr(outcome_rows, "_AT_ONCE", 2)
        by_twos = customers(session, ground(session, place.journey, library=BUILT_IN))
        assert by_twos == everybody and sum(bool(each.scores) for each in by_twos.values()) == 12
    with store.writing() as session:
        first = session.scalars(select(Response).order_by(Response.id).limit(1)).one()
        first.corrected_at = installation.now()
        survey_id = first.survey_id
        session.add(Erasure(survey_id=survey_id, erased_at=installation.now(), reason="request"))
        bank.store_answers(
            session, place.surveys["end"], [(DAY + timedelta(days=1), {}, {"nps": {"nps": 3}})], {}
        )
        session.delete(session.scalars(select(CustomerOutcome).limit(1)).one())
        said = since(found_outcomes(session, place.journey).changes)
        assert said == (
            "Not in these figures: 1 answer came, 1 answer changed, 1 answer erased, 1 outcome removed"
            " since."
        )
        row = session.get_one(OutcomeAnalysis, place.journey)
        row.result = {name: value for name, value in row.result.items() if name != "seen"}
        assert "earlier version" in since(found_outcomes(session, place.journey).changes)
    with store.writing() as session:
        survey = session.get_one(SurveyRow, place.surveys["end"])
        survey.anonymity = "anonymous"
    with store.reading() as session:
        everybody = customers(session, ground(session, place.journey, library=BUILT_IN))
        assert all(each.answered_at is None for each in everybody.values())
