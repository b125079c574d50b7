"""Share links of a journey: the list, a new one, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from surveyapp.auth import passwords
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Invalid
from surveyapp.journeys import queries
from surveyapp.results import phrases
from surveyapp.results.answers.answer_shares import unread_answers
from surveyapp.results.scope import ALL_TIME, Scope, read_scope, recent
from surveyapp.results.side_by_side import Groups, most_journeys
from surveyapp.sharing.pages import JOURNEY, Page, PageAsked
from surveyapp.sharing.share_links import (
    LONGEST_PURPOSE,
    USUAL_DAYS,
    LinkWanted,
    frame_url,
    link_url,
    links_of,
    make_link,
    read_frame_origins,
    revoke_link,
)
from surveyapp.store.models import Segment
from surveyapp.web.answers import COUNTED_AT_ONCE as ANSWERS_AT_ONCE
from surveyapp.web.filters import recent_default
from surveyapp.web.forms import StaffForm
from surveyapp.web.guards import requires
from surveyapp.web.installation import installation
from surveyapp.web.page_addresses import page_at
from surveyapp.web.results import COUNTED_AT_ONCE
from surveyapp.web.scope_bar import ScopeBar
from surveyapp.web.sessions import me
from surveyapp.web.whole_number_field import WholeNumberField

share_links = Blueprint(
    "share_links", __name__, url_prefix="/journeys/<int:journey_id>/share-links"
)


class LinkForm(StaffForm):
    purpose = StringField(
        "What it is for",
        [InputRequired("Enter what the link is for."), Length(max=LONGEST_PURPOSE)],
        description="Shown in the list of links and not on the shared page, such as Board, November.",
    )
    days = WholeNumberField("Days until it expires", [InputRequired("Enter a number of days.")])
    password = PasswordField(
        "Password",
        [Optional()],
        description=f"Leave empty for none. {passwords.ADVICE} Send it by another way than the link.",
        render_kw={"autocomplete": "new-password"},
    )
    frame_origins = TextAreaField(
        "Pages that embed the map",
        [Optional(), Length(max=2000)],
        description="One origin per line, such as https://intranet.northbank.example. Browsers refuse to"
        " show the map inside any other page. Leave empty for none.",
    )
    of = HiddenField()


@share_links.get("")
@requires(Permission.SHARE_RESULTS)
def index(journey_id: int) -> ResponseReturnValue:
    longest, now = installation().settings.share_link_days, installation().now()
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        found = links_of(session, journey_id, longest=longest, now=now)
        segments = queries.segments(session)
        names = {point.id: point.name for stage in journey.stages for point in stage.touchpoints}
    every = (*found.open, *found.ended)
    return render_template(
        "share_links/index.html",
        journey=journey,
        found=found,
        about={each.id: about(each.asked, shared_scope(each.asked), segments) for each in every},
        names=names,
        longest=longest,
    )


@share_links.route("/new", methods=["GET", "POST"])
@requires(Permission.SHARE_RESULTS)
def new(journey_id: int) -> ResponseReturnValue:
    """Make a link to the page whose address ``of`` is, by default the journey's overview."""
    longest, now = installation().settings.share_link_days, installation().now()
    form = LinkForm(of=request.args.get("of", ""), days=min(USUAL_DAYS, longest))
    form.days.validators = [*form.days.validators, NumberRange(1, longest)]
    with installation().store.reading() as session:
        journey = queries.journey(session, journey_id)
        asked = _asked(session, journey_id, form.of.data or "")
        said = about(asked, shared_scope(asked), queries.segments(session))
    frames = asked.page is Page.MAP
    if not frames:
        del form.frame_origins
    if longest and form.validate_on_submit():
        with form.refusing("purpose"):
            wanted = LinkWanted(
                asked,
                form.purpose.data,
                form.days.data,
                _password_hash(form, journey.name),
                read_frame_origins(form.frame_origins.data or "") if frames else (),
            )
            with installation().store.writing() as session:
                link, token = make_link(session, me(), wanted, longest=longest, now=now)
            base = installation().settings.base_url
            return render_template(
                "share_links/made.html",
                journey=journey,
                link=link,
                address=link_url(base, token),
                frame=frame_url(base, token),
            )
    page = render_template(
        "share_links/form.html",
        form=form,
        journey=journey,
        asked=asked,
        about=said,
        longest=longest,
        frames=frames,
    )
    return page, form.status


@share_links.post("/<int:link_id>/revoke")
@requires(Permission.SHARE_RESULTS)
def revoke(journey_id: int, link_id: int) -> ResponseReturnValue:
    now = installation().now()
    with installation().store.writing() as session:
        revoke_link(session, journey_id, link_id, user_id=me().id, now=now)
    flash("The link has been revoked; it opens nothing any more.")
    return redirect(url_for("share_links.index", journey_id=journey_id), 303)


def shared_scope(asked: PageAsked) -> Scope:
    """The answers that a shared page is about; its months are written out. Raises Invalid."""
    return read_scope(asked.journey_id or 0, dict(asked.pairs))


def about(asked: PageAsked, scope: Scope, segments: Sequence[Segment]) -> str:
    """What a shared page is about, in words."""
    chosen = [chip.text for chip in ScopeBar(scope, segments, (), (), False, False).chips]
    customers = [] if not scope.of_everybody else ["All customers"]
    months = [] if not scope.is_default else [phrases.period(scope.period) or "All time"]
    several = []
    if asked.page is Page.SIDE_BY_SIDE:
        n, groups = len(asked.journeys), groups_of(asked)
        several = [f"{n} journey{'' if n == 1 else 's'}"]
        several += [] if groups is Groups.JOURNEYS else [str(groups)]
    return ", ".join((*several, *customers, *chosen, *months))


def groups_of(asked: PageAsked) -> Groups:
    """What a page of groups side by side compares. Raises Invalid."""
    named = dict(asked.pairs).get("groups") or Groups.JOURNEYS
    try:
        return Groups(named)
    except ValueError:
        raise Invalid(f"groups={named[:20]} is not one of {', '.join(Groups)}.") from None


def is_too_large(session: Session, journey_id: int, asked: PageAsked) -> bool:
    """Whether a page reads so many answers that it does so only when somebody signed in asks for it."""
    if asked.page in (Page.ANSWERS, Page.TOUCHPOINT_ANSWERS):
        library = installation().library
        waiting = unread_answers(session, journey_id, asked.touchpoint_id, library=library)
        return waiting > ANSWERS_AT_ONCE
    if asked.page is Page.DRIVERS:
        return queries.count_responses(session).get(journey_id, 0) > COUNTED_AT_ONCE
    return False


def _asked(session: Session, journey_id: int, of: str) -> PageAsked:
    """The page with the months written out: those that its maker sees, whenever it is opened."""
    address = of or url_for("journeys.show", journey_id=journey_id)
    asked = page_at(address)
    if asked.rule.unshared:
        raise Invalid(f"{asked.rule.title} cannot be shared by a link. {asked.rule.unshared}")
    shows = asked.journeys if asked.page is Page.SIDE_BY_SIDE else (asked.journey_id,)
    if journey_id not in shows or not asked.rule.shareable:
        raise Invalid(
            f"{address[:80]} is no page of this journey that can be shared; open its overview, results,"
            " answers, drivers, targets or a touchpoint and choose Share by link there. Journeys side by"
            " side can be shared when they are chosen by name."
        )
    if asked.page is Page.SIDE_BY_SIDE:
        return _side_by_side(journey_id, asked)
    if is_too_large(session, journey_id, asked):
        raise Invalid(
            f"{asked.rule.title} of a journey of this size take a while to count and cannot be shared by a"
            " link; share its results, or a report."
        )
    if asked.touchpoint_id is not None:
        queries.touchpoint(session, journey_id, asked.touchpoint_id)
    default = recent_default(session, journey_id)
    scope = read_scope(journey_id, dict(asked.pairs), default=default)
    if not scope.of_everybody:
        queries.segment(session, scope.segment_id)
    return replace(asked, arguments=urlencode(replace(scope, default=ALL_TIME).arguments))


def _side_by_side(journey_id: int, asked: PageAsked) -> PageAsked:
    """The page with the journey whose links list it first, and with its months written out."""
    groups, at = groups_of(asked), installation()
    default = recent(at.now().date(), at.settings.period_months)
    scope = read_scope(0, dict(asked.pairs), default=default)
    named = list(dict.fromkeys((journey_id, *asked.journeys)))
    if len(named) > most_journeys(groups):
        raise Invalid(
            f"{len(named)} journeys are too many; choose at most {most_journeys(groups)}."
        )
    kept = [(JOURNEY, str(each)) for each in named]
    kept += [("groups", str(groups)), *replace(scope, default=ALL_TIME).arguments.items()]
    return PageAsked(asked.page, journey_id, None, urlencode(kept))


def _password_hash(form: LinkForm, journey: str) -> str | None:
    password = form.password.data or ""
    if not password:
        return None
    passwords.check_strength(password, email="", name=journey)
    return passwords.hash_password(password)
