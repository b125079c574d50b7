"""Who may call a route: each names one scope in one decorator, and a test asks every route for it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from math import ceil
from typing import Any, TypeVar, cast

from flask import current_app, g, request

from surveyapp.api.problems import Problem
from surveyapp.api.throttle import Throttle
from surveyapp.auth import api_keys
from surveyapp.auth.api_keys import Caller, KeyScope
from surveyapp.installation import Installation
from surveyapp.problem_types import INVALID_KEY, NOT_ALLOWED, TOO_MANY

View = TypeVar("View", bound=Callable[..., Any])
EXTENSION = "surveyapp"
THROTTLES = "surveyapp.api.throttles"
SCOPE = "scope"
REFUSALS = 20  # wrong keys from one address in REFUSAL_SECONDS
REFUSAL_SECONDS = 300
CALLS_A_MINUTE = 600  # of one key
_LONGEST_KEY = 200


def installation() -> Installation:
    """The installation that this API is a door to."""
    return cast(Installation, current_app.extensions[EXTENSION])


def caller() -> Caller:
    """The program that calls; only behind ``needs``."""
    return cast(Caller, g.caller)


def needs(scope: KeyScope) -> Callable[[View], View]:
    """Let in keys that may do this, before anything else of the request is read.

    The view's name, a verb and what it is about, becomes the operation's id, after which generated
    clients name their functions: it stays as long as the route does.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.caller = _let_in(scope)
            return view(*args, **kwargs)

        setattr(guarded, SCOPE, scope)
        documented = deepcopy(getattr(view, "_apidoc", {}))
        manual = documented.setdefault("manual_doc", {})
        manual |= {
            "operationId": _camel(view.__name__),
            "security": [{"key": []}],
            "x-scope": str(scope),
        }
        guarded._apidoc = documented  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def new_throttles() -> tuple[Throttle, Throttle]:
    """For wrong keys by address, and for calls by key."""
    return Throttle(REFUSALS, REFUSAL_SECONDS), Throttle(CALLS_A_MINUTE, 60.0)


def _let_in(scope: KeyScope) -> Caller:
    refusals, calls = current_app.extensions[THROTTLES]
    store, now, sent = installation().store, installation().now(), _sent()
    address = request.remote_addr or ""  # behind trusted proxies, what these say
    with store.reading() as session:
        found = api_keys.caller(session, sent, now=now, address=address)
    if found is None:
        _throttle(refusals, address)
        if sent:
            with store.writing() as session:
                api_keys.note_refused(session, sent, now=now, address=address)
        raise Problem(
            INVALID_KEY,
            "Send a valid API key in the header Authorization: Bearer sak_...",
            headers={"WWW-Authenticate": "Bearer"},
        )
    _throttle(calls, str(found.id))
    if found.note_use:
        with store.writing() as session:
            api_keys.note_use(session, found.id, now=now)
    if not found.may(scope):
        may = ", ".join(sorted(found.scopes))
        raise Problem(
            NOT_ALLOWED,
            f'This requires the scope "{scope}"; the key {found.name} has {may}.',
        )
    return found


def _sent() -> str:
    """The key as it was sent, empty when there was none."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip()[:_LONGEST_KEY] if kind.lower() == "bearer" else ""


def _throttle(throttle: Throttle, name: str) -> None:
    wait = throttle.wait(name)
    if wait:
        raise Problem(
            TOO_MANY,
            f"The limit is {throttle.most} requests in {throttle.seconds:g} seconds;"
            " wait and try again.",
            headers={"Retry-After": str(ceil(wait))},
        )
