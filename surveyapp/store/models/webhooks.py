"""Events told to other programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Uuid
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of, public_id
from surveyapp.store.public_ids import random_id


class Webhook(Base):
    """An address of another program that is told of ``events``.

    The secret that signs what it is told is made from ``seed`` and the secret key. Until
    ``previous_until``, what it is told is signed with that of ``previous_seed``, too.
    """

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    seed: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    failing_since: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # None: the last one arrived
    previous_seed: Mapped[str | None] = mapped_column(String(64))
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wait_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as its server asked
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its server wants no more
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    wanted: Mapped[list[WebhookEvent]] = relationship(
        order_by="WebhookEvent.event", cascade="all, delete-orphan", lazy="selectin"
    )
    events: AssociationProxy[list[str]] = association_proxy(
        "wanted", "event", creator=lambda event: WebhookEvent(event=event)
    )


class WebhookEvent(Base):
    """A kind of event that a webhook is told of. By event first: so it is asked for each answer."""

    __tablename__ = "webhook_events"

    event: Mapped[str] = mapped_column(String(40), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Event(Base):
    """Something that happened and has not been spread yet; deleted once it has been."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))  # "response", "response.corrected", "case", ...
    subject: Mapped[dict[str, Any]] = mapped_column(Document)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Delivery(Base):
    """One telling of one event to one webhook: the log, and what is still to be told.

    ``event_id`` is the event's: the same for every webhook, at each attempt and when it is sent again.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_public_id", "public_id", unique=True),
        Index("ix_deliveries_due", "state", "due_at"),
        one_of("state", "waiting", "sending", "delivered", "failed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    public_id: Mapped[str] = public_id()
    event_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), default=random_id)
    webhook_id: Mapped[int] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), index=True
    )
    # Gone with the response that it tells of; None where it tells of something else, or may not say.
    response_id: Mapped[int | None] = mapped_column(
        ForeignKey("responses.id", ondelete="CASCADE"), index=True
    )
    event: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Document)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]  # of the last answer
    error: Mapped[str] = mapped_column(String(300), default="")
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replay_of: Mapped[int | None] = mapped_column(Number)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
