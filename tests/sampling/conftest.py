"""The command line, for its door of interactions."""

from __future__ import annotations

from tests.cli.conftest import run, run_stored

__all__ = ["run", "run_stored"]
