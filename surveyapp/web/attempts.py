"""Attempts to prove who one is: counted before they are made, told to the log when they fail."""

from __future__ import annotations

from flask import current_app, request

from surveyapp.auth import throttle
from surveyapp.auth.throttle import Attempt
from surveyapp.errors import TooManyAttempts
from surveyapp.web.installation import installation
from surveyapp.web.log import logger


def admit(*attempts: Attempt, user_id: int | None = None) -> None:
    """Count the attempts. Raises TooManyAttempts beyond a limit."""
    with installation().store.writing() as session:
        admitted = throttle.admit(session, attempts, installation())
    if not admitted:
        log_refused("too many attempts", user_id)
        raise TooManyAttempts("Too many failed attempts. Wait a minute, then try again.")


def give_back(*attempts: Attempt) -> None:
    """Uncount attempts that were right."""
    with installation().store.writing() as session:
        throttle.give_back(session, attempts, installation())


def log_refused(reason: str, user_id: int | None) -> None:
    """Tell the log who was not let in, by account where there is one, and from which address.

    Programs that close doors, such as fail2ban, read it. What was typed is not told: often it is a
    password in the wrong field.
    """
    logger(current_app).warning(
        "sign-in refused", reason=reason, user=user_id, address=request.remote_addr
    )
