"""What happened is told once to who wants to know: signed, again after a failure, and no more of it
than may travel."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event, Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from instruments.loader import BUILT_IN
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.installation import Installation
from surveyapp.periodic import repeat
from surveyapp.reports import make
from surveyapp.responses import corrections, erasures
from surveyapp.store import events
from surveyapp.store.columns import utc_now
from surveyapp.store.models import (
    Alert,
    AuditEntry,
    Case,
    Delivery,
    Response,
    SurveyRow,
    Webhook,
)
from surveyapp.store.models import Event as StoredEvent
from surveyapp.webhooks import actions, deliveries, queries, signing
from surveyapp.webhooks.deliveries import BACK_OFF, deliver
from surveyapp.worker import DUTIES, SUBSCRIBERS
from tests.responses.makers import SECRET, as_survey
from tests.web.world import Place, answer
from tests.webhooks.listening import listening

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def submit(installation: Installation, place: Place, *, nps: int = 9, **other: Any) -> int:
    with installation.store.writing() as session:
        return answer(session, session.get_one(SurveyRow, place.survey_id), nps=nps, **other)


def spread(installation: Installation) -> int:
    """All events, as a worker does it: so many in a transaction."""
    told = 0
    while True:
        with installation.store.writing() as session:
            count = events.dispatch(session, SUBSCRIBERS)
        told += count
        if not count:
            return told


def rows(installation: Installation) -> list[Delivery]:
    with installation.store.reading() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def public_id(installation: Installation, number: int) -> str:
    with installation.store.reading() as session:
        return session.get_one(Response, number).public_id


def hook(installation: Installation, number: int) -> Webhook:
    with installation.store.reading() as session:
        return session.get_one(Webhook, number)


def test_changed_and_erased_answers_are_told_and_leave_no_answer_behind(
    installation: Installation, place: Place, add_hook
):
    with listening(200) as server:
        add_hook(server, "response.corrected", "response.erased")
        add_hook(server, "response", name="of new ones only")
        number = submit(installation, place, nps=9)
        named = public_id(installation, number)
        with installation.store.writing() as session:
            survey = session.get_one(SurveyRow, place.survey_id)
            raw = {"nps": {"nps": "2", "nps_reason": "Ada"}}
            corrections.correct(
                session, as_survey(session, survey), number, raw, now=NOW, library=BUILT_IN
            )
        spread(installation)
        deliver(installation, NOW)
        with installation.store.writing() as session:
            survey = session.get_one(SurveyRow, place.survey_id)
            erasures.erase(session, as_survey(session, survey), number, now=NOW, secret_key=SECRET)
        assert rows(installation) == []  # what told of the response is gone with it
        spread(installation)
        deliver(installation, NOW)
    told = {headers["Surveyapp-Event"]: json.loads(body) for _, headers, body in server.told}
    assert set(told) == {"response", "response.corrected", "response.erased"}
    changed, erased = told["response.corrected"]["data"], told["response.erased"]["data"]
    assert (changed["response"], changed["response_id"]) == (number, named)
    assert changed["scores"] == {"nps": 2}
    assert "corrected_at" in changed
    assert "Ada" not in str(changed)
    assert erased == {"response": number, "response_id": named}
    deliveries_ = [headers["Surveyapp-Delivery"] for _, headers, _ in server.told]
    assert len(deliveries_) == len(set(deliveries_)) == 3
    assert all(headers["Surveyapp-Signature"] for _, headers, _ in server.told)
    assert [each.response_id for each in rows(installation)] == [None]


def test_a_response_is_told_signed_and_once(installation: Installation, place: Place, add_hook):
    with listening(200) as server:
        number = add_hook(server)
        response_id = submit(installation, place, reason="Ring me: ada@example.org")
        assert spread(installation) == 1
        assert deliver(installation, NOW) == 1
        assert deliver(installation, NOW) == 0
    [(path, headers, body)] = server.told
    assert (path, headers["Surveyapp-Event"]) == ("/hook", "response")
    [row] = rows(installation)
    assert headers["Surveyapp-Delivery"] == str(UUID(row.public_id))
    assert (row.state, row.status, row.attempts, row.delivered_at) == ("delivered", 200, 1, NOW)
    told = json.loads(body)
    assert set(told["data"]) == {
        *("journey", "touchpoint", "survey", "deployment", "response_id", "response"),
        *("submitted_at", "language", "scores"),
    }
    assert (told["data"]["response"], told["data"]["scores"]) == (response_id, {"nps": 9.0})
    assert told["data"]["response_id"] == public_id(installation, response_id)
    assert b"ada@" not in body
    # As the receiver checks it.
    secret = signing.secret_of(installation.secret_key, hook(installation, number).seed)
    moment, code = (part.split("=")[1] for part in headers["Surveyapp-Signature"].split(","))
    expected = hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    assert hmac.compare_digest(code, expected)
    assert int(moment) == int(NOW.timestamp())


def test_nothing_is_written_for_who_does_not_want_to_know(
    installation: Installation, place: Place, add_hook
):
    add_hook("https://hooks.example.org/", "report")
    paused = add_hook("https://hooks.example.org/", "response")
    with installation.store.writing() as session:
        actions.pause(session, session.get_one(Webhook, paused), user_id=None)
    submit(installation, place)
    with installation.store.writing() as session:
        events.publish(session, "response", response_id=1, survey_id=place.survey_id)
    spread(installation)
    assert rows(installation) == []


def test_a_server_that_fails_is_told_again_after_a_pause_and_the_log_says_so(
    installation: Installation, place: Place, add_hook
):
    with listening(500, 503, 200, body=b"<b>broken</b>") as server:
        number = add_hook(server)
        submit(installation, place)
        spread(installation)
        deliver(installation, NOW)
        [first] = rows(installation)
        assert (first.state, first.status, first.due_at) == (
            "waiting",
            500,
            NOW + timedelta(minutes=1),
        )
        assert first.error == "The server answered 500: <b>broken</b>"
        assert hook(installation, number).failing_since == NOW
        assert deliver(installation, NOW + timedelta(seconds=59)) == 0
        assert deliver(installation, NOW + timedelta(minutes=1)) == 1
        assert deliver(installation, NOW + timedelta(minutes=6)) == 1
    [row] = rows(installation)
    assert (row.state, row.status, row.attempts, row.error) == ("delivered", 200, 3, "")
    assert hook(installation, number).failing_since is None
    bodies = {body for _, _, body in server.told}
    identities = {headers["Surveyapp-Delivery"] for _, headers, _ in server.told}
    signatures = {headers["Surveyapp-Signature"] for _, headers, _ in server.told}
    assert (len(bodies), len(identities), len(signatures)) == (1, 1, 3)


def test_it_is_given_up_after_the_last_pause(installation: Installation, place: Place, add_hook):
    with listening(500) as server:
        add_hook(server)
        submit(installation, place)
        spread(installation)
        moment = NOW
        for pause in BACK_OFF:
            assert deliver(installation, moment) == 1
            [row] = rows(installation)
            assert (row.state, row.due_at) == ("waiting", moment + pause)
            moment += pause
        assert deliver(installation, moment) == 1
        [row] = rows(installation)
        assert (row.state, row.attempts) == ("failed", 7)
        assert deliver(installation, moment + timedelta(days=30)) == 0
    assert tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 480, 1440)) == BACK_OFF


@pytest.mark.parametrize("status", [301, 307, 404, 410, 429])
def test_only_a_status_of_two_hundred_and_something_counts(
    installation: Installation, place: Place, add_hook, status: int
):
    with listening(status, headers={"Location": "http://127.0.0.1:1/"}) as server:
        add_hook(server)
        submit(installation, place)
        spread(installation)
        deliver(installation, NOW)
    [row] = rows(installation)
    assert (row.state, row.status) == ("waiting", status)


def test_an_address_that_leads_inside_gets_nothing_and_the_log_says_why(
    installation: Installation, place: Place, add_hook
):
    """The settings allowed it once and do not any more: it is checked at each attempt."""
    with listening(200) as server:
        add_hook(server)
        submit(installation, place)
        spread(installation)
        object.__setattr__(installation.settings, "private_hooks", "")
        deliver(installation, NOW)
    assert server.told == []
    [row] = rows(installation)
    assert (row.state, row.status) == ("waiting", None)
    assert "use https" in row.error


def test_a_webhook_without_any_success_for_three_days_is_paused_until_somebody_resumes_it(
    installation: Installation, place: Place, add_hook
):
    with listening(500) as server:
        number = add_hook(server)
        moment = NOW
        for _ in range(3):
            submit(installation, place)
            spread(installation)
            for pause in (timedelta(0), *BACK_OFF):
                moment += pause
                deliver(installation, moment)
            if not hook(installation, number).active:
                break
        webhook = hook(installation, number)
        assert queries.state_of(webhook) == "failing"
        assert timedelta(days=3) <= moment - NOW < timedelta(days=5)
        submit(installation, place)
        count = len(rows(installation))
        assert deliver(installation, moment + timedelta(days=9)) == 0
        with installation.store.writing() as session:
            entry = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "pause webhook")
            ).one()
            assert entry.detail == {"by": "failures"}
            [line] = queries.lines(session)
            assert (line.state, line.failing_since) == ("failing", NOW)
            with pytest.raises(Conflict):
                actions.send_test(session, session.get_one(Webhook, number), user_id=None)
            actions.resume(session, session.get_one(Webhook, number), user_id=None)
        assert len(rows(installation)) == count
        server.statuses[:] = [200]
        assert (
            deliver(installation, moment + timedelta(days=9)) == 1
        )  # what waited when it was paused
    assert queries.state_of(hook(installation, number)) == "on"


def test_a_replay_is_a_delivery_of_its_own(installation: Installation, place: Place, add_hook):
    with listening(200) as server:
        number = add_hook(server)
        submit(installation, place)
        spread(installation)
        with installation.store.writing() as session:
            [row] = session.scalars(select(Delivery))
            with pytest.raises(Conflict):
                actions.replay(session, session.get_one(Webhook, number), row, user_id=None)
        deliver(installation, NOW)
        with installation.store.writing() as session:
            row = session.get_one(Delivery, row.id)
            again = actions.replay(session, session.get_one(Webhook, number), row, user_id=None)
            assert again.replay_of == row.id
        deliver(installation, NOW)
    (_, first, told), (_, second, told_again) = server.told
    assert told == told_again
    assert first["Surveyapp-Delivery"] != second["Surveyapp-Delivery"]
    assert [row.state for row in rows(installation)] == ["delivered", "delivered"]


def test_what_one_worker_has_claimed_no_other_posts_until_the_claim_lapses(
    installation: Installation, place: Place, add_hook
):
    add_hook("https://hooks.example.org/")
    submit(installation, place)
    spread(installation)
    with installation.store.writing() as session:
        [[due]] = deliveries.claim(session, "k", now=NOW)
    with installation.store.writing() as session:
        assert deliveries.claim(session, "k", now=NOW + timedelta(minutes=9)) == []
        [[lapsed]] = deliveries.claim(session, "k", now=NOW + timedelta(minutes=10))
    assert due == lapsed


def test_a_dead_server_is_tried_once_a_round_and_holds_up_no_other(
    installation: Installation, place: Place, add_hook
):
    with listening(500) as dead, listening(200) as alive:
        add_hook(dead, name="Dead")
        add_hook(alive, name="Alive")
        for _ in range(5):
            submit(installation, place)
        spread(installation)
        assert deliver(installation, NOW) == 6
        assert (len(dead.told), len(alive.told)) == (1, 5)
        told = [json.loads(body)["data"]["response"] for _, _, body in alive.told]
        assert told == sorted(told)  # in their order
        assert deliver(installation, NOW) == 1  # the next one; the first waits its minute


def test_an_anonymous_survey_tells_that_somebody_answered_and_the_day(
    installation: Installation, place: Place, add_hook
):
    with listening(200) as server:
        add_hook(server)
        with installation.store.writing() as session:
            session.get_one(SurveyRow, place.survey_id).anonymity = "anonymous"
        submit(installation, place, attributes={})
        spread(installation)
        deliver(installation, NOW)
    [(_, _, body)] = server.told
    told = json.loads(body)
    day = utc_now().date().isoformat()
    assert UUID(told.pop("id"))
    assert told == {
        "type": "response",
        "timestamp": f"{day}T00:00:00Z",
        "subject": None,
        "event": "response",
        "at": day,
        "data": {
            "journey": "open",
            "touchpoint": "apply/form",
            "survey": "after-the-form",
            "deployment": "after-the-form",  # the old name
        },
    }
    [row] = rows(installation)
    assert row.response_id is None


def test_a_case_an_alert_and_a_report_are_told(installation: Installation, place: Place, add_hook):
    with listening(200) as server:
        response_id = submit(installation, place)
        add_hook(server, "low_score", "alert", "report")
        with installation.store.writing() as session:
            case = Case(
                response_id=response_id,
                survey_id=place.survey_id,
                scale="nps",
                value=2.0,
                due_at=NOW,
            )
            alert = Alert(
                journey_id=place.journey_id,
                place="apply/form",
                scale="nps",
                value=10.0,
                minimum_n=20,
                months=3,
                emails=["ada@example.org"],
            )
            session.add_all([case, alert])
            session.flush()
            events.publish(session, "case", case_id=case.id)
            events.publish(session, "alert", alert_id=alert.id, n=31, estimate=-4.5, who="secret")
            events.publish(session, "report", report_id=place.report_id)
            events.publish(session, "report", report_id=999)  # deleted meanwhile
        assert spread(installation) == 4
        assert deliver(installation, NOW) == 3
    told = {json.loads(body)["event"]: json.loads(body)["data"] for _, _, body in server.told}
    where = {"journey": "open", "touchpoint": "apply/form", "survey": "after-the-form"}
    where["deployment"] = "after-the-form"  # the old name
    assert told == {
        "low_score": {
            **where,
            "case_id": case.public_id,
            "case": case.id,
            "response_id": public_id(installation, response_id),
            "response": response_id,
            "response_version": None,  # of an event without it
            "scale": "nps",
            "value": 2.0,
            "due_at": NOW.isoformat(),
        },
        "alert": {
            "journey": "open",
            "place": "apply/form",
            "alert": alert.id,
            "scale": "nps",
            "kind": "threshold",
            "direction": "below",
            "value": 10.0,
            "upper": None,
            "months": 3,
            "n": 31,
            "estimate": -4.5,
        },
        "report": {
            "report": place.report_id,
            "kind": "benchmark",
            "title": "Benchmark",
            "journey": "open",
        },
    }


def test_a_worker_tells_of_an_answer_by_itself(installation: Installation, place: Place, add_hook):
    duties = [DUTIES[name][1] for name in ("dispatch events", "tell webhooks")]
    over = Event()

    def do() -> int:
        return sum(duty(installation, utc_now()) for duty in duties)

    with listening(200) as server:
        add_hook(server)
        worker = Thread(
            target=repeat,
            args=(do, over.wait),
            kwargs={"name": "both", "seconds": 0.02, "pause": 0.02},
        )
        worker.start()
        submit(installation, place)
        until = monotonic() + 20
        while not server.told and monotonic() < until:
            sleep(0.02)
        over.set()
        worker.join()
    assert len(server.told) == 1


def test_a_finished_report_is_told(installation: Installation, place: Place, add_hook):
    add_hook("https://hooks.example.org/", "report")
    make.of_scope(installation, place.report_id, progress=lambda *_: None)
    spread(installation)
    [row] = rows(installation)
    assert row.payload["data"]["report"] == place.report_id


def test_what_was_told_of_a_response_goes_with_it(
    installation: Installation, place: Place, add_hook
):
    add_hook("https://hooks.example.org/")
    response_id = submit(installation, place)
    spread(installation)
    assert [row.response_id for row in rows(installation)] == [response_id]
    with installation.store.writing() as session:
        session.delete(session.get_one(Response, response_id))
    assert rows(installation) == []


def test_the_log_is_kept_for_thirty_days_but_what_waits_is_kept(
    installation: Installation, place: Place, add_hook
):
    add_hook("https://hooks.example.org/")
    for _ in range(3):
        submit(installation, place)
    spread(installation)
    with installation.store.writing() as session:
        states = dict(
            zip(session.scalars(select(Delivery.id)), ("delivered", "failed"), strict=False)
        )
        for number, state in states.items():
            session.get_one(Delivery, number).state = state
    assert deliveries.forget(installation, utc_now() + timedelta(days=29)) == 0
    assert deliveries.forget(installation, utc_now() + timedelta(days=31)) == 2
    assert [row.state for row in rows(installation)] == ["waiting"]


def test_workers_that_spread_events_at_the_same_moment_write_each_delivery_once(
    installation: Installation, place: Place, add_hook
):
    add_hook("https://hooks.example.org/")
    for _ in range(60):
        submit(installation, place)
    together = Barrier(4)

    def work() -> None:
        together.wait()
        spread(installation)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spread(installation)  # what a worker passed over because another held it and then failed
    told = [row.response_id for row in rows(installation)]
    assert len(told) == len(set(told)) == 60
    with installation.store.reading() as session:
        assert session.scalars(select(StoredEvent)).all() == []


def test_a_webhook_that_cannot_be_is_refused_at_its_field(installation: Installation):
    for wrong, field in [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"events": []}, "events"),
        ({"events": ["everything"]}, "events"),
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
    ]:
        asked = {
            "name": "CRM",
            "url": "https://hooks.example.org/a",
            "events": ["response"],
            **wrong,
        }
        with installation.store.writing() as session, pytest.raises(Invalid) as caught:
            actions.add_webhook(session, **asked, user_id=None)
        assert caught.value.field == field, wrong


def test_the_audit_log_names_changes_and_never_the_address_or_secret(
    installation: Installation, add_hook
):
    number = add_hook("https://hooks.example.org/services/T0/s3cret")
    with installation.store.writing() as session:
        webhook = session.get_one(Webhook, number)
        seed = webhook.seed
        actions.change_webhook(
            session,
            webhook,
            name="CRM",
            url="https://other.example.org/s3cret",
            events=["report"],
            user_id=None,
        )
        actions.new_secret(session, webhook, now=NOW, user_id=None)
        actions.drop_old_secret(session, webhook, user_id=None)
        actions.pause(session, webhook, user_id=None)
        assert queries.state_of(webhook) == "paused"
        actions.resume(session, webhook, user_id=None)
        actions.send_test(session, webhook, user_id=None)
        assert webhook.seed != seed
        actions.delete_webhook(session, webhook, user_id=None)
    with installation.store.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.action.split()[0] for entry in entries] == [
            *("add", "change", "renew", "drop", "pause", "resume", "test", "delete")
        ]
        assert "s3cret" not in str([vars(entry) for entry in entries])
        assert seed not in str([vars(entry) for entry in entries])
        assert session.scalars(select(Delivery)).all() == []  # gone with their webhook


def test_a_delivery_is_found_under_its_own_webhook_only(installation: Installation, add_hook):
    mine, other = (add_hook("https://hooks.example.org/", name=name) for name in "ab")
    with installation.store.writing() as session:
        sent = actions.send_test(session, session.get_one(Webhook, mine), user_id=None)
        assert queries.delivery(session, mine, sent.id).event == "test"
        for webhook_id, delivery_id in ((other, sent.id), (mine, 999)):
            with pytest.raises(NotFound):
                queries.delivery(session, webhook_id, delivery_id)
