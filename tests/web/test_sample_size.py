"""When will we know? The page of a survey and of a journey, and the rule to stop by."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from html import unescape

import pytest

from surveyapp.store.models import SurveyRow
from tests.results import bank
from tests.web.world import add_user


def words(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


@pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # pages do not differ by database
def test_a_survey_says_when_it_knows_enough_and_closes_itself(installation, sign_in):
    today = installation.now().date()
    monday = today - timedelta(today.weekday())
    with installation.store.writing() as session:
        user, manager = add_user(session, "administrator"), add_user(session, "manager")
        made = bank.make_journey(session)
        days = [monday - timedelta(days=7 * week + 1) for week in range(9) for _ in range(10)]
        rows = [(datetime.combine(day, time(12), UTC), {}, {"csat": {"csat": 5 if i % 2 else 2}}) for i, day in enumerate(days)]  # fmt: skip
        bank.store_answers(session, made.surveys["app"], rows, {})
    client = sign_in(user)
    own = f"/journeys/{made.journey}/surveys/{made.surveys['app']}/sample-size"

    found = client.get(f"{own}.json?measure=csat").json["outlook"]
    assert (found["answers"], found["needed"], found["missing"]) == (90, 385, 295)
    assert (found["rate"]["estimate"], found["rate"]["periods"]) == (10, 8)
    page = words(client.get(f"{own}?measure=csat&population=1000&margin=4"))
    assert "Answers needed 376" in page  # Cochran: 600.2 / (1 + 599.2 / 1000)
    assert "10.0 answers a week in the last 8 complete weeks (95% CI 7.9 to 12.4)" in page
    assert "The survey does not close itself." in page
    assert "not at this rate" in words(client.get(f"{own}?margin=0.5"))
    refused = client.get(f"{own}?margin=wide")
    assert refused.status_code == 422
    assert "margin=wide is not a number" in words(refused)
    assert client.get(f"{own}?measure=nps").status_code == 422

    stopped = client.post(f"{own}/stop?measure=csat&margin=4", data={"most": "376"})
    assert stopped.status_code == 303 and stopped.location.endswith("measure=csat&margin=4")
    assert "The survey closes itself at 376 responses." in words(client.get(own))
    with installation.store.reading() as session:
        row = session.get_one(SurveyRow, made.surveys["app"])
        assert [each["most"] for each in row.logic["quotas"]] == [376]
    assert client.post(f"{own}/stop", data={"most": "0"}).status_code == 422

    planned = {"due": "2031-01-31", "answers": ""}
    assert client.post(f"{own}/plan?measure=csat&margin=4", data=planned).status_code == 303
    assert "a margin of ±4 of csat, by 31 Jan 2031" in words(client.get(own))
    assert client.get(f"{own}.json").json["stop_rule"]["margin"] == 4
    wrong = client.post(f"{own}/plan?measure=csat", data={"answers": "0"})
    assert wrong.status_code == 422
    assert client.post(f"{own}/plan/remove").status_code == 303
    assert client.get(f"{own}.json").json["stop_rule"] is None

    reader = sign_in(manager)
    assert reader.get(own).status_code == 403
    whole = f"/journeys/{made.journey}/sample-size"
    document = reader.get(f"{whole}.json").json
    assert f"{made.touchpoints['app']}:csat" in document["measures"]
    assert "no answers yet" in words(reader.get(whole))  # the first: SJQ at the journey's end
    monthly = reader.get(f"{whole}.json?measure={made.touchpoints['app']}:csat").json["outlook"]
    assert monthly["answers"] == 90
    assert monthly["rate"] is None or monthly["rate"]["days"] > 28
