"""Passwords of this installation's own, which an identity provider may have replaced."""

from __future__ import annotations

from surveyapp.errors import NotAllowed
from surveyapp.web.installation import installation


def local_passwords() -> bool:
    """Whether people may sign in with a password."""
    return installation().settings.local_passwords


def check_local_passwords() -> None:
    """Raise NotAllowed where nobody signs in with a password."""
    if not local_passwords():
        name = installation().settings.oidc_name
        raise NotAllowed(f"Passwords are switched off here. Sign in with {name}.")
