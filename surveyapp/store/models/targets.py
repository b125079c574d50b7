"""What the metrics of a journey are to reach."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Float, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.accounts import User
from surveyapp.store.models.base import Base
from surveyapp.store.models.results import EVERYBODY

RESPONSE_RATE = "response_rate"  # the metric that is no scored scale


class Target(Base):
    """The value that one metric is to reach: at a place of a journey, of everybody or of a segment.

    ``place`` is "" for the journey as a whole, else the code of a stage, or of a stage and a
    touchpoint ("onboarding/branch"): codes stay, and a place that is removed from the map and put
    back has its target again. ``metric`` is a scored scale, or RESPONSE_RATE. No foreign key on
    ``segment_id``, because EVERYBODY is no stored segment.
    """

    __tablename__ = "targets"
    __table_args__ = (UniqueConstraint("journey_id", "place", "segment_id", "metric"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    place: Mapped[str] = mapped_column(String(121), default="")
    segment_id: Mapped[int] = mapped_column(default=EVERYBODY)
    metric: Mapped[str] = mapped_column(String(120))
    value: Mapped[float] = mapped_column(Float(53))
    due: Mapped[date | None] = mapped_column(Date)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    owner: Mapped[User | None] = relationship(foreign_keys=[owner_id])
