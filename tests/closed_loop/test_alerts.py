"""Alerts: each complete month judged once, one message for each crossing, with the interval in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from surveyapp.closed_loop import alert_posts, alerts, chat_formats
from surveyapp.closed_loop.alert_duty import alerts_due, send_test
from surveyapp.closed_loop.alert_queries import of_journey, of_person
from surveyapp.closed_loop.alert_rules import AlertRule
from surveyapp.closed_loop.alerts import Doer
from surveyapp.errors import Conflict, Invalid, NotAllowed, NotFound
from surveyapp.results.view_models import Hidden
from surveyapp.store.models import (
    Alert,
    AlertEvent,
    AuditEntry,
    Event,
    Journey,
    JourneyGrant,
    OutgoingMessage,
    SurveyRow,
)
from tests.closed_loop.makers import BASE, NOW, make_loop, respond
from tests.installations import installation_on
from tests.responses.makers import make_journey, make_survey
from tests.results import bank
from tests.webhooks.listening import listening

RULE = AlertRule(
    journey_id=1,
    scale="nps",
    place="apply/form",
    value=20.0,
    minimum_n=5,
    emails=["a@example.org"],
)
EVERY = Doer(None)


def month(number: int, day: int = 15) -> datetime:
    """A day of so many months before April 2026, the last complete month of NOW."""
    year, index = divmod(2026 * 12 + 3 - number, 12)
    return datetime(year, index + 1, day, 12, tzinfo=UTC)


APRIL = month(0)
MAY = datetime(2026, 6, 1, 9, tzinfo=UTC)  # when May is over


@pytest.fixture
def loop(store):
    with store.writing() as session:
        return make_loop(session)


@pytest.fixture
def installation(store, tmp_path):
    """What a duty is handed: the store and this installation's settings."""
    return installation_on(store, home=tmp_path, base_url=BASE)


def add(installation, loop, **changes) -> int:
    with installation.store.writing() as session:
        row = session.get_one(SurveyRow, loop.survey)
        rule = replace(RULE, journey_id=row.journey_id, **changes)
        return alerts.create_alert(session, rule, by=Doer(loop.owner), installation=installation).id


def answers(store, loop, *scores: int, at=APRIL) -> None:
    with store.writing() as session:
        for nps in scores:
            respond(session, loop.survey, nps, at=at)


def told(store) -> list[OutgoingMessage]:
    with store.reading() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.kind == "alert")
        return list(session.scalars(query.order_by(OutgoingMessage.id)))


def recipients(store) -> list[str]:
    return [each.content["to"] for each in told(store)]


def test_a_fall_is_told_once_by_mail_and_event(store, installation, loop):
    number = add(installation, loop, emails=["a@example.org", "b@example.org"])
    answers(store, loop, 9, 9, 3, 3, 3)
    assert alerts_due(installation, NOW) == 1
    assert alerts_due(installation, NOW + timedelta(minutes=5)) == 0
    assert alerts_due(installation, NOW + timedelta(days=1)) == 0
    first, second = told(store)
    assert [first.content["to"], second.content["to"]] == ["a@example.org", "b@example.org"]
    assert (
        first.content["subject"] == "NPS below +20: Apply, the application form (Open an account)"
    )
    for part in (
        "Net Promoter Score (NPS): −20, below the threshold of +20.",
        "Interval: −",
        "Answers: 5",
        "Period: Apr 2026 (UTC)",
        f"{BASE}/journeys/1?from=2026-04&to=2026-04",
        f"{BASE}/journeys/1/alerts",
        "so this may be due to chance",
    ):
        assert part in first.content["text"], part
    with store.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "alert")).one()
        assert event.subject["alert_id"] == number
        assert (event.subject["estimate"], event.subject["n"]) == (-20, 5)
        alert = session.get_one(Alert, number)
        assert (alert.armed, alert.told_at) == (False, NOW)


def test_staff_who_may_not_read_the_journey_are_not_told_of_it(store, installation, loop):
    """An address of nobody on the staff is a choice of whoever made the alert."""
    emails = ["Bert@example.org", "a@example.org"]
    add(installation, loop, people=[loop.owner, loop.other], emails=emails)
    with store.writing() as session:
        session.execute(delete(JourneyGrant).where(JourneyGrant.user_id == loop.other))
    answers(store, loop, 3, 3, 3, 3, 3)
    assert alerts_due(installation, NOW) == 1
    assert recipients(store) == ["olga@example.org", "a@example.org"]
    with store.reading() as session:
        query = select(AuditEntry.detail).where(AuditEntry.action == "withhold alert")
        assert {each["user"].lower() for each in session.scalars(query)} == {"bert@example.org"}


def test_a_fall_beyond_chance_is_called_one(store, installation, loop):
    add(installation, loop, value=50.0, whole=True)
    answers(store, loop, *[2] * 30)
    assert alerts_due(installation, NOW) == 1
    assert "The whole interval is below the threshold." in told(store)[0].content["text"]


def test_an_interval_that_includes_the_threshold_is_not_told_where_all_of_it_must_cross(
    store, installation, loop
):
    add(installation, loop, whole=True)
    answers(store, loop, 9, 9, 3, 3, 3)
    assert alerts_due(installation, NOW) == 0


@pytest.mark.parametrize(
    ("scores", "changes", "expected"),
    [
        ([3, 3, 3, 3], {"minimum_n": 1}, 0),  # fewer than the smallest cell, whatever was asked for
        ([3, 3, 3, 3, 3], {"minimum_n": 6}, 0),
        ([9, 9, 9, 9, 3, 3, 8, 8, 8, 8], {}, 0),  # +20 is the limit itself
        ([9] * 5, {"direction": "above"}, 1),
    ],
)
def test_enough_answers_must_say_so(store, installation, loop, scores, changes, expected):
    add(installation, loop, **changes)
    answers(store, loop, *scores)
    assert alerts_due(installation, NOW) == expected


def test_one_alert_watches_a_lower_and_an_upper_limit(store, installation, loop):
    """A score that jumps from one side to the other is a new crossing; inside the limits it is none."""
    add(installation, loop, value=-20.0, upper=40.0, outside=True)
    answers(store, loop, *[1] * 5, at=month(2))
    assert alerts_due(installation, month(1)) == 1
    answers(store, loop, *[10] * 5, at=month(1))
    assert alerts_due(installation, month(0)) == 1
    answers(store, loop, *[10] * 5, at=month(0))
    assert alerts_due(installation, NOW) == 0  # still above
    answers(store, loop, *[10] * 3, *[1] * 3, at=NOW)
    assert alerts_due(installation, MAY) == 0
    first, second = told(store)
    assert first.content["subject"].startswith(
        "NPS outside −20 to +40: Apply, the application form"
    )
    assert "(NPS): −100, below the lower limit of −20. " in first.content["text"]
    assert "The interval includes the lower limit, so" in first.content["text"]
    assert "(NPS): +100, above the upper limit of +40. " in second.content["text"]


@pytest.mark.parametrize(
    ("before", "after", "said"), [((1, 9), (9, 10), "higher: +"), ((9, 10), (1, 9), "lower: −")]
)
def test_one_alert_watches_a_significant_change_either_way(
    store, installation, loop, before, after, said
):
    add(installation, loop, kind="change", outside=True, direction="above", upper=3.0)
    answers(store, loop, *before * 20, at=month(1))
    answers(store, loop, *after * 20)
    assert alerts_due(installation, NOW) == 1
    (mail,) = told(store)
    assert mail.content["subject"].startswith("NPS significantly lower or higher")
    assert f"significantly {said}" in mail.content["text"]
    with store.reading() as session:
        alert = session.scalars(select(Alert)).one()
        assert (alert.direction, alert.upper) == ("below", None)  # what says nothing is not kept


def test_answers_of_a_month_that_is_not_over_move_nothing(store, installation, loop):
    """A figure before and after one answer would tell that answer."""
    add(installation, loop)
    answers(store, loop, *[1] * 9, at=NOW - timedelta(days=1))
    assert alerts_due(installation, NOW) == 0
    assert alerts_due(installation, MAY) == 1


def test_months_without_enough_answers_are_looked_at_again_the_next_day(store, installation, loop):
    add(installation, loop)
    assert alerts_due(installation, NOW) == 0
    answers(store, loop, *[1] * 5)  # imported later
    assert alerts_due(installation, NOW) == 0
    assert alerts_due(installation, NOW + timedelta(days=1)) == 1


def test_it_tells_again_after_the_score_was_back(store, installation, loop):
    add(installation, loop)
    answers(store, loop, *[1] * 5, at=month(2))
    assert alerts_due(installation, month(1)) == 1
    answers(store, loop, *[1] * 5, at=month(1))
    assert alerts_due(installation, month(0)) == 0  # still below: the same fall
    answers(store, loop, *[10] * 5, at=month(0))
    assert alerts_due(installation, NOW) == 0  # armed again, tells of nothing
    answers(store, loop, *[1] * 5, at=NOW)
    assert alerts_due(installation, MAY) == 1
    assert len(told(store)) == 2


def test_a_significant_change_is_told_with_the_test_that_the_page_shows(store, installation, loop):
    add(installation, loop, kind="change")
    add(installation, loop, kind="change", direction="above")
    answers(store, loop, *[9, 10] * 20, at=month(1))
    answers(store, loop, *[1, 9] * 20)
    assert alerts_due(installation, NOW) == 1
    (mail,) = told(store)
    assert (
        mail.content["subject"]
        == "NPS significantly lower: Apply, the application form (Open an account)"
    )
    assert "significantly lower: −100, 95% CI" in mail.content["text"]
    assert "after Holm correction" in mail.content["text"]


def test_a_month_beyond_its_control_limits_is_told(store, installation, loop):
    add(installation, loop, kind="control", months=6)
    for number in range(9, 0, -1):
        answers(store, loop, *[9, 9, 9, 3, 8 + number % 2], at=month(number))
    answers(store, loop, *[2] * 5)
    assert alerts_due(installation, NOW) == 1
    (mail,) = told(store)
    assert (
        mail.content["subject"]
        == "NPS below its control limits: Apply, the application form (Open an account)"
    )
    assert "from 9 months" in mail.content["text"]


def test_a_stage_is_watched_with_all_its_touchpoints(store, installation, loop):
    """By its own figure, which the table of stages shows."""
    number = add(installation, loop, place="apply")
    answers(store, loop, 9, 9, 3, 3, 3)
    assert alerts_due(installation, NOW) == 1
    (mail,) = told(store)
    assert mail.content["subject"] == "NPS below +20: Apply (Open an account)"
    with store.reading() as session:
        assert session.get_one(Alert, number).place == "apply"


def test_too_few_earlier_months_have_no_control_limits(store, installation, loop):
    add(installation, loop, kind="control")
    for number in range(7, 0, -1):
        answers(store, loop, *[9] * 5, at=month(number))
    answers(store, loop, *[2] * 5)
    assert alerts_due(installation, NOW) == 0


def test_paused_alerts_are_silent_and_judge_anew_when_resumed(store, installation, loop):
    number = add(installation, loop)
    answers(store, loop, *[1] * 5)
    for _ in range(2):
        with store.writing() as session:
            alerts.set_active(session, session.get_one(Alert, number), False, by=EVERY)
    assert alerts_due(installation, NOW) == 0
    with store.writing() as session:
        alerts.set_active(session, session.get_one(Alert, number), True, by=EVERY)
    assert alerts_due(installation, NOW) == 1
    with store.reading() as session:
        query = select(AuditEntry.action).where(AuditEntry.action.contains("alert"))
        assert sorted(session.scalars(query)) == ["create alert", "start alert", "stop alert"]


def test_a_muted_crossing_is_in_the_history_and_nobody_is_told(store, installation, loop):
    number = add(installation, loop)
    answers(store, loop, *[1] * 5)
    with store.writing() as session:
        alerts.mute(session, session.get_one(Alert, number), 30, by=EVERY, now=NOW)
    assert alerts_due(installation, NOW) == 1
    assert told(store) == []
    with store.reading() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "alert")) == 0
        (line,) = of_journey(session, 1, now=NOW, installation=installation)
        assert [event.muted for event, _ in line.history] == [True]


def test_an_alert_without_addresses_tells_webhooks_only(store, installation, loop):
    add(installation, loop, emails=[])
    answers(store, loop, *[1] * 5)
    assert alerts_due(installation, NOW) == 1
    assert told(store) == []
    with store.reading() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "alert")) == 1


def test_a_digest_gathers_what_was_told_and_is_written_once(store, installation, loop):
    for digest in ("daily", "weekly"):
        add(installation, loop, digest=digest, people=[loop.owner], emails=[])
    add(installation, loop, scale="csat", value=100.0, direction="below", digest="weekly")
    answers(store, loop, *[1] * 5)
    night = datetime(2026, 5, 3, 3, tzinfo=UTC)  # a Sunday
    assert alerts_due(installation, night) == 2
    assert told(store) == []
    assert alerts_due(installation, night + timedelta(hours=6)) == 1  # the daily one
    assert alerts_due(installation, night + timedelta(hours=30)) == 1  # on Monday
    assert alerts_due(installation, night + timedelta(hours=31)) == 0
    assert recipients(store) == ["olga@example.org"] * 2


def test_a_crossing_that_nobody_acknowledges_goes_to_the_second_person_once(
    store, installation, loop
):
    for _ in range(2):
        add(installation, loop, escalate_to=loop.other, escalate_hours=4)
    answers(store, loop, *[1] * 5)
    assert alerts_due(installation, NOW) == 2
    with store.writing() as session:
        first = session.scalars(select(AlertEvent).order_by(AlertEvent.id)).first()
        for _ in range(2):
            alerts.acknowledge(session, first, user_id=loop.owner, now=NOW)
    assert alerts_due(installation, NOW + timedelta(hours=3)) == 0
    assert alerts_due(installation, NOW + timedelta(hours=4)) == 1
    assert alerts_due(installation, NOW + timedelta(hours=9)) == 0
    assert recipients(store) == ["a@example.org"] * 2 + ["bert@example.org"]
    assert "Nobody has acknowledged this alert for 4 hours" in told(store)[-1].content["text"]


def test_a_test_goes_to_everybody_and_changes_nothing(store, installation, loop):
    number = add(installation, loop)
    with store.writing() as session, pytest.raises(Conflict):
        alert = session.get_one(Alert, number)
        send_test(session, alert, now=NOW, today=NOW.date(), installation=installation)
    answers(store, loop, *[9] * 5)
    with store.writing() as session:
        alert = session.get_one(Alert, number)
        send_test(session, alert, now=NOW, today=NOW.date(), installation=installation)
        assert alert.armed and alert.told_at is None
    (mail,) = told(store)
    assert (
        mail.content["subject"]
        == "Test: NPS below +20: Apply, the application form (Open an account)"
    )
    assert "threshold +20, not crossed" in mail.content["text"]


def test_a_chat_is_posted_to_again_until_it_takes_the_alert(store, tmp_path, loop):
    with listening(503, 200) as server:
        installation = installation_on(
            store, home=tmp_path, base_url=BASE, private_hooks=server.place
        )
        add(installation, loop, emails=[], chat="slack", chat_url=server.url)
        answers(store, loop, *[1] * 5)
        assert alerts_due(installation, NOW) == 1
        assert alert_posts.post_due(installation, NOW) == 1
        assert alert_posts.post_due(installation, NOW) == 0
        assert alert_posts.post_due(installation, NOW + timedelta(minutes=1)) == 1
        assert alert_posts.post_due(installation, NOW + timedelta(days=1)) == 0
    bodies = [json.loads(body) for _, _, body in server.told]
    assert bodies[0] == bodies[1]
    assert bodies[0]["text"] == "NPS below +20: Apply, the application form (Open an account)"
    with store.reading() as session:
        (event,) = session.scalars(select(AlertEvent))
        assert (event.post_state, event.post_attempts, event.post_error) == ("sent", 2, "")


def test_what_a_name_holds_is_no_markup_in_a_chat():
    title, text = "NPS at <!channel>", "[here](https://evil.example) <!channel>\n\n*A & B*"
    slack = chat_formats.slack(title, text, f"{BASE}/journeys/1/alerts")
    assert slack["text"] == "NPS at &lt;!channel&gt;"
    assert {each["text"]["type"] for each in slack["blocks"][:2]} == {"plain_text"}
    (card,) = chat_formats.teams(title, text, BASE)["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["body"][1]["text"].startswith("\\[here\\]\\(https")
    assert card["content"]["actions"][0]["url"] == BASE


def test_a_handful_is_not_shown_on_the_page_either(store, installation, loop):
    add(installation, loop, minimum_n=1)
    answers(store, loop, *[1] * 4)
    with store.reading() as session:
        (line,) = of_journey(session, 1, now=NOW, installation=installation)
    figure = line.look.figure
    assert (figure.hidden, figure.estimate, line.look.crossed) == (Hidden.FEW, None, False)


def test_a_score_that_is_asked_no_longer_is_not_watched(store, installation, loop):
    number = add(installation, loop)
    with store.writing() as session:
        session.get_one(Alert, number).scale = "gone"
    assert alerts_due(installation, NOW) == 0


def test_what_cannot_be_watched_is_refused_by_its_field(store, installation, loop):
    for field, changes in (
        ("what", {"scale": "ces"}),
        ("what", {"place": "apply/nowhere"}),
        ("value", {"value": -100.0}),
        ("value", {"value": 100.5}),
        ("value", {"value": 100.0, "direction": "above"}),
        ("value", {"value": float("nan")}),
        ("upper", {"outside": True}),
        ("upper", {"outside": True, "upper": 20.0}),
        ("upper", {"outside": True, "upper": float("nan")}),
        ("upper", {"outside": True, "upper": 100.0}),
        ("value", {"outside": True, "value": -100.0, "upper": 50.0}),
        ("direction", {"direction": "outside"}),
        ("minimum_n", {"minimum_n": 0}),
        ("minimum_n", {"minimum_n": 2.5}),
        ("months", {"months": 13}),
        ("kind", {"kind": "guess"}),
        ("kind", {"kind": "change", "place": "apply"}),
        ("kind", {"kind": "control", "place": "apply"}),
        ("people", {"people": [999]}),
        ("escalate_to", {"escalate_to": 999}),
        ("escalate_hours", {"escalate_to": loop.owner, "escalate_hours": 0}),
        ("chat_url", {"chat": "slack", "chat_url": "https://127.0.0.1/hook"}),
        ("chat_url", {"chat": "teams", "chat_url": "http://example.org/hook"}),
        ("emails", {"emails": ["not an address"]}),
        ("emails", {"emails": ["a@b.example\nBcc: c@d.example"]}),
        ("emails", {"emails": [f"a{k}@example.org" for k in range(21)]}),
    ):
        with pytest.raises(Invalid) as refused:
            add(installation, loop, **changes)
        assert refused.value.field == field, changes


def test_a_reader_tells_people_with_access_only_and_changes_their_own_alone(
    store, installation, loop
):
    reader = Doer(loop.other, anywhere=False)
    number = add(installation, loop)
    with store.writing() as session:
        for changes in ({"emails": ["x@example.org"]}, {"chat": "slack"}):
            rule = replace(RULE, **{"emails": [], **changes})
            with pytest.raises(Invalid):
                alerts.create_alert(session, rule, by=reader, installation=installation)
        rule = replace(RULE, emails=[], people=[loop.other])
        own = alerts.create_alert(session, rule, by=reader, installation=installation)
        alerts.set_active(session, own, False, by=reader)
        with pytest.raises(NotAllowed):
            alerts.remove(session, session.get_one(Alert, number), by=reader)
        mine = of_person(session, loop.other, None, now=NOW, installation=installation)
        assert [line.alert.id for line in mine] == [own.id]


def test_a_weighted_alert_judges_the_score_with_weights(store, installation, loop):
    with store.writing() as session:
        for region, scores in (("North", [9] * 18 + [3] * 2), ("South", [3] * 7 + [9])):
            for nps in scores:
                respond(session, loop.survey, nps, at=APRIL, attributes={"region": region})
        bank.set_regions(session, 1, "North 20\nSouth 80")
    plain, number = add(installation, loop), add(installation, loop, weighted=True)
    assert (
        alerts_due(installation, NOW) == 0
    )  # without weights it is +36; the cells are not counted
    with store.reading() as session:
        lines = {
            each.alert.id: each
            for each in of_journey(session, 1, now=NOW, installation=installation)
        }
    assert lines[plain].look.estimate == pytest.approx(100 * 10 / 28)
    look = lines[number].look
    assert not look.enough and "still being counted" in look.not_weighted
    bank.count_cells(store)
    assert alerts_due(installation, NOW + timedelta(days=1)) == 1
    (mail,) = told(store)
    assert mail.content["subject"].startswith("Weighted NPS below +20: ")
    for part in (
        "Net Promoter Score (NPS), weighted: −44, below the threshold of +20.",  # .2 of 80, .8 of -75
        "(Linearised, Student's t, 95%)",
        "by region (Customer register, 31 December 2025)",
        "weighted=yes",
    ):
        assert part in mail.content["text"], part


def test_a_weighted_change_and_weighted_limits_are_judged_with_weights(store, installation, loop):
    begin = datetime(2025, 6, 15, 12, tzinfo=UTC)
    months = [begin + timedelta(days=30 * k) for k in range(11)]  # to April 2026
    with store.writing() as session:
        for at, south in zip(months, [9] * 10 + [0], strict=True):
            for region, scores in (
                ("North", [9] * 4 + [3]),
                ("South", [south] * 4 + [3 if south else 6]),
            ):
                for nps in scores:
                    respond(session, loop.survey, nps, at=at, attributes={"region": region})
        bank.set_regions(session, 1, "North 20\nSouth 80")
    bank.count_cells(store)
    kinds = ("change", "control")
    numbers = {k: add(installation, loop, weighted=True, months=1, kind=k) for k in kinds}
    with store.reading() as session:
        looks = {
            each.alert.id: each.look
            for each in of_journey(session, 1, now=NOW, installation=installation)
        }
    change, control = (looks[numbers[kind]] for kind in kinds)
    assert change.figure is not None and change.figure.change is not None
    before = change.figure.change.before.estimate
    assert before == pytest.approx(0.2 * 60 + 0.8 * 60)
    assert change.side == "below" and control.side == "below"
    assert control.limits is not None and control.limits.n == 10


def test_a_weighted_alert_is_of_all_customers_where_shares_are_known(store, installation, loop):
    def refused(**changes) -> str:
        with pytest.raises(Invalid) as error:
            add(installation, loop, weighted=True, **changes)
        assert error.value.field == "weighted"
        return str(error.value)

    assert "set them first" in refused()
    with store.writing() as session:
        bank.set_regions(session, 1)
    assert "take these filters off" in refused(channel="email")


def test_an_alert_belongs_to_its_journey(store, installation, loop):
    number = add(installation, loop)
    with store.writing() as session:
        journey = make_journey(session, "other")
        other = make_survey(session, asks=("nps",), name="Other", journey=journey)
        with pytest.raises(NotFound):
            alerts.alert_of(session, other.journey_id, number)
        journey = session.get_one(SurveyRow, loop.survey).journey_id
        alerts.remove(session, alerts.alert_of(session, journey, number), by=EVERY)
        session.flush()
        with pytest.raises(NotFound):
            alerts.alert_of(session, journey, number)
        assert session.scalar(select(func.count(Journey.id))) >= 1
