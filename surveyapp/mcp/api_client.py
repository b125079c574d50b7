"""The API of an installation as its reader sees it: by address and key, over HTTPS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests

from surveyapp.errors import Invalid, SurveyappError

TIMEOUT_SECONDS = 60.0
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class Unreachable(SurveyappError):
    """Nothing that speaks as an installation does answers at this address."""


class ApiClient:
    """Reads from one installation with one key; what the key may not see is not seen here either."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise Invalid(
                f"{url!r} is no address of an installation, such as https://ask.example.org."
            )
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise Invalid(f"{url} would send the key unencrypted; use https.")
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers.update(
            {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        )

    def document(self) -> dict[str, Any]:
        """The API's own description (OpenAPI)."""
        return self.read("/api/v1/openapi.json", {})

    def read(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The answer to a GET.

        Raises Unreachable without an answer, and Invalid with the API's own words for a refusal.
        """
        try:
            # A redirect would carry the key to an address that nobody named.
            answer = self._session.get(
                self.url + path, params=query, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            raise Unreachable(f"{self.url} does not answer: {error}.") from error
        try:
            told = answer.json()
        except requests.JSONDecodeError as error:
            raise Unreachable(
                f"{self.url}{path} answered {answer.status_code} without JSON; is this the address"
                " of an installation?"
            ) from error
        if answer.status_code != requests.codes.ok:
            raise Invalid(_refusal(answer.status_code, told))
        return dict(told)


def _refusal(status: int, problem: Mapping[str, Any]) -> str:
    faults = "".join(f" {fault['field']}: {fault['reason']}" for fault in problem.get("errors", ()))
    return f"{problem.get('title', status)}: {problem.get('detail', '')}{faults}"
