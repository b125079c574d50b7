"""What a share link shows to people without an account: one page of figures, and no way on from it.

No session, no script, no link into the application. Whether the link is unknown, expired, revoked or
its maker may no longer share, the answer is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from surveyapp.auth import passwords
from surveyapp.auth.throttle import LINK_OPENED, LINK_PASSWORD, Attempt, client_of
from surveyapp.errors import NotReady, SurveyappError, TooManyAttempts
from surveyapp.journeys import queries
from surveyapp.results import dashboards
from surveyapp.results.findings import findings
from surveyapp.results.scope import Scope
from surveyapp.results.segment_verdict_phrases import METHOD, verdicts_told
from surveyapp.sharing.pages import Page, PageAsked
from surveyapp.sharing.share_links import (
    GONE,
    asked_by,
    ends_at,
    note_opened,
    note_refused,
    opened_link,
)
from surveyapp.store.models import ShareLink
from surveyapp.web import attempts
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.guards import public
from surveyapp.web.installation import installation
from surveyapp.web.sessions import Nobody
from surveyapp.web.share_links import about, shared_scope

shared = Blueprint("shared", __name__, url_prefix="/shared")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@shared.before_request
def nobody() -> None:
    """Nobody is signed in here: whoever is elsewhere sees what a stranger sees."""
    g._login_user = Nobody()


@shared.after_request
def closed(answer: Response) -> Response:
    """Nothing runs on these pages, keeps, finds or tells of them."""
    answer.headers.update(HEADERS)
    return answer


@shared.errorhandler(SurveyappError)
def refused(error: SurveyappError) -> ResponseReturnValue:
    """A page that leads nowhere; what is wrong is told only where it says nothing of the link."""
    if isinstance(error, TooManyAttempts):
        return render_template("shared/message.html", title="Wait a moment", text=str(error)), 429
    if isinstance(error, NotReady):
        text = "These figures are being counted anew. Try again in a few minutes."
        return render_template("shared/message.html", title="Not ready yet", text=text), 409
    return render_template("shared/message.html", title="Not found", text=GONE), 404


@shared.route("/<token>", methods=["GET", "POST"])
@public
def show(token: str) -> ResponseReturnValue:
    """The page of a link; asks for its password each time, since nobody is remembered here."""
    longest, now = installation().settings.share_link_days, installation().now()
    with installation().store.reading() as session:
        link = opened_link(session, token, longest=longest, now=now)
    if request.method == "HEAD":  # looks, and opens nothing
        return ""
    if link.password_hash is None:
        attempts.admit(Attempt(LINK_OPENED, _client(link)))
    elif request.method == "GET":
        return render_template("shared/password.html", wrong=False)
    elif not _is_right(link, link.password_hash, request.form.get("password", "")):
        return render_template("shared/password.html", wrong=True), 422
    page = _page(link, longest)
    with installation().store.writing() as session:
        note_opened(session, link, now=now)
    return make_response(page)


def _is_right(link: ShareLink, password_hash: str, typed: str) -> bool:
    """Whether the password fits. Counted by link and client before it is tried: whoever guesses holds
    up nobody but themselves.
    """
    tried = Attempt(LINK_PASSWORD, _client(link))
    attempts.admit(tried)
    if passwords.matches(password_hash, typed):
        attempts.give_back(tried)
        return True
    with installation().store.writing() as session:
        note_refused(session, link)
    attempts.log_refused("wrong password of a share link", None)
    return False


def _client(link: ShareLink) -> str:
    return f"{link.id} {client_of(request.remote_addr)}"


def _page(link: ShareLink, longest: int) -> str:
    asked = asked_by(link)
    scope = shared_scope(asked)
    template, content = _CONTENTS[asked.page]
    with installation().store.reading() as session:
        journey = queries.journey(session, link.journey_id)
        shown = content(session, scope, asked)
        words = about(scope, queries.segments(session))
    return render_template(
        template,
        journey=journey,
        scope=scope,
        about=words,
        as_of=installation().now(),
        ends_at=ends_at(link, longest),
        **shown,
    )


def _overview(session: Session, scope: Scope, _asked: PageAsked) -> dict[str, Any]:
    overview = dashboards.journey_overview(session, scope, **dashboard_rules())
    return {"overview": overview, "findings": findings(overview)}


def _results(session: Session, scope: Scope, _asked: PageAsked) -> dict[str, Any]:
    rules = dashboard_rules()
    overview = dashboards.journey_overview(session, scope, **rules)
    comparison = dashboards.segment_comparison(session, scope, **rules)
    trends = dashboards.trend(session, scope, **rules)
    return {
        "overview": overview,
        "comparison": comparison,
        "trends": [each for each in trends if each.touchpoint_id is None],
        "told": verdicts_told(comparison),
        "invariance_method": METHOD,
        "findings": findings(overview, comparison, trends)[len(findings(overview)) :],
    }


def _touchpoint(session: Session, scope: Scope, asked: PageAsked) -> dict[str, Any]:
    rules, touchpoint_id = dashboard_rules(), asked.touchpoint_id or 0
    point = queries.touchpoint(session, scope.journey_id, touchpoint_id)
    overview = dashboards.journey_overview(session, scope, **rules)
    trends = dashboards.trend(session, scope, **rules)
    return {
        "touchpoint": point,
        "overview": overview,
        "seen": next(each for each in overview.touchpoints if each.id == touchpoint_id),
        "trends": [each for each in trends if each.touchpoint_id == touchpoint_id],
    }


Content = Callable[[Session, Scope, PageAsked], dict[str, Any]]
_CONTENTS: Mapping[Page, tuple[str, Content]] = MappingProxyType(
    {
        Page.OVERVIEW: ("shared/overview.html", _overview),
        Page.RESULTS: ("shared/results.html", _results),
        Page.TOUCHPOINT: ("shared/touchpoint.html", _touchpoint),
    }
)
