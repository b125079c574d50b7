"""Values from elsewhere that scores are set beside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base


class BenchmarkSet(Base):
    """Values that were imported together; of all journeys."""

    __tablename__ = "benchmark_sets"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    values: Mapped[list[BenchmarkValue]] = relationship(
        order_by="BenchmarkValue.id", cascade="all, delete-orphan"
    )


class BenchmarkValue(Base):
    """One value of a metric, with what it takes to say whether a score compares with it.

    ``scale``, ``wording`` and ``mode`` are empty where the source does not say them.
    """

    __tablename__ = "benchmark_values"

    id: Mapped[int] = mapped_column(primary_key=True)
    set_id: Mapped[int] = mapped_column(ForeignKey("benchmark_sets.id"), index=True)
    metric: Mapped[str] = mapped_column(String(120))
    label: Mapped[str] = mapped_column(String(200), default="")
    value: Mapped[float] = mapped_column(Float(53))
    n: Mapped[int | None]
    sd: Mapped[float | None] = mapped_column(Float(53))
    scale: Mapped[str] = mapped_column(String(60), default="")
    wording: Mapped[str] = mapped_column(String(60), default="")
    mode: Mapped[str] = mapped_column(String(60), default="")
    year: Mapped[int]
    population: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(String(300))
