"""What was changed in journeys, and what somebody is going to do about them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base, Number, one_of
from surveyapp.store.models.journeys import Journey, Stage, Touchpoint


class RegisteredChange(Base):
    """Something that was changed in a journey, and when: what its scores are looked at before and after.

    In effect from ``started_on``, of a temporary one until ``ended_on``. Made by ``maker``, or by
    somebody without an account here (``made_by``). ``removed_at``: it can be restored for some time.
    """

    __tablename__ = "registered_changes"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    started_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    maker_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    made_by: Mapped[str] = mapped_column(String(200), default="")
    cost: Mapped[str] = mapped_column(String(200), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    expected: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    journey: Mapped[Journey] = relationship()
    maker: Mapped[User | None] = relationship(foreign_keys=[maker_id])
    places: Mapped[list[ChangedPlace]] = relationship(
        order_by="ChangedPlace.id", cascade="all, delete-orphan"
    )


class ChangedPlace(Base):
    """A stage or a touchpoint that a change is at; a change without any is at the whole journey."""

    __tablename__ = "changed_places"
    __table_args__ = (
        CheckConstraint("(stage_id IS NULL) <> (touchpoint_id IS NULL)", name="one_place"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    change_id: Mapped[int] = mapped_column(
        ForeignKey("registered_changes.id", ondelete="CASCADE"), index=True
    )
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)

    stage: Mapped[Stage | None] = relationship()
    touchpoint: Mapped[Touchpoint | None] = relationship()


class PlannedAction(Base):
    """Something that somebody is to do about a journey until a day.

    ``driver`` says in words what it rests on, such as a score that lies below the others; ``change`` is
    what came of it. It concerns a stage, a touchpoint of it, or the journey as a whole.
    ``removed_at``: it can be restored for some time.
    """

    __tablename__ = "planned_actions"
    __table_args__ = (one_of("state", "open", "doing", "done", "dropped"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    due_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(20), default="open")
    driver: Mapped[str] = mapped_column(Text, default="")
    change_id: Mapped[int | None] = mapped_column(
        ForeignKey("registered_changes.id", ondelete="SET NULL"), index=True
    )
    # The opportunity that it is to realise.
    opportunity_id: Mapped[int | None] = mapped_column(ForeignKey("opportunities.id"), index=True)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # done or dropped
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    journey: Mapped[Journey] = relationship()
    stage: Mapped[Stage | None] = relationship()
    touchpoint: Mapped[Touchpoint | None] = relationship()
    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
    change: Mapped[RegisteredChange | None] = relationship()
