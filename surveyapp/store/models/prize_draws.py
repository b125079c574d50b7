"""Prize draws: who takes part, and who won."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.encrypted_columns import BlindIndex, EncryptedInRow, bind_to_rows, same_as
from surveyapp.store.models.base import Base, Number


class DrawEntry(Base):
    """Somebody who wants to win. Nothing joins it to an answer: random number, day only."""

    __tablename__ = "draw_entries"
    __table_args__ = (UniqueConstraint("survey_id", "address_index"),)

    # On SQLite the random number is the row's place, too: the file keeps no order of coming.
    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    address: Mapped[str] = mapped_column(EncryptedInRow("draw_entries.address", "id"))
    address_index: Mapped[str] = mapped_column(
        BlindIndex("draw_entries.address"), default=same_as("address")
    )
    day: Mapped[date] = mapped_column(Date)


bind_to_rows(DrawEntry)


class PrizeDraw(Base):
    """A prize draw that was held among ``entries`` people, ``winners`` of whom won."""

    __tablename__ = "prize_draws"

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"), index=True)
    entries: Mapped[int]
    winners: Mapped[int]
    held_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PrizeDrawWinner(Base):
    """An entry that won; gone with the entry, so that a winner's address is deleted in one place."""

    __tablename__ = "prize_draw_winners"

    prize_draw_id: Mapped[int] = mapped_column(
        ForeignKey("prize_draws.id", ondelete="CASCADE"), primary_key=True
    )
    entry_id: Mapped[int] = mapped_column(
        Number, ForeignKey("draw_entries.id", ondelete="CASCADE"), primary_key=True, index=True
    )
