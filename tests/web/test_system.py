"""The system's state: on the administrators' page, for probes, and for Prometheus."""

from __future__ import annotations

import pytest

from surveyapp.app import create_app
from surveyapp.operations import heartbeats
from surveyapp.periodic import Round
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from tests.responses.makers import make_survey
from tests.web.respondents import sent

TOKEN = "a-token-of-prometheus-alone"


def test_the_page_tells_what_is_broken_and_who_works(installation, world, sign_in):
    admin = sign_in(world.users["administrator"])
    empty = admin.get("/system").text
    assert "1 problem<" in empty
    assert "No worker is running" in empty
    failing = Round(failing_since=installation.now().timestamp() - 60, failures=3, error="OSError")
    heartbeats.beat(installation, "host/7/ab", {"send": failing}, {"send": 5.0})
    page = admin.get("/system").text
    assert "“send” has failed 3 times" in page
    assert "1 duties, 1 in trouble" not in page
    assert "1 duty, 1 in trouble" in page
    heartbeats.beat(
        installation,
        "host/7/ab",
        {"send": Round(done_at=installation.now().timestamp())},
        {"send": 5},
    )
    assert "No problems found." in admin.get("/system").text
    assert sign_in(world.users["researcher"]).get("/system").status_code == 403


def test_a_dead_worker_is_told_and_takes_no_page_out_of_service(client, installation):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ok", "worker": "no sign of life"},
    )
    heartbeats.beat(installation, "host/7/ab", {}, {})
    assert client.get("/readyz").json == {"status": "ok", "worker": "ok"}


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer another-token-that-is-wrong", TOKEN[:-1]])
def test_without_its_token_there_are_no_metrics(tmp_path, database_url, given):
    for token in ("", TOKEN):
        app = create_app(
            read({}, home=tmp_path / "home", database_url=database_url, metrics_token=token)
        )
        answer = app.test_client().get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 404
        app.extensions[EXTENSION].close()


def test_prometheus_reads_queues_workers_and_duties(tmp_path, database_url):
    app = create_app(
        read({}, home=tmp_path / "home", database_url=database_url, metrics_token=TOKEN)
    )
    whole = app.extensions[EXTENSION]
    failing = Round(failing_since=1.0, failures=1, error="OSError")
    done = Round(done_at=whole.now().timestamp())
    heartbeats.beat(whole, "host/7/ab", {"send": failing, "sweep": done}, {"send": 5, "sweep": 60})
    with whole.store.writing() as session:
        link = make_survey(session).link
    client = app.test_client()
    assert sent(client, f"/s/{link}").status_code == 303
    client.get("/sign-in")
    client.get("/nowhere")
    client.get("/api/v1/journeys")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    samples = samples_of(answer.text)
    assert samples["surveyapp_workers",] == 1
    assert samples["surveyapp_duty_well", "host/7/ab", "send"] == 0
    assert samples["surveyapp_duty_well", "host/7/ab", "sweep"] == 1
    assert samples["surveyapp_queue_waiting", "Jobs"] == 0
    assert samples["surveyapp_problems",] == 1
    assert samples["surveyapp_disk_free_bytes",] > 0
    assert ("surveyapp_backup_age_seconds",) not in samples
    answered = {key[1:]: n for key, n in samples.items() if key[0] == "surveyapp_requests_total"}
    assert {key: n for key, n in answered.items() if n} == {
        ("2xx", "survey"): 1,
        ("3xx", "survey"): 1,
        ("2xx", "staff"): 1,
        ("4xx", "staff"): 1,
        ("4xx", "api"): 1,
    }
    assert samples["surveyapp_request_seconds_count", "survey"] == 2
    assert samples["surveyapp_request_seconds_bucket", "+Inf", "staff"] == 2
    assert samples["surveyapp_sessions_stored_total",] == 1
    assert 0 < samples["surveyapp_database_seconds_total",] < 60
    # What another process of this host counts is added, and stays when it has ended.
    folder = tmp_path / "home" / "traffic"
    (own,) = folder.iterdir()
    (folder / "1.counts").write_bytes(own.read_bytes())
    client.get("/sign-in")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert samples_of(answer.text)["surveyapp_requests_total", "2xx", "staff"] == 3
    whole.close()


def samples_of(text: str) -> dict[tuple[str, ...], float]:
    from prometheus_client.parser import text_string_to_metric_families

    return {
        (each.name, *sorted(each.labels.values())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }
