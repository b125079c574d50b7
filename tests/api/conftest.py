"""The API of a small installation, and keys to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import KeyScope
from surveyapp.installation import Installation
from tests.web.conftest import app, installation, kept_places, world

__all__ = ["app", "installation", "kept_places", "world"]  # fixtures of the pages serve here too

Call = Callable[..., TestResponse]


@pytest.fixture
def new_key(installation: Installation) -> Callable[..., str]:
    """Make a key that may do this; its text."""

    def made(*scopes: str, name: str = "Branches") -> str:
        with installation.store.writing() as session:
            return api_keys.make(session, name=name, scopes=scopes or list(KeyScope), user_id=None)[
                1
            ]

    return made


@pytest.fixture
def call(app: Flask, new_key: Callable[..., str]) -> Call:
    """Call the API with a key that may do everything, or with ``key``."""
    everything = new_key()

    def called(
        method: str, path: str, *, key: str | None = everything, **other: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= other.pop("headers", {})
        return app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **other)

    return called
