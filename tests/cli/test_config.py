"""`surveyapp config check`: every fault of the settings and of what they name, at once, with cures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_sound_settings_are_counted_and_nothing_is_made(run: Run, tmp_path: Path):
    told = run("config", "check")
    assert (told.code, told.err) == (0, "")
    assert "no faults" in told.out and str(tmp_path / "home") in told.out
    assert not (tmp_path / "home").exists()


def test_all_faults_of_settings_and_files_are_told_at_once_and_none_shows_a_secret(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret.key").write_text("short")
    given = {
        "PORT": "eighty",
        "BASE_URL": "https://ada:pearl@example.org/ask?x=1",
        "COLOUR": "red",
        "INSTRUMENTS": str(tmp_path / "none"),
        "EPOCH_KEYS": str(tmp_path / "epochs"),
        "DKIM_KEY_FILE": str(tmp_path / "no.pem"),
        "DKIM_SELECTOR": "s1",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SURVEYAPP_{name}", value)
    told = run("config", "check")
    assert told.code == 2 and told.err == "Error: 8 faults in the settings\n"
    lines = told.out.splitlines()
    for each, line in zip(
        (
            *("COLOUR: unknown setting", "PORT='eighty'", "has a path", "use https://example.org"),
            *("secret.key: the key has 5 characters", "DKIM_KEY_FILE", "INSTRUMENTS", "EPOCH_KEYS"),
        ),
        lines,
        strict=True,
    ):
        assert each in line, (each, line)
    assert "pearl" not in told.out


@pytest.mark.parametrize(
    ("home", "why"), [("a file/home", "is no folder"), ("closed/home", "cannot be made in")]
)
def test_a_home_that_cannot_be_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, why: str
):
    (tmp_path / "a file").touch()
    (tmp_path / "closed").mkdir(mode=0o500)
    monkeypatch.setattr(
        "os.access", lambda path, _mode: Path(path).name != "closed"
    )  # as for nobody
    monkeypatch.setenv("SURVEYAPP_HOME", str(tmp_path / home))
    told = run("config", "check")
    assert told.code == 2 and why in told.out


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://example.org/survey", "has a path"),
        ("https://example.org/#top", "has more than scheme, host and port"),
        ("https://:8000", "no http(s) address"),
        ("https://[::1", "no address"),
    ],
)
def test_a_public_address_is_the_root_of_a_host(
    run: Run, monkeypatch: pytest.MonkeyPatch, address: str, why: str
):
    monkeypatch.setenv("SURVEYAPP_BASE_URL", address)
    told = run("config", "check")
    assert told.code == 2 and why in told.out


def test_cookies_that_no_browser_would_return_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SURVEYAPP_SECURE_COOKIES", "1")
    assert run("config", "check").code == 0  # browsers return them to this machine
    monkeypatch.setenv("SURVEYAPP_BASE_URL", "http://ask.example.org")
    told = run("config", "check")
    assert told.code == 2 and "nobody can sign in" in told.out
