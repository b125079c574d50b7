"""Commands, settings, ports, paths and probes that the examples in deploy/ name are the program's."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from surveyapp.errors import SettingsError
from surveyapp.settings import PREFIX, Settings, read
from surveyapp.web.health import PROBES
from tests.deploy.examples import (
    DEPLOY,
    ROOT,
    TEXTS,
    called,
    compose,
    environment_file,
    image,
    image_environment,
    manifests,
    pods,
    units,
)
from tests.docs.test_commands import parse

KNOWN = {PREFIX + entry.name.upper() for entry in fields(Settings)}
CALLED = list(called())
HOME = "/var/lib/surveyapp"


def _named(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in manifests() if each["kind"] == kind}


def test_every_example_is_in_the_list_of_them():
    readme = TEXTS["README.md"]
    listed = re.findall(r"`([\w./-]+)`", readme)
    for name in TEXTS:
        top = name.split("/")[0] + ("/" if "/" in name else "")
        assert top in listed or name.endswith((".dockerignore", "README.md")), name


@pytest.mark.parametrize(("where", "line"), CALLED, ids=[where for where, _ in CALLED])
def test_a_command_is_one_of_the_programs(where: str, line: str, monkeypatch: pytest.MonkeyPatch):
    parse(line, monkeypatch)


def test_each_way_runs_web_and_worker_and_upgrades_and_backs_up():
    lines = dict(CALLED)
    for way in ("compose", "kubernetes"):
        ran = {line.split()[0] for where, line in lines.items() if where.startswith(way)}
        assert ran == {"web", "worker", "db", "backup"}
    assert {line.split()[0] for where, line in lines.items() if where.endswith(".service")} == {
        *("run", "web", "worker", "backup")
    }


@pytest.mark.parametrize("name", TEXTS)
def test_a_setting_is_one_of_the_programs(name: str):
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", TEXTS[name])) <= KNOWN


def test_the_environments_are_accepted():
    filled = {"SITE": "ask.example.org", "POSTGRES_PASSWORD": "pw"}
    given = compose()["x-surveyapp"]["environment"]
    resolved = {
        name: re.sub(r"\$\{(\w+):\?\}", lambda found: filled[found[1]], value)
        for name, value in given.items()
    }
    own = {name: value for name, value in image_environment().items() if name.startswith(PREFIX)}
    found = read({**own, **environment_file(), **resolved})
    assert (str(found.home), found.host, found.port) == (HOME, "0.0.0.0", 8000)
    assert (found.base_url, found.trusted_proxies) == ("https://ask.example.org", 1)
    secret = _named("Secret")["surveyapp"]["stringData"]
    settings = {**own, **_named("ConfigMap")["surveyapp"]["data"], **secret}
    with pytest.raises(SettingsError) as refused:  # the keys of an example start nothing
        read(settings)
    assert str(refused.value).count("KEY ") == 2, refused.value
    read({name: value for name, value in settings.items() if not name.endswith("_KEY")})


def test_what_the_image_copies_and_asks_exists():
    found = image()
    for line in found["COPY"]:
        *sources, _ = [word for word in line.split() if not word.startswith("--from")]
        if "--from=build" not in line:
            for source in sources:
                assert (ROOT / source).exists(), source
                assert f"!{source}\n" in TEXTS["Dockerfile.dockerignore"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= {line.split()[0] for line in found["COPY"]}
    assert f"EXPOSE {Settings().port}" in TEXTS["Dockerfile"]
    assert found["VOLUME"] == [HOME]
    (check,) = found["HEALTHCHECK"]
    code = json.loads(check[check.index("[") :])[2]
    compile(code, "HEALTHCHECK", "exec")
    assert re.findall(r"127\.0\.0\.1:8000(/\w+)", code) == ["/healthz"] and "/healthz" in PROBES
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", found["USER"][0])


def test_containers_write_to_their_home_and_tmp_alone_and_may_nothing():
    services = compose()["services"]
    for name, service in services.items():
        if service.get("image") == "surveyapp":
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["tmpfs"] == ["/tmp"]
            assert f"home:{HOME}" in service["volumes"]
    user = int(image()["USER"][0].split(":")[0])
    for name, _, spec in pods():
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["runAsUser"] == user
        for container in spec["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}
            mounted = {each["mountPath"] for each in container["volumeMounts"]}
            assert {HOME, "/tmp"} <= mounted
            for word in container["args"]:
                if word.startswith("/"):
                    assert any(word.startswith(path) for path in mounted), word


def test_what_compose_refers_to_exists():
    document = compose()
    services, volumes = document["services"], document["volumes"]
    shared = document["x-surveyapp"]
    assert (DEPLOY / shared["build"]["context"] / shared["build"]["dockerfile"]).is_file()
    assert (DEPLOY / shared["env_file"]).is_file()
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert source in volumes or (DEPLOY / source).exists(), mount
    assert services["caddy"]["environment"]["UPSTREAM"] in services
    assert services["web"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    replicas = TEXTS["compose.replicas.yaml"]
    assert set(re.findall(r"^  (\w+):$", replicas, re.M)) <= services.keys()
    assert "ports" not in services["web"]  # or a second one could not have them


def test_what_kubernetes_refers_to_exists():
    known = {kind: _named(kind) for kind in ("ConfigMap", "Secret", "PersistentVolumeClaim")}
    labels = {name: metadata["labels"] for name, metadata, _ in pods()}
    for name, _, spec in pods():
        volumes = {each["name"]: each for each in spec["volumes"]}
        for each in volumes.values():
            if "persistentVolumeClaim" in each:
                assert each["persistentVolumeClaim"]["claimName"] in known["PersistentVolumeClaim"]
        for container in spec["containers"]:
            assert {each["name"] for each in container["volumeMounts"]} <= volumes.keys(), name
            for source in container["envFrom"]:
                ((kind, reference),) = source.items()
                kind = {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind]
                assert reference["name"] in known[kind]
    for each in _named("Deployment").values():
        selected = each["spec"]["selector"]["matchLabels"]
        assert selected == labels[each["metadata"]["name"]]
    assert _named("Service")["web"]["spec"]["selector"] == labels["web"]
    assert _named("PodDisruptionBudget")["web"]["spec"]["selector"]["matchLabels"] == labels["web"]
    for each in _named("HorizontalPodAutoscaler").values():
        assert each["spec"]["scaleTargetRef"]["name"] in _named("Deployment")
    assert {each["metadata"].get("namespace", "surveyapp") for each in manifests()} == {"surveyapp"}
    (web,) = _named("Deployment")["web"]["spec"]["template"]["spec"]["containers"]
    assert web["ports"] == [{"name": "http", "containerPort": Settings().port}]
    probes = {web[name]["httpGet"]["path"] for name in web if name.endswith("Probe")}
    assert probes == {"/healthz", "/readyz"} <= PROBES


def test_workers_are_scaled_by_a_number_that_is_measured():
    (metric,) = _named("HorizontalPodAutoscaler")["worker"]["spec"]["metrics"]
    asked = metric["external"]["metric"]
    exposed = (ROOT / "surveyapp/web/metrics.py").read_text()
    assert asked["name"] == "surveyapp_queue_age_seconds" and '"queue_age_seconds"' in exposed
    queue = asked["selector"]["matchLabels"]["queue"]
    assert f'_queue(session, "{queue}"' in (ROOT / "surveyapp/operations/status.py").read_text()


def test_units_have_what_they_need_and_nothing_else_to_write_to():
    found = units()
    assert found.keys() == {
        *("surveyapp.service", "surveyapp-web.service", "surveyapp-worker@.service"),
        *("surveyapp-backup.service", "surveyapp-backup.timer"),
    }
    for name, unit in found.items():
        if not name.endswith(".service"):
            assert name.replace(".timer", ".service") in found and unit.has_section("Timer")
            continue
        service = dict(unit["Service"])
        assert service["User"] == "surveyapp" and service["ProtectSystem"] == "strict", name
        home = service["Environment"].removeprefix(f"{PREFIX}HOME=")
        words = service["ExecStart"].split()
        written = [home, *(word for word in words[1:] if word.startswith("/"))]
        assert service["ReadWritePaths"].split() == written


def test_proxies_pass_on_what_the_program_reads_and_log_no_customers_address():
    nginx, caddy = TEXTS["nginx.conf"], TEXTS["Caddyfile"]
    assert nginx.count("{") == nginx.count("}") and caddy.count("{") == caddy.count("}")
    for header in ("Host", "X-Forwarded-Host", "X-Forwarded-For", "X-Forwarded-Proto"):
        assert re.search(rf"proxy_set_header {header} \$\w+;", nginx), header
    largest = Settings().import_megabytes
    assert f"client_max_body_size {largest}m;" in nginx and f"max_size {largest}MB" in caddy
    body = _named("Ingress")["web"]["metadata"]["annotations"]
    assert body["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{largest}m"
    assert body["nginx.ingress.kubernetes.io/enable-access-log"] == "false"
    assert set(re.findall(r"proxy_pass (\S+);", nginx)) == {"http://surveyapp"}
    assert f"upstream surveyapp {{\n    server 127.0.0.1:{Settings().port};" in nginx
    assert re.search(r"dynamic a \{\$UPSTREAM\} 8000 ", caddy) and "health_uri /readyz" in caddy
    assert re.search(r"^\s*log\b", caddy, re.M) is None
    (pattern,) = re.findall(r"location ~ (\S+) \{\s+access_log off;", nginx)
    for address in ("/s/abc", "/r/abc", "/e/abc", "/k/abc", "/shared/abc"):
        assert re.match(pattern, address)
    assert not re.match(pattern, "/surveys/1")
