"""Whom to ask: customers, their events and runs, and each decision."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import (
    BlindIndex,
    Encrypted,
    EncryptedInRow,
    bind_to_rows,
    same_as,
)
from surveyapp.store.models.base import Base, Number, one_of


class JourneyRun(Base):
    """One customer's passage through a journey: joins touchpoint answers and the final SJQ."""

    __tablename__ = "journey_runs"
    __table_args__ = (
        Index("ix_journey_runs_customer", "journey_id", "customer_ref"),
        # Two answers that arrive together must not begin two runs.
        Index(
            "uq_journey_runs_open",
            "journey_id",
            "customer_ref",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    customer_ref: Mapped[str] = mapped_column(String(200))
    external_ref: Mapped[str | None] = mapped_column(String(200))  # the organisation's own, if any
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the latest thing in it
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Contact(Base):
    """How a customer is reached: the only table that knows an address. No answer is near it.

    Addresses are encrypted; ``email_index`` and ``phone_index`` find them.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "ix_contacts_bounced_at",
            "bounced_at",
            sqlite_where=text("bounced_at IS NOT NULL"),
            postgresql_where=text("bounced_at IS NOT NULL"),
        ),
    )

    customer_ref: Mapped[str] = mapped_column(String(200), primary_key=True)  # the pseudonym
    email: Mapped[str] = mapped_column(EncryptedInRow("contacts.email", "customer_ref"), default="")
    email_index: Mapped[str] = mapped_column(
        BlindIndex("contacts.email"), default=same_as("email"), index=True
    )
    phone: Mapped[str] = mapped_column(EncryptedInRow("contacts.phone", "customer_ref"), default="")
    phone_index: Mapped[str] = mapped_column(
        BlindIndex("contacts.phone"), default=same_as("phone"), index=True
    )
    language: Mapped[str] = mapped_column(String(20), default="")
    zone: Mapped[str] = mapped_column(
        String(60), default=""
    )  # IANA name; empty: the installation's
    bounced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bounce_reason: Mapped[str] = mapped_column(
        Encrypted("contacts.bounce_reason"), default=""
    )  # servers quote addresses
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


bind_to_rows(Contact)


class OptOut(Base):
    """Somebody who does not want to be asked. Outlives their contact, hence a keyed hash.

    ``key`` is the pseudonym of the customer reference, or that of the address in small letters.
    """

    __tablename__ = "opt_outs"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    source: Mapped[str] = mapped_column(String(20))  # "link", "staff", "import", "api", "bounce"
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Interaction(Base):
    """An event from outside: this customer met this touchpoint at this time.

    ``decided_at`` is None until it has been decided whom to ask what because of it.
    """

    __tablename__ = "interactions"
    __table_args__ = (
        UniqueConstraint("touchpoint_id", "external_id"),
        Index("ix_interactions_customer", "customer_ref", "at"),
        Index("ix_interactions_at", "at"),
        Index(
            "ix_interactions_undecided",
            "id",
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    touchpoint_id: Mapped[int] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    journey_run_id: Mapped[int | None] = mapped_column(ForeignKey("journey_runs.id"), index=True)
    customer_ref: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(60), default="")
    channel: Mapped[str] = mapped_column(String(60), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    external_id: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(20), default="api")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Decision(Base):
    """Whether a survey asked this customer because of this interaction, and if not, why not.

    ``outcome`` "ask" has an invitation (gone once an anonymous one is redeemed), "skip" has a reason.
    Rows stay: non-response is reported from them.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("interaction_id", "survey_id"),
        Index("ix_decisions_customer", "customer_ref", "outcome", "due_at"),
        Index("ix_decisions_survey", "survey_id", "outcome", "reason", "decided_at"),
        one_of("outcome", "ask", "skip"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    interaction_id: Mapped[int] = mapped_column(
        ForeignKey("interactions.id", ondelete="CASCADE"), index=True
    )
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    customer_ref: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40), default="")  # of a closed list
    detail: Mapped[str] = mapped_column(String(300), default="")  # the reason as a sentence
    invitation_id: Mapped[int | None] = mapped_column(
        ForeignKey("invitations.id", ondelete="SET NULL"), index=True
    )
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the customer is asked
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the first message left
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class DecisionRollup(Base):
    """How many decisions of a survey were made on a day, and what came of their invitations.

    ``opened`` and ``started`` count all that came as far or further, and like ``completed`` an anonymous
    invitation that was used and is gone. Days are those of the zone in the survey's DecisionCounting. What
    has changed since stands in DecisionChange: both together are the numbers of now.
    """

    __tablename__ = "decision_rollups"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    reason: Mapped[str] = mapped_column(String(40), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, default=0)
    sent: Mapped[int] = mapped_column(BigInteger, default=0)
    opened: Mapped[int] = mapped_column(BigInteger, default=0)
    started: Mapped[int] = mapped_column(BigInteger, default=0)
    completed: Mapped[int] = mapped_column(BigInteger, default=0)
    held_back: Mapped[int] = mapped_column(BigInteger, default=0)


class DecisionCounting(Base):
    """By which zone's days a survey's decisions are counted, and how far: those with a number up to
    ``counted_to``, all where it is None. Until then no page reads them.
    """

    __tablename__ = "decision_countings"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))
    counted_to: Mapped[int | None] = mapped_column(Number)


class DecisionKinds(Base):
    """A large journey's decisions by month and by all the segments that a customer is in, counted by the
    worker.

    ``months`` holds of each month ("2026-03") a ``mark``, which differs when decisions made in it did, and
    ``kinds``: of each the segments' numbers, and how many were asked, sent, opened, started, completed, held
    back and skipped. ``rules``: a fingerprint of the segments, surveys and calendar.
    """

    __tablename__ = "decision_kinds"

    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), primary_key=True)
    rules: Mapped[str] = mapped_column(String(64))
    months: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class DecisionChange(Base):
    """By how much the columns of a DecisionRollup change with one decision or its invitation, which a
    worker is to add to it; triggers write them, as those of InvitationChange.
    """

    __tablename__ = "decision_changes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    decision_id: Mapped[int] = mapped_column(Number)
    survey_id: Mapped[int] = mapped_column(index=True)
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40))
    n: Mapped[int]
    sent: Mapped[int]
    opened: Mapped[int]
    started: Mapped[int]
    completed: Mapped[int]
    held_back: Mapped[int]


INVITATION_STATES = ("created", "opened", "completed", "suppressed")
# A message of ours that waits or failed: few of many, which are counted by their index alone.
_WAITING = "token_seed IS NOT NULL AND channel != 'link' AND state = 'created' AND sent_at IS NULL"


class InvitationCounts(Base):
    """A large journey's invitations by month and segment, counted by the worker.

    ``months`` holds of each month ("2026-03", of the decision) a ``mark``, which differs when invitations
    made in it did, and by segment how many were sent and answered. ``rules``: a fingerprint of the
    segments and the calendar. ``is_known``: every invitation followed an event, so that its customer's
    segments are known.
    """

    __tablename__ = "invitation_counts"

    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), primary_key=True)
    rules: Mapped[str] = mapped_column(String(64))
    is_known: Mapped[bool]
    months: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class InvitationRollup(Base):
    """How many invitations to a survey were made on a day, of one channel and what became of them.

    ``is_opened`` and ``is_started`` hold for all that came as far or further; ``is_waiting`` for a message
    of ours that waits or failed. Days are those of the zone in the survey's InvitationCounting. What
    has changed since stands in InvitationChange: both together are the numbers of now.
    """

    __tablename__ = "invitation_rollups"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), primary_key=True)
    is_opened: Mapped[bool] = mapped_column(primary_key=True)
    is_started: Mapped[bool] = mapped_column(primary_key=True)
    is_waiting: Mapped[bool] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, default=0)


class InvitationCounting(Base):
    """By which zone's days a survey's invitations are counted, and how far: those with a number up to
    ``counted_to``, all where it is None. Until then no page reads them.
    """

    __tablename__ = "invitation_countings"

    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))
    counted_to: Mapped[int | None] = mapped_column(Number)


class InvitationChange(Base):
    """One invitation more (``change`` 1) or less (-1) of a kind that InvitationRollup counts, which a worker
    is to add to it.

    Triggers write them with the invitation, so that whoever makes, changes or deletes one need not think
    of it, and two at once never wait for each other at a day's count.
    """

    __tablename__ = "invitation_changes"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    invitation_id: Mapped[int] = mapped_column(Number)
    survey_id: Mapped[int] = mapped_column(index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    channel: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    is_opened: Mapped[bool]
    is_started: Mapped[bool]
    is_waiting: Mapped[bool]
    change: Mapped[int]


class Invitation(Base):
    """One ask. The token is stored as its SHA-256 only.

    What a link made for a list carries is signed into it. One that is sent after an interaction is
    short: its token is made again from ``token_seed`` and the secret key for each message, and the
    customer and attributes are the interaction's. ``not_sent_reason`` says why an invitation was
    suppressed instead of sent.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_state", "survey_id", "state", "created_at"),
        Index(
            "ix_invitations_waiting",
            *("survey_id", "state", "created_at"),
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
        one_of("state", *INVITATION_STATES),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_seed: Mapped[str | None] = mapped_column(String(64))
    interaction_id: Mapped[int | None] = mapped_column(ForeignKey("interactions.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20), default="link")
    state: Mapped[str] = mapped_column(String(20), default="created")
    not_sent_reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first answer given
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
