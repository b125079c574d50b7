"""The documentation built once, as `make docs` builds it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.site import Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The built site; a warning has failed the build."""
    made = re.search(
        r"sphinx-build (.+) docs build/docs$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert made is not None
    out, cache = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("doctrees")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *made[1].split(), "-d", str(cache), "docs", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert built.stderr == ""
    return Site(Path(out))
