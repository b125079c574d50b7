"""Saved views: saved, renamed, shared, removed, and found by whoever may read what they show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from surveyapp.auth.accounts import Account
from surveyapp.auth.grants import journeys_granted
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.sharing.pages import JOURNEY, PAGES, Page, PageAsked
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, SavedView, User

LONGEST_NAME = 120
MOST_VIEWS = 200  # of one person


@dataclass(frozen=True)
class ViewLine:
    """A saved view as lists show it. ``maker`` is empty for one's own."""

    id: int
    name: str
    asked: PageAsked
    journey: str
    maker: str
    shared: bool


def saved_views(
    session: Session, account: Account, *, journey_id: int | None = None
) -> list[ViewLine]:
    """One's own views and those that others share, by name; none that one may not read.

    ``journey_id``: those of this journey and of pages of many. A view gives no right: whoever lost a
    journey sees its views no longer, not even their own. A closed account shares nothing.
    """
    query = (
        select(SavedView)
        .join(User, User.id == SavedView.user_id)
        .where(
            or_(
                SavedView.user_id == account.id,
                SavedView.shared.is_(True) & User.active.is_(True),
            )
        )
        .options(joinedload(SavedView.user), joinedload(SavedView.journey))
        .order_by(SavedView.user_id != account.id, func.lower(SavedView.name), SavedView.id)
    )
    if journey_id is not None:
        query = query.where(or_(SavedView.journey_id == journey_id, SavedView.journey_id.is_(None)))
    rows = session.scalars(query).all()
    readable = _Readable(session, account, {asked_of(row).rule.permission for row in rows})
    return [_line(row, account) for row in rows if readable(row, account)]


class _Readable:
    """Whether somebody may read what a view shows: asked of the database once a permission."""

    def __init__(
        self, session: Session, account: Account, permissions: Iterable[Permission]
    ) -> None:
        self._journeys: dict[Permission, set[int] | None] = {}
        for each in permissions:
            granted = journeys_granted(account, each)
            self._journeys[each] = None if granted is None else set(session.scalars(granted))

    def __call__(self, row: SavedView, account: Account) -> bool:
        asked = asked_of(row)
        if not account.may(asked.rule.permission):
            return False
        granted = self._journeys[asked.rule.permission]
        if granted is None:
            return True
        if row.journey_id is not None:
            return row.journey_id in granted
        if row.user_id == account.id:  # the page leaves out what one may no longer read
            return True
        named = {value for name, value in asked.pairs if name == JOURNEY}
        return named <= {str(each) for each in granted}


def own_view(session: Session, account: Account, view_id: int) -> SavedView:
    """One's own view, for a change. Raises NotFound for that of another, and for one of a journey that
    one may no longer read.
    """
    row = session.get(SavedView, view_id)
    if (
        row is not None
        and row.user_id == account.id
        and _Readable(session, account, {asked_of(row).rule.permission})(row, account)
    ):
        return row
    raise NotFound("There is no such saved view of yours; it may have been removed.")


def save_view(
    session: Session, account: Account, asked: PageAsked, *, name: str, shared: bool
) -> SavedView:
    """Keep a page under a name. Raises Invalid and Conflict, naming the field; NotFound for a journey
    that the account may not read.
    """
    row = SavedView(
        user_id=account.id,
        page=asked.page,
        journey_id=asked.journey_id,
        touchpoint_id=asked.touchpoint_id,
        arguments=asked.arguments,
        shared=shared,
    )
    if not _Readable(session, account, {asked.rule.permission})(row, account):
        raise NotFound("There is no such page, or you may not read it.")
    # Two of one person at once: the second waits here, and finds the first one's.
    session.execute(select(User.id).where(User.id == account.id).with_for_update())
    count = select(func.count()).select_from(SavedView).where(SavedView.user_id == account.id)
    if (session.scalar(count) or 0) >= MOST_VIEWS:
        raise Conflict(f"You have {MOST_VIEWS} saved views, and no more fit; remove one first.")
    row.name = _free_name(session, account, name, None)
    session.add(row)
    session.flush()
    record(session, account.id, "create saved view", _subject(session, row), **_said(row))
    return row


def change_view(
    session: Session, account: Account, row: SavedView, *, name: str, shared: bool
) -> None:
    """Rename a view, share it or keep it to oneself. Raises Invalid and Conflict."""
    session.execute(select(User.id).where(User.id == account.id).with_for_update())
    row.name, row.shared = _free_name(session, account, name, row.id), shared
    record(session, account.id, "change saved view", _subject(session, row), **_said(row))


def remove_view(session: Session, account: Account, row: SavedView) -> None:
    """Remove a view, for everybody it was shared with too."""
    record(session, account.id, "remove saved view", _subject(session, row), **_said(row))
    session.delete(row)


def asked_of(row: SavedView) -> PageAsked:
    """The page that a view shows."""
    return PageAsked(Page(row.page), row.journey_id, row.touchpoint_id, row.arguments)


def _line(row: SavedView, account: Account) -> ViewLine:
    own = row.user_id == account.id
    return ViewLine(
        row.id,
        row.name,
        asked_of(row),
        row.journey.name if row.journey else "",
        "" if own else row.user.name,
        row.shared,
    )


def _free_name(session: Session, account: Account, name: str, view_id: int | None) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(
            f"The name has {len(name)} characters; use 1 to {LONGEST_NAME}.", field="name"
        )
    same = select(SavedView.id).where(SavedView.user_id == account.id, SavedView.name == name)
    if session.scalar(same) not in (None, view_id):
        raise Conflict(f"You have a view called {name} already; choose another name.")
    return name


def _subject(session: Session, row: SavedView) -> str:
    if row.journey_id is None:
        return PAGES[Page(row.page)].title.lower()
    return f"journey {session.get_one(Journey, row.journey_id).code}"


def _said(row: SavedView) -> dict[str, object]:
    return {"page": row.page, "view": row.id, "shared": row.shared}
