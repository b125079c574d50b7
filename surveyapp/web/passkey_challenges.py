"""Challenges that passkeys sign: in the browser's signed session, for some minutes, each for one use.

A cookie can be sent again. What was signed before is refused all the same: a passkey signs no
challenge that was made before its last use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import session

from surveyapp.auth.passkey_sites import Site, site_of
from surveyapp.errors import Conflict, Invalid
from surveyapp.web.installation import installation

_KEY = "passkey"
_LONGEST = timedelta(minutes=5)


@dataclass(frozen=True)
class Challenge:
    """What has to be signed, and when it was made."""

    text: str
    made_at: datetime


def site() -> Site:
    """The site that passkeys are bound to. Raises Conflict where there can be none."""
    found = site_of(installation().settings.base_url)
    if found is None:
        raise Conflict(
            "Passkeys need a public address with HTTPS and a domain name (SURVEYAPP_BASE_URL)."
        )
    return found


def remember_challenge(text: str) -> None:
    """Remember the challenge that this browser was given."""
    session[_KEY] = [text, installation().now().timestamp()]


def take_challenge() -> Challenge:
    """The challenge that this browser was given, which it has not any more. Raises Invalid."""
    text, moment = session.pop(_KEY, ("", 0.0))
    made_at = datetime.fromtimestamp(moment, UTC)
    if not text or made_at + _LONGEST <= installation().now():
        raise Invalid("This took longer than five minutes. Try again.")
    return Challenge(text, made_at)
