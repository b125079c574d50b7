"""Vega's programs are those of their published packages, with their licences, on one page alone."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from surveyapp.web.vega_files import FOLDER, VEGA, headers_of

WEB = Path(__file__).parent.parent.parent / "surveyapp/web"
STATIC = WEB / "static" / FOLDER
SOURCES = tomllib.loads((STATIC / "SOURCES.toml").read_text())


def test_every_program_is_the_published_file():
    assert set(SOURCES) == set(VEGA)
    assert {each.name for each in STATIC.iterdir()} == {*VEGA, "SOURCES.toml", "LICENSES.txt"}
    for name, source in SOURCES.items():
        digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
        assert digest == source["sha256"], name
        assert name == f"{source['package'].replace('@', '-')}.min.js"


def test_the_licence_of_every_program_is_with_it():
    texts = (STATIC / "LICENSES.txt").read_text()
    for source in SOURCES.values():
        assert f"{source['package'].replace('@', ' ')} (BSD-3-Clause)" in texts
    assert "vega-interpreter 2.3.2" in texts and "d3-scale 4." in texts


def test_browsers_keep_them_and_only_the_explore_page_asks_for_them():
    for name in VEGA:
        assert "immutable" in headers_of(FOLDER + name)["Cache-Control"]
    assert headers_of("staff.css") == headers_of("vega/SOURCES.toml") == {}
    pages = [path for path in WEB.rglob("*.html") if "vega" in path.read_text()]
    assert {path.parent.name for path in pages} == {"explore"}
