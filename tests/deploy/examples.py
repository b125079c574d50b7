"""What the examples in deploy/ say, read as the programs read it that they are for."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
TEXTS = {str(path.relative_to(DEPLOY)): path.read_text() for path in FILES}


def compose() -> dict[str, Any]:
    """The services of compose.yaml."""
    document: dict[str, Any] = yaml.safe_load(TEXTS["compose.yaml"])
    return document


def manifests() -> list[dict[str, Any]]:
    """Every object of every manifest of Kubernetes."""
    texts = [text for name, text in TEXTS.items() if name.startswith("kubernetes/")]
    return [each for text in texts for each in yaml.safe_load_all(text)]


def pods() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, metadata, spec) of each pod that the manifests make."""
    for each in manifests():
        spec = each.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            yield each["metadata"]["name"], template["metadata"], template["spec"]


def units() -> dict[str, ConfigParser]:
    """Units of systemd by the names of their files."""
    found = {}
    for name, text in TEXTS.items():
        if name.startswith("systemd/"):
            parser = ConfigParser(interpolation=None, strict=True)
            parser.optionxform = str
            parser.read_string(text)
            found[name.removeprefix("systemd/")] = parser
    return found


def image() -> dict[str, list[str]]:
    """The instructions of the Dockerfile, with what follows each."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", TEXTS["Dockerfile"], flags=re.M))
    found: dict[str, list[str]] = {}
    for line in filter(None, joined.splitlines()):
        word, _, rest = line.partition(" ")
        found.setdefault(word, []).append(rest.strip())
    return found


def image_environment() -> dict[str, str]:
    """What ENV sets in the image that is run."""
    return dict(each.split("=", 1) for line in image()["ENV"] for each in shlex.split(line))


def environment_file() -> dict[str, str]:
    """surveyapp.env as systemd and compose read it."""
    lines = [line for line in TEXTS["surveyapp.env"].splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def called() -> Iterator[tuple[str, str]]:
    """(where, words after `surveyapp`) of every command that an example runs."""
    yield "Dockerfile", " ".join(json.loads(image()["CMD"][0]))
    for name, service in compose()["services"].items():
        if service.get("image") == "surveyapp":
            yield f"compose {name}", shlex.join(service["command"])
    for name, _, spec in pods():
        for container in spec["containers"]:
            yield f"kubernetes {name}", shlex.join(container["args"])
    for name, unit in units().items():
        if unit.has_option("Service", "ExecStart"):
            program, _, words = unit.get("Service", "ExecStart").partition(" ")
            assert program.endswith("/surveyapp"), name
            yield name, words
