"""Pages that somebody kept under a name, and links by which others without an account read one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base
from surveyapp.store.models.journeys import Journey


class SavedView(Base):
    """A page with what was chosen on it, under a name; ``journey_id`` None: a page of many journeys.

    ``arguments`` is what stands in the page's address behind the question mark. No foreign key on
    ``touchpoint_id``: a touchpoint may leave the map and come back, and no view keeps it there.
    """

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(120))
    page: Mapped[str] = mapped_column(String(40))
    journey_id: Mapped[int | None] = mapped_column(ForeignKey("journeys.id"))
    touchpoint_id: Mapped[int | None]
    arguments: Mapped[str] = mapped_column(Text, default="")
    shared: Mapped[bool] = mapped_column(default=False, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    user: Mapped[User] = relationship()
    journey: Mapped[Journey | None] = relationship()


class ShareLink(Base):
    """A link to one page of results for people without an account. Only its token's SHA-256 is kept.

    ``arguments`` as in a saved view, with the months written out. ``revoked_by`` None: its maker lost the
    right to share.
    """

    __tablename__ = "share_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    page: Mapped[str] = mapped_column(String(40))
    touchpoint_id: Mapped[int | None]
    arguments: Mapped[str] = mapped_column(Text, default="")
    purpose: Mapped[str] = mapped_column(String(120))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Origins of pages that may show it inside themselves, with spaces between; empty: none may.
    frame_origins: Mapped[str] = mapped_column(Text, default="", server_default="")
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened: Mapped[int] = mapped_column(BigInteger, default=0)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    journey: Mapped[Journey] = relationship()
    maker: Mapped[User] = relationship(foreign_keys=[made_by])
    beside: Mapped[list[ShareLinkJourney]] = relationship(
        cascade="all, delete-orphan", order_by="ShareLinkJourney.journey_id"
    )

    @property
    def journeys(self) -> tuple[int, ...]:
        """Every journey that it shows, its own first."""
        return (self.journey_id, *(each.journey_id for each in self.beside))


class ShareLinkJourney(Base):
    """A journey that a link shows beside its own: whoever may share it finds the link and can revoke it."""

    __tablename__ = "share_link_journeys"

    link_id: Mapped[int] = mapped_column(
        ForeignKey("share_links.id", ondelete="CASCADE"), primary_key=True
    )
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), primary_key=True, index=True)
