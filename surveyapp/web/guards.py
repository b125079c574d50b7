"""Who may open a page: each route says it in one decorator, and a test asks every route for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from surveyapp.auth import second_factors
from surveyapp.auth.grants import held
from surveyapp.auth.permissions import RULES, Permission, Subject
from surveyapp.closed_loop.queries import journey_of
from surveyapp.errors import NotAllowed, NotFound
from surveyapp.web.installation import installation
from surveyapp.web.local_passwords import local_passwords
from surveyapp.web.replica_reads import answered
from surveyapp.web.security import FILES_WANTED, PREVIEW_WANTED
from surveyapp.web.sessions import hold, me, method

View = TypeVar("View", bound=Callable[..., Any])
GUARD = "guard"
PUBLIC = "public"
LISTS = "lists"


def _itself(_session: Session, journey_id: int) -> int | None:
    return journey_id


# What in an address says which journey a page is about; everything else there hangs on it.
PARENTS: Mapping[str, Callable[[Session, int], int | None]] = MappingProxyType(
    {"journey_id": _itself, "case_id": journey_of}
)


def requires(permission: Permission, *, lists: bool = False) -> Callable[[View], View]:
    """Let in who may do this; strangers go to the sign-in page, others get 403.

    A journey that somebody was not given does not exist for them: 404. ``lists`` says that the page
    is about many journeys and chooses those that were given itself; without it, a page about no
    journey that needs the permission for one is refused to everybody.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                wanted = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("account.sign_in", next=wanted), 303)
            own = permission is Permission.OWN_ACCOUNT
            if me().must_change_password and local_passwords() and not own:
                return redirect(url_for("account.change_password"), 303)
            if not own and _lacks_second_factor():
                return redirect(url_for("second_factor.show"), 303)
            if not me().may(permission):
                raise NotAllowed(
                    f"Your role is {me().role}; this page requires the permission to"
                    f" {permission}. Ask an administrator."
                )
            _check_grants(permission, lists=lists)
            return answered(partial(view, *args, **kwargs))

        setattr(guarded, GUARD, permission)
        setattr(guarded, LISTS, lists)
        return guarded  # type: ignore[return-value]

    return guard


def _lacks_second_factor() -> bool:
    required = installation().settings.second_factors_required
    return second_factors.is_missing(me(), method(), required)


def _check_grants(permission: Permission, *, lists: bool) -> None:
    """Note what was granted on the page's journey; NotFound, NotAllowed where that is too little."""
    ids = request.view_args or {}
    parent = next((name for name in PARENTS if name in ids), None)
    with installation().store.reading() as session:
        journey_id = PARENTS[parent](session, ids[parent]) if parent else None
        found = held(session, me(), journey_id)
    if parent and (journey_id is None or not found.here):
        raise NotFound("There is nothing at this address; it may have been removed.")
    hold(found)
    by_itself = lists and RULES[permission].subject is Subject.JOURNEY
    if not by_itself and not found.covers(permission):
        raise NotAllowed(
            f"Your access does not include the permission to {permission}."
            " Ask an owner of the journey, or an administrator."
        )


def public(view: View) -> View:
    """Say that anybody may open this page."""
    setattr(view, GUARD, PUBLIC)
    return view


def takes_files(view: View) -> View:
    """Say that this page accepts an upload, and hence a large body."""
    setattr(view, FILES_WANTED, True)
    return view


def takes_previews(view: View) -> View:
    """Say that this page gets back what its preview of a file held, and hence a larger body."""
    setattr(view, PREVIEW_WANTED, True)
    return view


def safe_next(target: str | None) -> str | None:
    """A path on this site to go on to, or None: a full address would make us an open redirect."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(sign) < 32 or sign == "\\" for sign in target):
        return None
    return target
