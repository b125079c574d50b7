"""What the demonstration shares: a saved view that colleagues find, and a link for people without an account."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from surveyapp.auth.accounts import account_of
from surveyapp.installation import Installation
from surveyapp.results.answers.answered import recent_months
from surveyapp.results.scope import ALL_TIME, read_scope
from surveyapp.sharing.pages import Page, PageAsked
from surveyapp.sharing.saved_views import save_view
from surveyapp.sharing.share_links import (
    USUAL_DAYS,
    LinkWanted,
    link_url,
    make_link,
    revoke_link,
)
from surveyapp.store.models import Journey, SavedView, Segment, ShareLink, User

VIEW = "Region North"
PURPOSE = "Demonstration"


def share(session: Session, installation: Installation, journey: Journey, user: User) -> str:
    """Save the view where it is missing, and make a new link in place of the last one, whose address
    nobody can tell any more; the address, empty where the installation allows no links.
    """
    account, now = account_of(user), installation.now()
    if session.scalar(select(SavedView.id).where(SavedView.user_id == user.id)) is None:
        north = session.scalars(select(Segment.id).where(Segment.name == VIEW)).first()
        chosen = f"segment={north}" if north else ""
        view = PageAsked(Page.RESULTS, journey.id, None, chosen)
        save_view(session, account, view, name=VIEW, shared=True)
        weighted = PageAsked(Page.OVERVIEW, journey.id, None, "period=all&weighted=yes")
        save_view(session, account, weighted, name="Weighted by region", shared=True)
    longest = installation.settings.share_link_days
    earlier = select(ShareLink.id).where(
        ShareLink.made_by == user.id, ShareLink.purpose == PURPOSE, ShareLink.revoked_at.is_(None)
    )
    for link_id in session.scalars(earlier).all():
        revoke_link(session, journey.id, link_id, user_id=user.id, now=now)
    if not longest:
        return ""
    months = recent_months(session, journey.id, now, default=installation.settings.period_months)
    scope = replace(read_scope(journey.id, {}, default=months), default=ALL_TIME)
    asked = PageAsked(Page.OVERVIEW, journey.id, None, urlencode(scope.arguments))
    wanted = LinkWanted(asked, PURPOSE, min(USUAL_DAYS, longest))
    _, token = make_link(session, account, wanted, longest=longest, now=now)
    return link_url(installation.settings.base_url, token)
