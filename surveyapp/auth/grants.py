"""Which journeys somebody was given, and what on them: given, taken, and asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    false,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from surveyapp.auth.accounts import Account, account_of
from surveyapp.auth.permissions import (
    LEVELS,
    ON_ALL_JOURNEYS,
    RULES,
    Grant,
    Permission,
    Role,
    Subject,
)
from surveyapp.errors import Conflict, Invalid, NotFound
from surveyapp.store.audit import record
from surveyapp.store.columns import utc_now
from surveyapp.store.models import Journey, JourneyGrant, ShareLink, User

Number = int | ColumnElement[int] | InstrumentedAttribute[int]


@dataclass(frozen=True)
class Given:
    """What somebody was given on one journey; ``journey`` is None for all journeys."""

    account: Account
    journey: Journey | None
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class Held:
    """What somebody was granted: ``here``, on one journey, and ``everywhere``, on every one.

    Without a level there is nothing: who may not see a journey may do nothing with it.
    """

    here: frozenset[Grant]
    everywhere: frozenset[Grant]
    of_one: bool  # whether it was asked for one journey; else ``here`` is ``everywhere``

    def covers(self, permission: Permission) -> bool:
        """Whether they may do this as far as grants decide."""
        rule = RULES[permission]
        grants = self.everywhere if rule.subject is Subject.ALL_JOURNEYS else self.here
        if rule.subject is Subject.JOURNEY and not self.of_one:
            return False
        return rule.subject is Subject.INSTALLATION or not rule.grants.isdisjoint(grants)


def held(session: Session, account: Account, journey_id: int | None) -> Held:
    """What the account was given on this journey and on all; administrators have every grant."""
    of_one = journey_id is not None
    if account.role is Role.ADMINISTRATOR:
        return Held(frozenset(Grant), frozenset(Grant), of_one)
    rows = session.execute(
        select(JourneyGrant.kind, JourneyGrant.journey_id).where(
            JourneyGrant.user_id == account.id, _at(journey_id)
        )
    ).all()
    here = _counted(Grant(kind) for kind, _ in rows)
    return Held(here, _counted(Grant(kind) for kind, journey in rows if journey is None), of_one)


def _counted(grants: Iterable[Grant]) -> frozenset[Grant]:
    found = frozenset(grants)
    return frozenset() if found.isdisjoint(LEVELS) else found


def journeys_granted(account: Account, permission: Permission) -> Select[int] | None:
    """The ids of the journeys on which the account may do this, as a query; None: of all."""
    if not account.may(permission):
        return select(Journey.id).where(false())
    if account.role is Role.ADMINISTRATOR:
        return None
    return select(Journey.id).where(_allowed(account.id, Journey.id, permission))


def able(session: Session, permission: Permission, journey_id: int) -> list[Account]:
    """Everybody with an open account who may do this on the journey, by name."""
    query = select(User).where(
        or_(User.role == Role.ADMINISTRATOR, _allowed(User.id, journey_id, permission))
    )
    accounts = map(account_of, session.scalars(query.order_by(User.name, User.id)))
    return [each for each in accounts if each.may(permission)]


def may_on(session: Session, account: Account, permission: Permission, journey_id: int) -> bool:
    """Whether the account may do this on the journey."""
    return account.may(permission) and held(session, account, journey_id).covers(permission)


def given_on(session: Session, journey_id: int) -> list[Given]:
    """Everybody who was given this journey or all of them, by name; the first before the second."""
    query = (
        select(JourneyGrant, User)
        .join(User, User.id == JourneyGrant.user_id)
        .where(_at(journey_id))
        .order_by(JourneyGrant.journey_id.is_(None), User.name, User.id)
    )
    journey = session.get(Journey, journey_id)
    return _gathered(
        (user, journey if row.journey_id else None, row) for row, user in session.execute(query)
    )


def given_to(session: Session, user_id: int) -> list[Given]:
    """What somebody was given: on all journeys first, then by journey."""
    query = (
        select(JourneyGrant, User, Journey)
        .join(User, User.id == JourneyGrant.user_id)
        .outerjoin(Journey, Journey.id == JourneyGrant.journey_id)
        .where(JourneyGrant.user_id == user_id)
        .order_by(JourneyGrant.journey_id.is_not(None), Journey.name, Journey.id)
    )
    return _gathered((user, journey, row) for row, user, journey in session.execute(query))


def give(
    session: Session, user_id: int, grant: str, journey_id: int | None, *, by: int | None
) -> None:
    """Give somebody a level on a journey, or something beside it; ``journey_id`` None: on all.

    A level takes the place of the one before. Raises Conflict where the journey would lose its last
    owner, and for something beside a level that is not there; Invalid, NotFound.
    """
    user, chosen, where = _user(session, user_id), _read(grant), _subject(session, journey_id)
    if user.role == Role.ADMINISTRATOR and chosen is not Grant.OWNER:
        raise Conflict(f"{user.email} is an administrator and may do everything already.")
    present = _own(session, user_id, journey_id)
    if chosen in present:
        return
    if chosen in LEVELS:
        _drop(session, user, [each for each in present if each in LEVELS], journey_id)
    elif not held(session, account_of(user), journey_id).here:
        raise Conflict(
            f"{user.email} may not read {where} yet; grant reader, editor or owner first."
        )
    session.add(JourneyGrant(user_id=user_id, journey_id=journey_id, kind=chosen, granted_by=by))
    session.flush()
    record(session, by, "grant access", where, user=user.email, grant=str(chosen))
    end_share_links(session, user, by=by)


def take(
    session: Session, user_id: int, grant: str, journey_id: int | None, *, by: int | None
) -> None:
    """Take a grant away; with the level goes what was given beside it.

    Raises Conflict where the journey would lose its last owner, NotFound for what was never given.
    """
    user, chosen, where = _user(session, user_id), _read(grant), _subject(session, journey_id)
    present = _own(session, user_id, journey_id)
    if chosen not in present:
        raise NotFound(f"{user.email} has not been granted {chosen} of {where}.")
    gone = sorted(present) if chosen in LEVELS else [chosen]
    _drop(session, user, gone, journey_id)
    record(
        session, by, "revoke access", where, user=user.email, grants=[str(each) for each in gone]
    )
    end_share_links(session, user, by=by)


def end_share_links(session: Session, user: User, *, by: int | None) -> None:
    """End the links of somebody who may no longer share what they show, for good: nobody else answers
    for them, and a right that comes back brings no old link along.
    """
    account = account_of(user)
    made = select(ShareLink).where(ShareLink.made_by == user.id, ShareLink.revoked_at.is_(None))
    for link in session.scalars(made.order_by(ShareLink.id).with_for_update()).all():
        shown = link.journeys
        if not all(may_on(session, account, Permission.SHARE_RESULTS, each) for each in shown):
            link.revoked_at = utc_now()
            where = _subject(session, link.journey_id)
            record(session, by, "end share link", where, link=link.id, maker=user.email)


def give_all(session: Session, account: Account, *, by: int | None) -> None:
    """Give somebody every journey, as far as it is usual for their role."""
    for grant in ON_ALL_JOURNEYS[account.role]:
        give(session, account.id, grant, None, by=by)


def _allowed(user: Number, journey: Number, permission: Permission) -> ColumnElement[bool]:
    """Whether somebody has a grant that allows it, and a level beside it."""
    return and_(
        *(
            exists().where(
                JourneyGrant.user_id == user, JourneyGrant.kind.in_(sorted(kinds)), _at(journey)
            )
            for kinds in (RULES[permission].grants, frozenset(LEVELS))
        )
    )


def _at(journey: Number | None) -> ColumnElement[bool]:
    """Of grants: those on this journey and those on all; None: only the second."""
    return or_(JourneyGrant.journey_id == journey, JourneyGrant.journey_id.is_(None))


def _own(session: Session, user_id: int, journey_id: int | None) -> set[Grant]:
    """What was given on exactly this. The journey is kept from others who give and take meanwhile."""
    session.execute(select(Journey.id).where(_chosen(journey_id)).with_for_update())
    kinds = select(JourneyGrant.kind).where(_rows(user_id, journey_id))
    return set(map(Grant, session.scalars(kinds)))


def _drop(session: Session, user: User, kinds: Iterable[Grant], journey_id: int | None) -> None:
    gone = list(kinds)
    if Grant.OWNER in gone:
        _keep_an_owner(session, user, journey_id)
    session.execute(
        delete(JourneyGrant).where(_rows(user.id, journey_id), JourneyGrant.kind.in_(gone))
    )


def _keep_an_owner(session: Session, user: User, journey_id: int | None) -> None:
    """Conflict where a journey would have no owner once this one of the person's grants is gone."""
    this = and_(
        JourneyGrant.user_id == user.id,
        JourneyGrant.journey_id == journey_id
        if journey_id is not None
        else JourneyGrant.journey_id.is_(None),
    )
    others = exists().where(JourneyGrant.kind == Grant.OWNER, _at(Journey.id), ~this)
    left = session.scalar(select(Journey.name).where(_chosen(journey_id), ~others).limit(1))
    if left is not None:
        raise Conflict(f"{user.email} is the last owner of {left}; make somebody else owner first.")


def _chosen(journey_id: int | None) -> ColumnElement[bool]:
    return Journey.id.is_not(None) if journey_id is None else Journey.id == journey_id


def _rows(user_id: int, journey_id: int | None) -> ColumnElement[bool]:
    where = JourneyGrant.journey_id
    return and_(
        JourneyGrant.user_id == user_id,
        where.is_(None) if journey_id is None else where == journey_id,
    )


def _gathered(rows: Iterable[tuple[User, Journey | None, JourneyGrant]]) -> list[Given]:
    found: dict[tuple[int, int | None], tuple[User, Journey | None, set[str]]] = {}
    for user, journey, row in rows:
        key = (user.id, row.journey_id)
        found.setdefault(key, (user, journey, set()))[2].add(row.kind)
    return [
        Given(account_of(user), journey, tuple(grant for grant in Grant if grant in kinds))
        for user, journey, kinds in found.values()
    ]


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}.")
    return user


def _read(grant: str) -> Grant:
    try:
        return Grant(grant)
    except ValueError:
        known = ", ".join(Grant)
        raise Invalid(f"{grant[:40]!r} is no grant; use one of {known}.", field="grant") from None


def _subject(session: Session, journey_id: int | None) -> str:
    if journey_id is None:
        return "all journeys"
    journey = session.get(Journey, journey_id)
    if journey is None:
        raise NotFound("There is no such journey; it may have been removed.")
    return f"journey {journey.code}"
