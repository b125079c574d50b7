"""The system's state: on the administrators' page, for probes, and for Prometheus."""

from __future__ import annotations

import pytest

from surveyapp.app import create_app
from surveyapp.operations import heartbeats
from surveyapp.periodic import Round
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION

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
    from prometheus_client.parser import text_string_to_metric_families

    app = create_app(
        read({}, home=tmp_path / "home", database_url=database_url, metrics_token=TOKEN)
    )
    whole = app.extensions[EXTENSION]
    failing = Round(failing_since=1.0, failures=1, error="OSError")
    done = Round(done_at=whole.now().timestamp())
    heartbeats.beat(whole, "host/7/ab", {"send": failing, "sweep": done}, {"send": 5, "sweep": 60})
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    whole.close()
    samples = {
        (each.name, *sorted(each.labels.values())): each.value
        for family in text_string_to_metric_families(answer.text)
        for each in family.samples
    }
    assert samples["surveyapp_workers",] == 1
    assert samples["surveyapp_duty_well", "host/7/ab", "send"] == 0
    assert samples["surveyapp_duty_well", "host/7/ab", "sweep"] == 1
    assert samples["surveyapp_queue_waiting", "Jobs"] == 0
    assert samples["surveyapp_problems",] == 1
    assert samples["surveyapp_disk_free_bytes",] > 0
