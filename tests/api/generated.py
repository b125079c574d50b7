"""A Python client made of the API's document by openapi-python-client, as a program's author would."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from docs.generated.api import document


def generate(folder: Path) -> Path:
    """The client as a package in this folder, not yet imported."""
    described, settings = folder / "openapi.json", folder / "settings.yml"
    described.write_text(json.dumps(document()))
    settings.write_text("post_hooks: []\n")  # it would look for ruff and reformat what nobody reads
    package = folder / "surveyapp_client"
    made = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
            *("--path", str(described), "--output-path", str(package), "--config", str(settings)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "arning" not in made.stdout + made.stderr, made.stdout
    return package


class Generated:
    """The modules of a client that lies in a folder on the path, each operation by its name."""

    def __init__(self) -> None:
        self.client = import_module("surveyapp_client.client")
        self.models: Any = import_module("surveyapp_client.models")

    def operation(self, subject: str, name: str) -> ModuleType:
        return import_module(f"surveyapp_client.api.{subject}.{name}")
