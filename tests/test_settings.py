"""Settings are read once and every fault is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyapp.errors import SettingsError
from surveyapp.settings import read


def test_defaults_need_no_environment():
    settings = read({})
    assert settings.sqlalchemy_url.startswith("sqlite:///")
    assert settings.sqlalchemy_url.endswith("instance/surveyapp.db")


def test_the_environment_is_read_by_type():
    settings = read(
        {"SURVEYAPP_HOME": "/var/lib/s", "SURVEYAPP_PORT": "81", "SURVEYAPP_SECURE_COOKIES": "yes"}
    )
    assert (settings.home, settings.port, settings.secure_cookies) == (Path("/var/lib/s"), 81, True)


def test_the_public_address_follows_the_port_unless_it_is_given():
    assert read({"SURVEYAPP_PORT": "8137"}).base_url == "http://127.0.0.1:8137"
    given = {"SURVEYAPP_PORT": "8137", "SURVEYAPP_BASE_URL": "https://ask.example.org"}
    assert read(given).base_url == "https://ask.example.org"
    assert read({}, port=8137, base_url="http://x.example").base_url == "http://x.example"
    with pytest.raises(SettingsError) as refused:
        read({"SURVEYAPP_PORT": "99999"})
    assert str(refused.value) == "SURVEYAPP_PORT=99999: must lie between 1 and 65535"


def test_all_faults_are_told_at_once_with_value_and_cure():
    with pytest.raises(SettingsError) as caught:
        read(
            {
                "SURVEYAPP_PORT": "eighty",
                "SURVEYAPP_SECRET_KEY": "short",
                "SURVEYAPP_BASE_URL": "ftp://x",
                "SURVEYAPP_DATABASE_URL": "mysql://x",
                "SURVEYAPP_COLOUR": "red",
                "SURVEYAPP_THREADS": "900",
                "SURVEYAPP_LOG_LEVEL": "LOUD",
            }
        )
    for word in (
        "PORT='eighty'",
        "needs 32",
        "ftp://x",
        "DATABASE_URL",
        "COLOUR: unknown",
        "THREADS=900",
        "LOUD",
    ):
        assert word in str(caught.value)


@pytest.mark.parametrize("place", ["localhost", "http://localhost:9000", "a:b", ":9000"])
def test_a_place_for_webhooks_is_a_host_and_a_port(place: str):
    with pytest.raises(SettingsError, match="PRIVATE_HOOKS"):
        read({"SURVEYAPP_PRIVATE_HOOKS": f"[::1]:9000, crm.example:80,{place}"})


def test_secrets_are_never_shown():
    key = "kept secret, forty-one characters long..."
    assert key not in str(read({"SURVEYAPP_SECRET_KEY": key}).shown())
