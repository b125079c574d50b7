"""Campaigns, and the messages on their way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import EncryptedDocument
from surveyapp.store.models.base import Base, Number, one_of


class Campaign(Base):
    """A list of customers who were asked on one day.

    ``asked`` counts the messages that were written, ``left_out`` is {reason: how many were not asked
    for it}. ``list_digest`` recognises the same list when it comes again; it is made of the
    pseudonyms on it and dropped once it serves no more.
    """

    __tablename__ = "campaigns"
    __table_args__ = (UniqueConstraint("survey_id", "day", "list_digest"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    day: Mapped[date] = mapped_column(Date)
    list_digest: Mapped[str | None] = mapped_column(String(16))
    asked: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[dict[str, int]] = mapped_column(Document, default=dict)


class CampaignRecipient(Base):
    """A customer whom a campaign asked, by the message to them.

    Gone with the message, as that of an anonymous invitation is once it is redeemed. ``customer_ref`` is
    None for somebody who was forgotten, or whom nobody needs to know any more.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (UniqueConstraint("customer_ref", "campaign_id"),)

    message_id: Mapped[int] = mapped_column(
        Number, ForeignKey("outgoing_messages.id", ondelete="CASCADE"), primary_key=True
    )
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    customer_ref: Mapped[str | None] = mapped_column(String(200))


class OutgoingMessage(Base):
    """A message to be sent: this row is the truth, and it is sent at least once, seldom twice.

    To a customer it holds no address, which is looked up when it is sent. ``key`` makes the same
    wish twice one message ("invitation 12", "invitation 12 reminder 1").
    """

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        Index("ix_outgoing_messages_due", "state", "due_at"),
        Index("ix_outgoing_messages_claimed", "claimed_at"),  # how many were sent in a minute
        Index("ix_outgoing_messages_customer", "customer_ref", "due_at"),
        Index(
            "ix_outgoing_messages_case",
            "case_id",
            sqlite_where=text("case_id IS NOT NULL"),
            postgresql_where=text("case_id IS NOT NULL"),
        ),
        one_of("state", "waiting", "sending", "sent", "failed", "cancelled"),
        one_of("channel", "email", "webhook"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))  # "invitation", "reminder", "alert", ...
    channel: Mapped[str] = mapped_column(String(20), default="email")
    survey_id: Mapped[int | None] = mapped_column(ForeignKey("surveys.id"), index=True)
    invitation_id: Mapped[int | None] = mapped_column(
        ForeignKey("invitations.id", ondelete="CASCADE"), index=True
    )
    customer_ref: Mapped[str | None] = mapped_column(String(200))
    # Of a reply: the case whose customer it is written to.
    case_id: Mapped[int | None] = mapped_column(Number, ForeignKey("cases.id"))
    # To staff: {"to", "subject", "text"}. To customers: {} or {"number": reminder's number}, in a reply
    # {"subject", "text", "reply_to"}. Old ones say nothing any more.
    content: Mapped[dict[str, Any]] = mapped_column(
        EncryptedDocument("outgoing_messages.content", "{}"), default=dict
    )
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class MailKey(Base):
    """A key that signs the mails of a domain, once its public half is found in DNS.

    The private half can be read with the installation's secret key only.
    """

    __tablename__ = "mail_keys"
    __table_args__ = (UniqueConstraint("domain", "selector"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(String(253))
    selector: Mapped[str] = mapped_column(String(63))
    private_key: Mapped[str] = mapped_column(Text)  # encrypted PEM
    public_key: Mapped[str] = mapped_column(Text)  # as DNS has it
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    signs_from: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: it has never signed
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when another one took over
