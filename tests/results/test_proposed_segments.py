"""Groups by what customers answered, the rule of each, and the touchpoints before high scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from surveyapp.errors import Invalid
from surveyapp.journeys.segments import parse
from surveyapp.results.outcomes.cells import DISTINCT
from surveyapp.results.outcomes.customer_values import StatedMoney, customer_values, values_to_json
from surveyapp.results.outcomes.proposed_segments import proposed_segments
from surveyapp.results.outcomes.rows import Customer, Visit
from surveyapp.results.outcomes.score_bands import Bands
from surveyapp.results.outcomes.score_credits import score_credits

DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)
SJQ = Bands("sjq", "SJQ", ("Low", "High"), (4.0,))
NPS = Bands("nps", "NPS", ("Detractors", "Passives", "Promoters"), (7.0, 9.0))


def customers(low: int = 60, high: int = 80, seed: int = 1) -> list[Customer]:
    """Two groups far apart; those who score low live in the "far" north."""
    rng = np.random.default_rng(seed)
    found = []
    for at in range(low + high):
        level, place = (2.0, 'far "north"') if at < low else (6.0, "south")
        scores = {"sjq": level + rng.normal(0, 0.3), "nps": float(round(level * 1.5))}
        scores["nps"] += float(rng.integers(0, 2))
        visit = Visit("Form" if at < low else "Branch", "web", DAY - timedelta(days=2))
        found.append(
            Customer(
                DAY,
                scores,
                visits=[visit],
                attributes={"region": place, "age of 2": 3, "none": None},
            )
        )
    return found


def shown(everybody: Sequence[Customer], **given: Any) -> dict[str, Any]:
    return proposed_segments(everybody, (SJQ, NPS), minimum=5, resamples=5, **given)


def test_groups_come_with_sizes_means_intervals_stability_and_a_rule():
    found = shown(customers())
    assert (found["n"], found["left_out"], found["seed"], found["resamples"]) == (140, 0, 1, 5)
    first, second = found["clusters"]
    assert (first["n"], second["n"]) == (80, 60)
    for each, level in ((first, 6.0), (second, 2.0)):
        score = each["scores"][0]
        assert score["low"] < score["mean"] < score["high"]
        assert score["mean"] == pytest.approx(level, abs=0.2)
        assert (each["stability"], each["rule"]["describes"]) == ("stable", True)
        assert each["rule"]["recall"]["estimate"] == each["rule"]["precision"]["estimate"] == 1
    assert second["rule"]["text"] == 'region = "far \\"north\\""'
    assert parse(second["rule"]["text"]).matches({"region": 'far "north"'})


def test_what_cannot_be_grouped_is_refused_by_name():
    assert "two scores" in proposed_segments(customers(), (NPS,), minimum=5)["reason"]
    assert "need at least 60" in shown(customers(10, 20))["reason"]
    without = customers()
    del without[0].scores["nps"]
    assert shown(without)["reason"] == DISTINCT
    for each in without[:5]:
        each.scores.pop("nps", None)
    assert shown(without)["left_out"] == 5


def test_a_rule_that_differs_from_its_group_by_too_few_is_not_told():
    everybody = customers()
    for at in (3, 13, 23):
        everybody[at].attributes = {"region": "south"}
    for each in shown(everybody)["clusters"]:
        assert "too few customers" in each["rule"]["reason"] and "text" not in each["rule"]


def test_touchpoints_before_a_high_score_are_credited_by_every_rule():
    found = score_credits(customers(), (SJQ, NPS), minimum=5)
    assert [(each["scale"], each["band"]) for each in found] == [
        ("sjq", "High"),
        ("nps", "Promoters"),
    ]
    credits = found[0]["attribution"]
    assert (credits["customers"], credits["outcomes"]) == (140, 80)
    for model in credits["models"].values():
        shares = {each["touchpoint"]: each for each in model}
        assert shares["Branch"]["share"] == 1 and shares["Form"]["share"] == 0
        assert shares["Branch"]["low"] <= 1 <= shares["Branch"]["high"]


def test_a_touchpoint_without_events_is_met_where_its_survey_was_answered():
    everybody = customers()
    for each in everybody:
        each.asked = [Visit("Card", "", DAY - timedelta(days=1)), Visit("Form", "", DAY)]
    models = score_credits(everybody, (SJQ,), minimum=5)[0]["attribution"]["models"]
    assert {each["touchpoint"] for each in models["linear"]} == {"Branch", "Card", "Form"}
    last = {each["touchpoint"]: each["share"] for each in models["last"]}
    assert last == {"Branch": 0, "Card": 0, "Form": 1}  # who has an event there met it once


def test_the_few_without_a_touchpoint_must_not_follow_from_the_rest():
    everybody = customers()
    everybody[0].visits = []
    assert score_credits(everybody, (SJQ,), minimum=5)[0]["attribution"] == {"reason": DISTINCT}
    for each in everybody:
        each.visits = []
    assert score_credits(everybody, (SJQ,), minimum=5)[0]["attribution"] is None


def curve(band: str, kept: float | None, n: int = 50) -> dict[str, Any]:
    months = [{"month": 0, "at_risk": n, "survival": 1.0, "low": None, "high": None}]
    if kept is not None:
        year = {
            "month": 12,
            "at_risk": 20,
            "survival": kept,
            "low": kept - 0.1,
            "high": kept + 0.05,
        }
        months.append(year)
    return {"band": band, "n": n, "median_days": None, "months": months}


def result(*curves: dict[str, Any]) -> dict[str, Any]:
    return {"outcomes": [{"kind": "churn", "survival": {"label": "SJQ", "curves": list(curves)}}]}


def test_values_are_those_of_the_retention_and_its_limits():
    stored = result(curve("Low", 0.6), curve("High", 0.9), curve("New", None))
    found = customer_values(stored, StatedMoney(100, 0.12, 20), retention=0.9)
    low, high, new = found.bands
    assert high.value is not None and high.value[0] == pytest.approx(100 * 0.9 / 0.22 - 20)
    assert high.value[1] == pytest.approx(100 * 0.8 / 0.32 - 20)
    assert found.stated is not None and found.stated.value == pytest.approx(high.value[0])
    assert low.value is not None and low.value[2] == pytest.approx(100 * 0.65 / 0.47 - 20)
    assert (new.value, new.followed) == (None, None) and "6 months" in new.reason
    told = values_to_json(found)
    assert told["bands"][2]["value"] is None and told["bands"][2]["reason"]


def test_a_shorter_curve_is_taken_to_a_year_at_the_same_rate():
    half = curve("Low", 0.8)
    half["months"][1]["month"] = 6
    (band,) = customer_values(result(half), StatedMoney(100, 0.1)).bands
    assert (band.months, band.followed) == (6, 20)
    assert band.retention is not None and band.retention[0] == pytest.approx(0.64)
    half["months"][1]["month"] = 5
    (band,) = customer_values(result(half), StatedMoney(100, 0.1)).bands
    assert band.value is None and "6 months" in band.reason


def test_without_curves_and_with_impossible_money_it_is_said():
    found = customer_values(None, StatedMoney(100, 0.1))
    assert found.bands == () and "import the outcome churn" in found.reason
    with pytest.raises(Invalid, match="cannot be negative"):
        customer_values(None, StatedMoney(100, -0.1))
    with pytest.raises(Invalid, match="not between 0 and 1"):
        customer_values(None, StatedMoney(100, 0.1), retention=1.5)
    (band,) = customer_values(result(curve("All", 0.95)), StatedMoney(100, 0.0)).bands
    assert band.value is None and "without a discount" in band.reason
