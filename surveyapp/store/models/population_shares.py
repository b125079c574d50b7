"""How large the groups of a journey's customers are, as a source outside the answers knows it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base


class PopulationShares(Base):
    """The known shares of one attribute of all customers of a journey: what answers are weighted by.

    ``shares`` by value, above 0 and together 1. ``source`` says who counted, ``counted_on`` when.
    """

    __tablename__ = "population_shares"
    __table_args__ = (
        UniqueConstraint("journey_id", "attribute"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"))
    attribute: Mapped[str] = mapped_column(String(120))
    shares: Mapped[dict[str, float]] = mapped_column(Document)
    source: Mapped[str] = mapped_column(String(300))
    counted_on: Mapped[date] = mapped_column(Date)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
