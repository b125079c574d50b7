"""Saved views and share links on both databases: what the pages ask of them, without the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.auth import grants
from surveyapp.auth.accounts import account_of
from surveyapp.errors import Conflict, NotFound
from surveyapp.sharing import saved_views, share_links
from surveyapp.sharing.pages import Page, PageAsked
from surveyapp.sharing.share_links import LinkState, LinkWanted
from surveyapp.store.columns import utc_now
from surveyapp.store.db import Store
from surveyapp.store.models import JourneyGrant, ShareLink, User
from tests.responses.makers import make_journey


def test_views_and_links_live_and_end_on_both_databases(store: Store):
    now, rules = utc_now(), {"longest": 90}
    with store.writing() as session:
        journey = make_journey(session)
        ada, bo = (
            User(email=f"{name}@example.org", name=name, role="manager", password_hash="")
            for name in ("Ada", "Bo")
        )
        session.add_all([ada, bo])
        session.flush()
        for user, kind in ((ada, "editor"), (bo, "reader")):
            session.add(JourneyGrant(user_id=user.id, journey_id=journey.id, kind=kind))
    me, other = account_of(ada), account_of(bo)
    asked = PageAsked(Page.RESULTS, journey.id, None, "from=2026-01&to=2026-02")
    with store.writing() as session:
        saved_views.save_view(session, me, asked, name="b", shared=True)
        saved_views.save_view(session, me, asked, name="A", shared=False)
        saved_views.save_view(session, other, asked, name="own", shared=False)
    with pytest.raises(Conflict), store.writing() as session:
        saved_views.save_view(session, me, asked, name="A", shared=False)
    with store.reading() as session:
        mine, theirs = (saved_views.saved_views(session, each) for each in (me, other))
        here = saved_views.saved_views(session, other, journey_id=journey.id)
    assert [each.name for each in mine] == ["A", "b"]
    assert [(each.name, each.maker) for each in theirs] == [("own", ""), ("b", "Ada")]
    assert here == theirs
    wanted = LinkWanted(asked, "Board", 30)
    with store.writing() as session:
        _, token = share_links.make_link(session, me, wanted, now=now, **rules)
    for _ in range(2):
        with store.writing() as session:
            found = share_links.opened_link(session, token, now=now, **rules)
            share_links.note_opened(session, found, now=now)
    with store.reading() as session:
        (line,) = share_links.links_of(session, journey.id, now=now, **rules).open
        assert (line.opened, line.opened_at, line.maker) == (2, now, "Ada")
        later = now + timedelta(days=30)
        (ended,) = share_links.links_of(session, journey.id, now=later, **rules).ended
        assert ended.state is LinkState.EXPIRED
        with pytest.raises(NotFound):
            share_links.opened_link(session, token, now=later, **rules)
    with store.writing() as session:
        share_links.revoke_link(session, journey.id, line.id, user_id=bo.id, now=now)
    with store.reading() as session:
        assert session.scalars(select(ShareLink.revoked_by)).one() == bo.id
        with pytest.raises(NotFound):
            share_links.opened_link(session, token, now=now, **rules)
    with store.writing() as session:
        _, second = share_links.make_link(session, me, wanted, now=now, **rules)
        grants.take(session, ada.id, "editor", journey.id, by=None)
    with store.reading() as session:
        found = share_links.links_of(session, journey.id, now=now, **rules)
        assert [each.state for each in found.ended] == [LinkState.NO_RIGHT, LinkState.REVOKED]
        with pytest.raises(NotFound):
            share_links.opened_link(session, second, now=now, **rules)
