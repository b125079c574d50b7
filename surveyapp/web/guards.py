"""Who may open a page: each route says it in one decorator, and a test asks every route for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from flask_login import current_user

from surveyapp.auth import second_factors
from surveyapp.auth.permissions import Permission
from surveyapp.errors import NotAllowed
from surveyapp.web.installation import installation
from surveyapp.web.local_passwords import local_passwords
from surveyapp.web.security import FILES_WANTED
from surveyapp.web.sessions import me, method

View = TypeVar("View", bound=Callable[..., Any])
GUARD = "guard"
PUBLIC = "public"


def requires(permission: Permission) -> Callable[[View], View]:
    """Let in who may do this; strangers go to the sign-in page, others get 403."""

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
            return view(*args, **kwargs)

        setattr(guarded, GUARD, permission)
        return guarded  # type: ignore[return-value]

    return guard


def _lacks_second_factor() -> bool:
    required = installation().settings.second_factors_required
    return second_factors.is_missing(me(), method(), required)


def public(view: View) -> View:
    """Say that anybody may open this page."""
    setattr(view, GUARD, PUBLIC)
    return view


def takes_files(view: View) -> View:
    """Say that this page accepts an upload, and hence a large body."""
    setattr(view, FILES_WANTED, True)
    return view


def safe_next(target: str | None) -> str | None:
    """A path on this site to go on to, or None: a full address would make us an open redirect."""
    if not target or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(sign) < 32 or sign == "\\" for sign in target):
        return None
    return target
