"""SortableJS is the file of its published package, with its licence, on the map alone."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

from surveyapp.web.sortable_file import FOLDER, SORTABLE, headers_of

WEB = Path(__file__).parent.parent.parent / "surveyapp/web"
STATIC = WEB / "static" / FOLDER


def test_it_is_the_published_file_with_its_licence_and_browsers_keep_it():
    ((name, source),) = tomllib.loads((STATIC / "SOURCES.toml").read_text()).items()
    assert name == SORTABLE == f"{source['package'].replace('@', '-')}.min.js"
    assert {each.name for each in STATIC.iterdir()} == {name, "SOURCES.toml", "LICENSES.txt"}
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == source["sha256"]
    assert f"{source['package'].replace('@', ' ')} (MIT)" in (STATIC / "LICENSES.txt").read_text()
    assert "immutable" in headers_of(FOLDER + name)["Cache-Control"]
    assert headers_of("journey_map.js") == headers_of(f"{FOLDER}SOURCES.toml") == {}
    pages = [path.parent.name for path in WEB.rglob("*.html") if "sortable" in path.read_text()]
    assert pages == ["journey_map"]
