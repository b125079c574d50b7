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
from surveyapp.journeys.portfolio import listed
from surveyapp.results import dashboards
from surveyapp.results.answers.answer_shares import answer_shares
from surveyapp.results.drivers import phrases as driver_phrases
from surveyapp.results.drivers.joined_scores import joined_scores
from surveyapp.results.drivers.priority_map import priority_maps
from surveyapp.results.findings import findings
from surveyapp.results.invariance.segment_verdict_phrases import METHOD, verdicts_told
from surveyapp.results.maps.grid import map_grid
from surveyapp.results.scope import Scope
from surveyapp.results.side_by_side import side_by_side
from surveyapp.results.targets import phrases as target_phrases
from surveyapp.results.weights import phrases as weight_phrases
from surveyapp.results.weights.weighting import margins_of, why_not_weighted
from surveyapp.sharing.pages import Page, PageAsked
from surveyapp.sharing.share_links import (
    GONE,
    asked_by,
    ends_at,
    framed_by,
    note_opened,
    note_refused,
    opened_link,
)
from surveyapp.store.models import ShareLink
from surveyapp.web import attempts
from surveyapp.web.filters import dashboard_rules
from surveyapp.web.guards import public
from surveyapp.web.installation import installation
from surveyapp.web.map_shown import map_shown
from surveyapp.web.priority_drawing import drawing
from surveyapp.web.sessions import Nobody
from surveyapp.web.share_links import about, groups_of, is_too_large, shared_scope
from surveyapp.web.targets import rows_shown

_FRAME = "shared/frame.html"
shared = Blueprint("shared", __name__, url_prefix="/shared")

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors"
)
HEADERS = {
    "Content-Security-Policy": f"{_POLICY} 'none'",
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
    if origins := g.pop("frame_origins", ()):
        answer.headers["Content-Security-Policy"] = f"{_POLICY} {' '.join(origins)}"
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


@shared.get("/<token>/frame")
@public
def frame(token: str) -> ResponseReturnValue:
    """The map of a link for the inside of a page of others: of the origins that its maker named."""
    longest, now = installation().settings.share_link_days, installation().now()
    with installation().store.reading() as session:
        link = opened_link(session, token, longest=longest, now=now)
        origins = framed_by(link)
    if request.method == "HEAD":
        return ""
    attempts.admit(Attempt(LINK_OPENED, _client(link)))
    g.frame_origins = origins
    page = _page(link, longest, framed=True)
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


def _page(link: ShareLink, longest: int, *, framed: bool = False) -> str:
    asked = asked_by(link)
    scope = shared_scope(asked)
    template, content = _CONTENTS[asked.page]
    with installation().store.reading() as session:
        journey = queries.journey(session, link.journey_id)
        shown = content(session, scope, asked)
        words = about(asked, scope, queries.segments(session))
        population = _population(session, scope)
    return render_template(
        _FRAME if framed else template,
        journey=journey,
        scope=scope,
        about=words,
        population=population,
        few=dashboard_rules()["minimum_cell"],
        as_of=installation().now(),
        ends_at=ends_at(link, longest),
        **shown,
    )


def _population(session: Session, scope: Scope) -> str:
    """To what population scores are weighted, or why they are not; empty where no weights are asked for."""
    if not scope.weighted:
        return ""
    if refused := why_not_weighted(session, scope):
        return f"Not weighted: {refused}"
    return (
        f"{weight_phrases.population(margins_of(session, scope.journey_id))} They stand below those without"
        " weights, hidden where some group of customers has too few answers; differences between segments, the"
        " dots on axes and response rates are not weighted."
    )


def _overview(session: Session, scope: Scope, _asked: PageAsked) -> dict[str, Any]:
    overview = dashboards.journey_overview(session, scope, **dashboard_rules())
    return {"overview": overview, "findings": findings(overview, weights=True)}


def _map(session: Session, scope: Scope, asked: PageAsked) -> dict[str, Any]:
    scale = dict(asked.pairs).get("scale", "")
    return map_shown(map_grid(session, scope, scale=scale, **dashboard_rules()))


def _results(session: Session, scope: Scope, _asked: PageAsked) -> dict[str, Any]:
    rules = dashboard_rules()
    overview = dashboards.journey_overview(session, scope, **rules)
    comparison = dashboards.segment_comparison(session, scope, **rules)
    trends = dashboards.trend(session, scope, at=[None], **rules)
    return {
        "overview": overview,
        "comparison": comparison,
        "trends": [each for each in trends if each.touchpoint_id is None],
        "told": verdicts_told(comparison),
        "invariance_method": METHOD,
        "findings": findings(overview, comparison, trends, weights=True)[len(findings(overview)) :],
    }


def _touchpoint(session: Session, scope: Scope, asked: PageAsked) -> dict[str, Any]:
    rules, touchpoint_id = dashboard_rules(), asked.touchpoint_id or 0
    point = queries.touchpoint(session, scope.journey_id, touchpoint_id)
    overview = dashboards.journey_overview(session, scope, **rules)
    trends = dashboards.trend(session, scope, at=[touchpoint_id], **rules)
    return {
        "touchpoint": point,
        "overview": overview,
        "seen": next(each for each in overview.touchpoints if each.id == touchpoint_id),
        "trends": [each for each in trends if each.touchpoint_id == touchpoint_id],
    }


def _targets(session: Session, scope: Scope, _asked: PageAsked) -> dict[str, Any]:
    rows, waiting = rows_shown(session, scope, queries.segments(session))
    return {"rows": rows, "waiting": waiting, "explained": target_phrases.EXPLAINED}


def _drivers(session: Session, scope: Scope, asked: PageAsked) -> dict[str, Any]:
    if is_too_large(session, scope.journey_id, asked):
        return {"too_many": True}
    joined = joined_scores(session, scope, **dashboard_rules())
    return {
        "maps": [(each, drawing(each)) for each in priority_maps(session, joined)],
        "outcome": joined.outcome.definition if joined else None,
        "words": driver_phrases,
    }


def _answers(session: Session, scope: Scope, asked: PageAsked) -> dict[str, Any]:
    place, point = asked.touchpoint_id, None
    if place is not None:
        point = queries.touchpoint(session, scope.journey_id, place)
    if is_too_large(session, scope.journey_id, asked):
        return {"touchpoint": point, "too_many": True}
    found = answer_shares(session, scope, place, **dashboard_rules())
    return {"touchpoint": point, "found": found}


def _side_by_side(session: Session, scope: Scope, asked: PageAsked) -> dict[str, Any]:
    chosen = [each for each in listed(session) if each.id in asked.journeys]
    groups = groups_of(asked)
    found = side_by_side(session, chosen, groups, scope.period, **dashboard_rules())
    return {"found": found, "names": [each.name for each in chosen]}


Content = Callable[[Session, Scope, PageAsked], dict[str, Any]]
_CONTENTS: Mapping[Page, tuple[str, Content]] = MappingProxyType(
    {
        Page.OVERVIEW: ("shared/overview.html", _overview),
        Page.MAP: ("shared/map.html", _map),
        Page.RESULTS: ("shared/results.html", _results),
        Page.TOUCHPOINT: ("shared/touchpoint.html", _touchpoint),
        Page.TARGETS: ("shared/targets.html", _targets),
        Page.DRIVERS: ("shared/drivers.html", _drivers),
        Page.ANSWERS: ("shared/answers.html", _answers),
        Page.TOUCHPOINT_ANSWERS: ("shared/answers.html", _answers),
        Page.SIDE_BY_SIDE: ("shared/side_by_side.html", _side_by_side),
    }
)
