"""Alert rules and dashboard in deploy/: every metric, label and page that they name is there."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from surveyapp.operations import heartbeats
from surveyapp.operations.status import LastBackup, status
from surveyapp.operations.traffic import Traffic
from surveyapp.store.replica import ReplicaState
from surveyapp.web.metrics import exposition
from tests.deploy.examples import ROOT, TEXTS
from tests.installations import installation_on

_METRIC = re.compile(r"\bsurveyapp_\w+")
_MATCHER = re.compile(r"(surveyapp_\w+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)\s*(?:=~|!=|=)\s*"([^"]*)"')
_BY = re.compile(r"\bby\s*\(([^)]*)\)")
_ADDED = {"instance", "job", "le"}  # by Prometheus


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(TEXTS["monitoring/alerts.yml"])["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(TEXTS["monitoring/dashboard.json"])["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


@pytest.fixture(scope="module")
def told(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The samples of an installation that has everything: name -> label -> values."""
    from surveyapp.store.db import Store

    home = tmp_path_factory.mktemp("home")
    (home / "surveyapp.db").write_bytes(migrated_sqlite.read_bytes())
    store = Store(f"sqlite:///{home / 'surveyapp.db'}")
    installation = installation_on(store, home=home)
    heartbeats.beat(installation, "host/7/ab", {}, {"send": 5.0})
    traffic = Traffic(home)
    traffic.answered(0, 200, 0.1)
    now = status_of(installation)
    names: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for family in text_string_to_metric_families(exposition(now, traffic.counted()).decode()):
        for sample in family.samples:
            _ = names[sample.name]
            for label, value in sample.labels.items():
                names[sample.name][label].add(value)
    store.close()
    return names


def status_of(installation: Any) -> Any:
    now = status(installation)
    made = now.at - timedelta(hours=3)
    backup = LastBackup("host", Path("/backup/surveyapp-1"), made, 1, 0, made)
    return replace(now, backup=backup, replica=ReplicaState("standby", 0.5, ""))


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_what_is_asked_for_is_exposed(where: str, expression: str, told: dict[str, Any]):
    asked = _METRIC.findall(expression)
    assert asked or expression.startswith("up{"), where
    for name in asked:
        assert name in told, f"{where}: {name}"
    for name, matchers in _MATCHER.findall(expression):
        for label, value in _LABEL.findall(matchers):
            assert value in told[name][label], f"{where}: {name}{{{label}={value!r}}}"
    for labels in _BY.findall(expression):
        for label in (each.strip() for each in labels.split(",")):
            assert label in _ADDED or all(label in told[name] for name in asked), (where, label)
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing), where
    for counter in re.findall(
        r"\bsurveyapp_\w+_(?:total|bucket|sum|count)\b(?:\{[^}]*\})?(.?)", expression
    ):
        assert counter == "[", f"{where}: a counter says nothing without a rate"


def test_every_metric_is_on_the_dashboard_or_watched_and_in_the_manual(told: dict[str, Any]):
    used = {name for _, expression in expressions() for name in _METRIC.findall(expression)}
    manual = (ROOT / "docs/administrators.md").read_text()
    for name in told:
        family = re.sub(r"_(bucket|count|sum|created)$", "", name)
        assert (
            any(each == family or each.removesuffix("_bucket") == family for each in used)
            or (name in used)
            or f"{family}`" in manual
        ), name
        assert f"`{family}" in manual or f"{family}`" in manual, f"docs lack {family}"


def test_each_alert_says_what_is_wrong_and_leads_to_what_to_do():
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/incidents.md").read_text(), re.M)
    anchors = {re.sub(r"[^\w-]", "", each.lower().replace(" ", "-")) for each in headings}
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 10
    for rule in rules():
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page == "incidents.md" and anchor in anchors, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith((".", "}}."))
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
        # A label that the expression sums away would be empty in the sentence.
        for label in re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]):
            kept = [x.strip() for group in _BY.findall(rule["expr"]) for x in group.split(",")]
            summed = re.match(r"\s*(?:sum|max|min|count|histogram_quantile)\b", rule["expr"])
            assert label in kept if summed else label in _ADDED, rule["alert"]


def test_panels_have_places_of_their_own_and_one_source():
    document = json.loads(TEXTS["monitoring/dashboard.json"])
    (source,) = document["templating"]["list"]
    ids = [each["id"] for each in panels()]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= own
        if panel["type"] != "row":
            assert panel["targets"] and panel["title"]
            assert panel["datasource"]["uid"] == f"${{{source['name']}}}"


def test_prometheus_asks_where_metrics_are_and_reads_the_rules():
    found = yaml.safe_load(TEXTS["monitoring/prometheus.yml"])
    (job,) = found["scrape_configs"]
    assert job["job_name"] == "surveyapp"  # which an alert names
    assert job.get("metrics_path", "/metrics") == "/metrics" and job["authorization"]
    assert [f"monitoring/{each}" for each in found["rule_files"]] == ["monitoring/alerts.yml"]
