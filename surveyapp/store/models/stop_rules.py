"""When somebody wants to know that a survey knows enough."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base


class StopRule(Base):
    """The margin that a survey's score is to have, and of how many answers, by which day.

    ``reached_at`` and ``late_at`` are when people were told so, each once; ``looked_on`` is the last
    day of the journey's calendar on which it was judged.
    """

    __tablename__ = "stop_rules"

    survey_id: Mapped[int] = mapped_column(
        ForeignKey("surveys.id"), primary_key=True, autoincrement=False
    )
    scale: Mapped[str] = mapped_column(String(120))
    margin: Mapped[float] = mapped_column(Float(53))
    population: Mapped[int | None]
    answers: Mapped[int | None]  # beside the margin, whichever comes first
    due: Mapped[date | None] = mapped_column(Date)
    reached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    late_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looked_on: Mapped[date | None] = mapped_column(Date)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
