"""How long answers are kept, and the receipts of what went."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of


class RetentionRule(Base):
    """How long a survey's answers are kept, and what happens to them then.

    Nothing goes before staff were told of it, at ``announced_at``. ``done_on`` is the last night that
    was dealt with.
    """

    __tablename__ = "retention_rules"
    __table_args__ = (one_of("method", "delete", "anonymise"),)

    survey_id: Mapped[int] = mapped_column(
        ForeignKey("surveys.id"), primary_key=True, autoincrement=False
    )
    months: Mapped[int]
    method: Mapped[str] = mapped_column(String(20))
    chosen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    chosen_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_on: Mapped[date | None] = mapped_column(Date)


class RetentionRound(Base):
    """What went in one night by a survey's retention rule: the receipt, which grows with each of its
    transactions. All answers of days before ``before`` were to go.
    """

    __tablename__ = "retention_rounds"
    __table_args__ = (UniqueConstraint("survey_id", "night", "method"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    night: Mapped[date] = mapped_column(Date)
    method: Mapped[str] = mapped_column(String(20))
    before: Mapped[date] = mapped_column(Date)
    responses: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)  # anonymous answers that never were enough
    cases: Mapped[int] = mapped_column(default=0)  # that lost their customer and notes
