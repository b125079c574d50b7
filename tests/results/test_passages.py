"""How far customers came, repeated contacts and cohorts equal a count of simulated events by pandas."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sqlalchemy import insert

from instruments.loader import BUILT_IN
from surveyapp.results.funnels.cohorts import cohorts
from surveyapp.results.funnels.invitation_funnels import invitation_funnels
from surveyapp.results.funnels.journey_funnel import journey_funnel
from surveyapp.results.funnels.passages import passages
from surveyapp.results.scope import Scope
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import Interaction, Invitation, Journey
from tests.results import bank

START = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = ("app", "id", "pay", "chat", "meet", "offer")  # two touchpoints of each stage


def simulate(seed: int, customers: int) -> pd.DataFrame:
    """Customers who begin over four months, go on with three chances in four, and may come again."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        at = START + timedelta(days=float(rng.uniform(0, 118)))
        region = str(rng.choice(["North", "South", "East", "West"]))
        for stage in range(3):
            for _ in range(1 + rng.binomial(2, 0.3)):
                point = ORDER[2 * stage + int(rng.random() < 0.3)]
                rows.append((f"c{number}", point, stage, at, region))
                at += timedelta(days=float(rng.exponential(9)))
            if rng.random() < 0.25:
                break
    frame = pd.DataFrame(rows, columns=["customer", "point", "stage", "at", "region"])
    return frame.sample(frac=1, random_state=seed)  # events arrive in any order


def report(session, made: bank.Bank, frame: pd.DataFrame) -> None:
    session.execute(
        insert(Interaction),
        [
            {
                "touchpoint_id": made.touchpoints[row.point],
                "customer_ref": row.customer,
                "at": row.at,
                "attributes": {"region": row.region},
            }
            for row in frame.itertuples()
        ],
    )


@pytest.fixture
def made(store) -> bank.Bank:
    with store.writing() as session:
        made = bank.make_journey(session)
        made.segments = bank.make_segments(session, {"north": ("North", "region = North")})
        report(session, made, simulate(3, 400))
        return made


def read(store, made: bank.Bank, days: int = 7, **cut):
    with store.reading() as session:
        return passages(session, Scope(made.journey, **cut), days=days, library=BUILT_IN)


def months(frame: pd.DataFrame) -> pd.Series:
    return frame["at"].dt.tz_localize(None).dt.to_period("M")


def test_stages_reached_and_last_seen_equal_pandas(store, made):
    events = simulate(3, 400)
    begun = months(events).groupby(events["customer"]).min()
    february = {"since": date(2026, 2, 1), "until": date(2026, 3, 31)}
    of_two = begun[begun.astype(str).isin(["2026-02", "2026-03"])].index
    north = events[events["region"] == "North"]["customer"].unique()
    cuts = (({}, begun.index), (february, of_two), ({"segment_id": made.segments["north"]}, north))
    for cut, who in cuts:
        own = events[events["customer"].isin(who)]
        found = journey_funnel(read(store, made, **cut))
        assert found.customers == len(who) > 60
        furthest = own.groupby("customer")["stage"].max()
        reached = own.groupby("stage")["customer"].nunique()
        assert [stage.reached for stage in found.stages] == list(reached)
        assert [stage.last_seen for stage in found.stages] == [
            int((furthest == at).sum()) for at in range(3)
        ]
        assert sum(stage.last_seen for stage in found.stages) == found.customers
    first, last = found.stages[0], found.stages[-1]
    exact = binomtest(first.last_seen, first.reached).proportion_ci(method="wilson")
    assert first.dropped.low == pytest.approx(100 * exact.low)
    assert last.dropped is None and last.share.estimate == pytest.approx(
        100 * last.reached / found.customers
    )


@pytest.mark.parametrize("days", [1, 7, 30])
def test_repeated_contacts_equal_pandas(store, made, days):
    events = simulate(3, 400).sort_values("at")
    gap = events.groupby(["customer", "point"])["at"].diff()
    again = events.assign(again=gap <= pd.Timedelta(days=days))
    told = again.groupby(["point", "customer"])["again"].any().groupby("point").agg(["size", "sum"])
    found = journey_funnel(read(store, made, days))
    assert [(each.customers, each.again) for each in found.repeated] == [
        (told["size"][point], told["sum"][point]) for point in ORDER
    ]
    assert found.repeated[0].again > 0


def test_cohorts_equal_pandas(store, made):
    events = simulate(3, 400)
    events["month"] = months(events)
    begun = events.groupby("customer")["month"].min()
    end = events[events["stage"] == 2].groupby("customer")["month"].min()
    since = (end - begun[end.index]).map(lambda each: each.n)
    found = cohorts(read(store, made))
    latest = events["month"].max()
    assert [row.first.month for row in found.rows][:4] == [1, 2, 3, 4]
    for row in found.rows[:4]:
        month = pd.Period(row.first, "M")
        who = begun[begun == month].index
        assert row.customers == len(who)
        came = since[since.index.isin(who)]
        assert [each.estimate for each in row.reached] == pytest.approx(
            [100 * int((came <= k).sum()) / len(who) for k in range((latest - month).n + 1)]
        )


def test_small_groups_are_hidden_with_what_would_give_them_away(store):
    """Three customers came to the last stage: it is hidden, and where they were last seen with a second one."""
    with store.writing() as session:
        made = bank.make_journey(session)
        rows = [(f"c{n}", "app", 0, START, "East") for n in range(40)]
        rows += [(f"c{n}", "pay", 1, START + timedelta(days=1), "East") for n in range(20)]
        rows += [(f"c{n}", "meet", 2, START + timedelta(days=2), "East") for n in range(3)]
        report(session, made, pd.DataFrame(rows, columns=["customer", "point", "stage", "at", "region"]).assign(at=lambda f: pd.to_datetime(f["at"])))  # fmt: skip
    found = journey_funnel(read(store, made))
    assert [stage.reached for stage in found.stages] == [40, 20, None]
    assert found.stages[2].hidden is Hidden.FEW
    assert [stage.last_seen for stage in found.stages] == [20, None, None]
    assert found.stages[1].last_seen_hidden is Hidden.COMPLEMENT
    assert [each.hidden for each in found.repeated] == [Hidden.NO, Hidden.NO, Hidden.FEW]
    with store.writing() as session:
        report(session, made, pd.DataFrame([("d", "app", 0, pd.Timestamp(START + timedelta(days=70)), "East")], columns=["customer", "point", "stage", "at", "region"]))  # fmt: skip
    rows = cohorts(read(store, made)).rows
    assert [(row.first.month, row.customers) for row in rows] == [(1, None), (2, 0), (3, None)]


def test_days_are_those_of_the_journeys_zone(store):
    with store.writing() as session:
        made = bank.make_journey(session)
        session.get_one(Journey, made.journey).zone = "Europe/Helsinki"
        night = START + timedelta(days=30, hours=23)  # the first of February there
        rows = [(f"c{n}", "app", 0, night, "East") for n in range(6)]
        report(session, made, pd.DataFrame(rows, columns=["customer", "point", "stage", "at", "region"]))  # fmt: skip
    assert read(store, made).passages[0].month == (2026, 2)


def test_invitations_count_by_survey_and_channel_and_a_small_channel_is_hidden(store):
    at = datetime(2026, 3, 5, tzinfo=UTC)
    states = [("email", 40, 12, 9, 30), ("sms", 24, 10, 8, 12), ("link", 3, 1, 0, 0)]
    with store.writing() as session:
        made = bank.make_journey(session)
        rows = [
            {
                "survey_id": made.surveys["app"],
                "token_hash": f"{channel}{number}",
                "channel": channel,
                "created_at": at,
                "sent_at": at,
                "state": "completed" if number < completed else "opened" if number < completed + opened else "created",
                "opened_at": at if number < completed + opened else None,
                "started_at": at if number < completed + started else None,
            }
            for channel, n, opened, started, completed in states
            for number in range(n)
        ]  # fmt: skip
        session.execute(insert(Invitation), [row for row in rows if row["channel"] != "link"])
    with store.reading() as session:
        found = invitation_funnels(session, Scope(made.journey), library=BUILT_IN)
    told = {each.channel: [step.n for step in each.steps] for each in found}
    assert told == {"": [64, 62, 59, 42], "email": [40, 40, 39, 30], "sms": [24, 22, 20, 12]}
    with store.reading() as session:
        whole = invitation_funnels(session, Scope(made.journey), by_channel=False, library=BUILT_IN)
    assert [(s.name, s.n) for s in whole[0].steps] == [
        *(("Asked", 64), ("Opened", 62), ("Completed", 42))
    ]
    assert len(whole) == 1
    exact = binomtest(42, 64).proportion_ci(method="wilson")
    assert found[0].steps[-1].share.low == pytest.approx(100 * exact.low)
    with store.writing() as session:
        session.execute(insert(Invitation), [row for row in rows if row["channel"] == "link"])
    with store.reading() as session:
        found = invitation_funnels(session, Scope(made.journey), library=BUILT_IN)
    hidden = {each.channel: each.hidden for each in found}
    assert hidden[""] is Hidden.NO and hidden["link"] is Hidden.FEW
    assert any(hidden[channel] for channel in ("email", "sms"))  # the rest would give it away
