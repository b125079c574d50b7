"""Commands run as a person runs them, in this process: arguments in, text and exit code out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from surveyapp.cli import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """``run("score", ...)`` in a home folder of this test."""
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / "home"))

    def call(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["surveyapp", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return call


@pytest.fixture
def run_stored(run: Run, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Run:
    """The same on an empty database, SQLite and PostgreSQL in turn."""
    monkeypatch.setenv("SURVEYAPP_DATABASE_URL", database_url)
    return run
