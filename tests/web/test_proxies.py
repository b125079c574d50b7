"""A proxy that the settings do not know of, or that hides something, is told to the log once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from surveyapp.app import create_app
from surveyapp.settings import read
from surveyapp.web.installation import EXTENSION
from surveyapp.web.proxies import ELSEWHERE, PLAIN, UNTRUSTED

BASE = "https://ask.example.org"
SOUND = {"Host": "ask.example.org", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("trusted", "headers", "base", "found"),
    [
        (1, SOUND, BASE, set()),
        (0, SOUND, BASE, {UNTRUSTED, PLAIN}),
        (1, {**SOUND, "X-Forwarded-Proto": "http"}, BASE, {PLAIN}),
        (1, {**SOUND, "Host": "10.0.0.7:8000"}, BASE, {ELSEWHERE}),
        (1, {**SOUND, "Host": "proxy", "X-Forwarded-Host": "ask.example.org"}, BASE, set()),
        (0, SOUND, "http://127.0.0.1:8000", set()),
    ],
)
def test_what_disagrees_is_told_once(
    tmp_path: Path,
    migrated_sqlite: Path,
    capsys: pytest.CaptureFixture[str],
    trusted: int,
    headers: dict[str, str],
    base: str,
    found: set[str],
):
    (tmp_path / "surveyapp.db").write_bytes(migrated_sqlite.read_bytes())
    app = create_app(read({}, home=tmp_path, base_url=base, trusted_proxies=trusted))
    for path in ("/healthz", "/sign-in", "/sign-in"):
        app.test_client().get(path, headers=headers)
    app.extensions[EXTENSION].close()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [each["found"] for each in lines if each["event"] == "settings and proxy disagree"]
    assert sorted(told) == sorted(found)
