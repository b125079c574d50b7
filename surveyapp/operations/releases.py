"""Which version runs, and which is the newest: asked for only where the settings name an address."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from surveyapp.errors import SurveyappError
from surveyapp.installation import Installation

_SECONDS = 10.0
_LONGEST_ANSWER = 8_000_000  # bytes: an index lists every file of every release
_LONGEST_VERSION = 40
_VERSION = re.compile(r"v?((\d{1,6})(\.\d{1,6}){0,5})")  # a release; no release candidate


class ReleasesUnknown(SurveyappError):
    """The address of the settings tells no release."""


class NewestRelease:
    """A duty: asks once a day for the newest release, and knows it until the next time."""

    version: str | None = None

    def __call__(self, installation: Installation, _now: datetime) -> int:
        address = installation.settings.releases_url
        self.version = newest_release(address) if address else None
        return 0


def newest_release(address: str) -> str:
    """The newest version by the JSON at this address: that of a package index (``info.version``) or of a
    code host's latest release (``tag_name``). Nothing but the request itself is told to the other side.

    Raises ReleasesUnknown.
    """
    opener = build_opener(_NoRedirect)
    asked = Request(address, headers={"User-Agent": "surveyapp"})  # noqa: S310 - see below
    try:
        with opener.open(asked, timeout=_SECONDS) as got:  # the settings allow http and https alone
            found = json.loads(got.read(_LONGEST_ANSWER))
    except (URLError, OSError, ValueError) as error:
        said = getattr(error, "reason", None) or error
        raise ReleasesUnknown(f"{address} tells no release: {said}") from error
    version = _version_in(found)
    if version is None:
        raise ReleasesUnknown(
            f"{address} tells no release: it has neither info.version nor tag_name with one."
        )
    return version


def is_newer(found: str, than: str) -> bool:
    """Whether one version is later than another, by the numbers of both.

    >>> is_newer("1.10", "1.9.3"), is_newer("1.2.0", "1.2")
    (True, False)
    """
    return release_order(found) > release_order(than)


def installed_at() -> datetime | None:
    """When this version was installed; None where its files do not tell."""
    for each in distribution("surveyapp").files or ():
        if each.name == "METADATA":
            path = Path(str(each.locate()))
            return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
    return None


class _NoRedirect(HTTPRedirectHandler):
    """What the administrator has not named is not asked."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _version_in(found: object) -> str | None:
    if not isinstance(found, Mapping):
        return None
    info = found.get("info")
    told = info.get("version") if isinstance(info, Mapping) else found.get("tag_name")
    known = _VERSION.fullmatch(told) if isinstance(told, str) else None
    return known[1] if known and len(known[1]) <= _LONGEST_VERSION else None


def release_order(version: str) -> list[int]:
    """By which versions are sorted: their numbers, without zeros at the end."""
    known = _VERSION.match(version)
    numbers = [int(each) for each in known[1].split(".")] if known else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers
