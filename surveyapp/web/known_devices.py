"""A browser that an account has signed in with before: a signed cookie, good for nothing but a limit.

Who guesses passwords is held back by address and by account, which would let anybody lock the owner
out. The owner's own browser is counted apart. The cookie opens nothing, and is no use to guess with:
its own limit is as narrow.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from surveyapp.web.installation import installation

_DAYS = 365
_MOST_ACCOUNTS = 5  # that take turns in one browser


def known_device(user_id: int | None) -> str | None:
    """The name of this browser for the account, None where it never signed in with it."""
    device, users = _read()
    return f"{device} {user_id}" if user_id is not None and user_id in users else None


def remember_device(response: Response, user_id: int) -> Response:
    """Have the browser remember that this account signed in with it."""
    device, users = _read()
    users = [user_id, *(each for each in users if each != user_id)][:_MOST_ACCOUNTS]
    response.set_cookie(
        _name(),
        _signer().dumps([device or secrets.token_hex(16), users]),
        max_age=_DAYS * 86_400,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def _read() -> tuple[str, list[int]]:
    """The browser's name and its accounts; an empty name where the cookie is not ours."""
    try:
        found: Any = _signer().loads(request.cookies.get(_name(), ""), max_age=_DAYS * 86_400)
    except BadData:
        return "", []
    device, users = found
    return device, users


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(installation().signing_keys, salt="surveyapp known device")
