"""Share links: made, opened, listed, revoked. Each shows one page to whoever has it: of one journey, or of
several side by side, each of which its maker must be allowed to share.

Whoever loses the right to share loses their links for good (``grants.end_share_links``). Whether a link
opens is all the same asked anew each time: of its own dates, of the setting, and of its maker's right.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from surveyapp.auth.accounts import Account, account_of
from surveyapp.auth.grants import may_on
from surveyapp.auth.permissions import Permission
from surveyapp.errors import Conflict, Invalid, NotAllowed, NotFound
from surveyapp.page_origins import read_origin
from surveyapp.sharing.pages import Page, PageAsked
from surveyapp.store.audit import record
from surveyapp.store.models import Journey, ShareLink, ShareLinkJourney

TOKEN_BYTES = 32
LONGEST_PURPOSE = 120
USUAL_DAYS = 30
MOST_OPEN = 200  # of one journey
LISTED_ENDED = 50
MOST_FRAMES = 10  # origins of one link
GONE = "This link is not valid any more. Ask whoever sent it for a new one."


class LinkState(StrEnum):
    """Whether a link opens, or what ended it."""

    OPEN = "open"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_RIGHT = "maker may no longer share"


@dataclass(frozen=True)
class LinkWanted:
    """What a link is to be: ``asked`` with the months written out."""

    asked: PageAsked
    purpose: str
    days: int
    password_hash: str | None = None
    frame_origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class LinkLine:
    """A link as lists show it."""

    id: int
    purpose: str
    asked: PageAsked
    state: LinkState
    maker: str
    made_at: datetime
    ends_at: datetime
    has_password: bool
    frame_origins: tuple[str, ...]
    opened: int
    opened_at: datetime | None


@dataclass(frozen=True)
class LinkList:
    """The links of a journey, newest first; ``left_out`` more ended before those listed."""

    open: Sequence[LinkLine]
    ended: Sequence[LinkLine]
    left_out: int


def make_link(
    session: Session, account: Account, wanted: LinkWanted, *, longest: int, now: datetime
) -> tuple[ShareLink, str]:
    """A new link and its token, which is stored nowhere.

    ``longest``: the most days that the installation allows. Raises Invalid naming the field,
    NotAllowed, Conflict where the journey has too many.
    """
    asked = wanted.asked
    if asked.journey_id is None or not asked.rule.shareable:
        why = asked.rule.unshared or (
            "Share a journey's overview, results, answers, drivers, targets or a touchpoint."
        )
        raise Invalid(f"{asked.rule.title} cannot be shared by a link. {why}")
    if not 1 <= wanted.days <= longest:
        raise Invalid(f"{wanted.days} days: use 1 to {longest}.", field="days")
    journey = session.get_one(Journey, asked.journey_id, with_for_update=True)
    if not _may_share(session, account, asked):
        raise NotAllowed("Your access does not include the permission to share these results.")
    _check_frames(wanted)
    count = select(func.count()).select_from(ShareLink)
    live = ShareLink.revoked_at.is_(None) & (ShareLink.expires_at > now)
    if (session.scalar(count.where(ShareLink.journey_id == journey.id, live)) or 0) >= MOST_OPEN:
        raise Conflict(f"{journey.name} has {MOST_OPEN} open links; revoke one first.")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = ShareLink(
        journey_id=journey.id,
        page=asked.page,
        touchpoint_id=asked.touchpoint_id,
        arguments=asked.arguments,
        purpose=_purpose(wanted.purpose),
        token_hash=_hash(token),
        password_hash=wanted.password_hash,
        frame_origins=" ".join(wanted.frame_origins),
        made_by=account.id,
        made_at=now,
        expires_at=now + timedelta(days=wanted.days),
        beside=[ShareLinkJourney(journey_id=each) for each in asked.journeys[1:]],
    )
    session.add(link)
    session.flush()
    said: dict[str, Any] = {
        "page": link.page,
        "days": wanted.days,
        "password": link.password_hash is not None,
        **({"journeys": list(link.journeys)} if link.beside else {}),
        **({"framed by": list(wanted.frame_origins)} if wanted.frame_origins else {}),
    }
    record(session, account.id, "make share link", f"journey {journey.code}", link=link.id, **said)
    return link, token


def link_url(base_url: str, token: str) -> str:
    """The address of a link."""
    return f"{base_url.rstrip('/')}/shared/{token}"


def frame_url(base_url: str, token: str) -> str:
    """The address of a link's page for the inside of another page."""
    return f"{link_url(base_url, token)}/frame"


def read_frame_origins(text: str) -> tuple[str, ...]:
    """The origins that stand in a text, one a line. Raises Invalid."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = tuple(dict.fromkeys(read_origin(line, field="frame_origins") for line in lines))
    if len(found) > MOST_FRAMES:
        raise Invalid(f"{len(found)} pages: use at most {MOST_FRAMES}.", field="frame_origins")
    return found


def framed_by(link: ShareLink) -> tuple[str, ...]:
    """The origins of pages that may show the link's page inside themselves. Raises NotFound for none."""
    if not link.frame_origins:
        raise NotFound(GONE)
    return tuple(link.frame_origins.split())


def opened_link(session: Session, token: str, *, longest: int, now: datetime) -> ShareLink:
    """The link with this token. Raises NotFound for one that is unknown, expired, revoked or whose maker
    may no longer share it, without telling which.
    """
    query = select(ShareLink).where(ShareLink.token_hash == _hash(token))
    link = session.scalar(query.options(joinedload(ShareLink.maker), joinedload(ShareLink.journey)))
    if link is None or _state(session, link, longest=longest, now=now) is not LinkState.OPEN:
        raise NotFound(GONE)
    return link


def note_opened(session: Session, link: ShareLink, *, now: datetime) -> None:
    """Count that a link's page is handed out."""
    counted = update(ShareLink).where(ShareLink.id == link.id)
    session.execute(counted.values(opened=ShareLink.opened + 1, opened_at=now))
    record(session, None, "open share link", f"journey {link.journey.code}", link=link.id)


def note_refused(session: Session, link: ShareLink) -> None:
    """Note that somebody had a link and not its password."""
    record(session, None, "refuse share link", f"journey {link.journey.code}", link=link.id)


def revoke_link(
    session: Session, journey_id: int, link_id: int, *, user_id: int, now: datetime
) -> ShareLink:
    """End a link that shows the journey, whoever made it. Raises NotFound."""
    query = select(ShareLink).where(ShareLink.id == link_id, _shows(journey_id))
    link = session.scalar(query.with_for_update())
    if link is None:
        raise NotFound("There is no such link of this journey.")
    if link.revoked_at is None:
        link.revoked_at, link.revoked_by = now, user_id
        subject = f"journey {session.get_one(Journey, journey_id).code}"
        record(session, user_id, "revoke share link", subject, link=link.id)
    return link


def links_of(session: Session, journey_id: int, *, longest: int, now: datetime) -> LinkList:
    """The links that show the journey: all that open, and those that ended last."""
    query = (
        select(ShareLink)
        .where(_shows(journey_id))
        .options(joinedload(ShareLink.maker))
        .order_by(ShareLink.made_at.desc(), ShareLink.id.desc())
    )
    lines = [
        _line(link, _state(session, link, longest=longest, now=now), longest)
        for link in session.scalars(query)
    ]
    ended = [each for each in lines if each.state is not LinkState.OPEN]
    return LinkList(
        [each for each in lines if each.state is LinkState.OPEN],
        ended[:LISTED_ENDED],
        len(ended[LISTED_ENDED:]),
    )


def asked_by(link: ShareLink) -> PageAsked:
    """The page that a link shows."""
    return PageAsked(Page(link.page), link.journey_id, link.touchpoint_id, link.arguments)


def ends_at(link: ShareLink, longest: int) -> datetime:
    """When a link ends by itself: on its own day, or earlier where the setting was lowered since."""
    return min(link.expires_at, link.made_at + timedelta(days=longest))


def _shows(journey_id: int) -> ColumnElement[bool]:
    """What holds for links to pages of a journey, or on which it stands beside others."""
    beside = select(ShareLinkJourney.link_id).where(ShareLinkJourney.journey_id == journey_id)
    return or_(ShareLink.journey_id == journey_id, ShareLink.id.in_(beside))


def _state(session: Session, link: ShareLink, *, longest: int, now: datetime) -> LinkState:
    if link.revoked_at is not None:  # by nobody where its maker lost the right
        return LinkState.REVOKED if link.revoked_by is not None else LinkState.NO_RIGHT
    if ends_at(link, longest) <= now:
        return LinkState.EXPIRED
    if not _may_share(session, account_of(link.maker), asked_by(link)):
        return LinkState.NO_RIGHT
    return LinkState.OPEN


def _may_share(session: Session, account: Account, asked: PageAsked) -> bool:
    needed = (Permission.SHARE_RESULTS, Permission.READ_RESULTS, asked.rule.permission)
    return asked.journey_id is not None and all(
        may_on(session, account, each, journey) for journey in asked.journeys for each in needed
    )


def _line(link: ShareLink, state: LinkState, longest: int) -> LinkLine:
    return LinkLine(
        link.id,
        link.purpose,
        asked_by(link),
        state,
        link.maker.name,
        link.made_at,
        ends_at(link, longest),
        link.password_hash is not None,
        tuple(link.frame_origins.split()),
        link.opened,
        link.opened_at,
    )


def _check_frames(wanted: LinkWanted) -> None:
    """Refuse frames of what is no map, and of a page that would ask for its password in a frame."""
    if wanted.frame_origins and wanted.asked.page is not Page.MAP:
        raise Invalid("Only a map can be shown inside another page.", field="frame_origins")
    if wanted.frame_origins and wanted.password_hash is not None:
        raise Invalid(
            "A map inside another page cannot ask for a password; leave the password empty, or make a"
            " second link.",
            field="password",
        )


def _purpose(text: str) -> str:
    text = " ".join(text.split())
    if not 1 <= len(text) <= LONGEST_PURPOSE:
        raise Invalid(
            f"The purpose has {len(text)} characters; use 1 to {LONGEST_PURPOSE}.", field="purpose"
        )
    return text


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
