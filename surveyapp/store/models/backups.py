"""What is known of backups: they lie elsewhere, and may have been made on any host."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime
from surveyapp.store.models.base import Base


class BackupNote(Base):
    """The last backup that was made into one folder of one host.

    ``verified_at`` is when it was last found whole, None where it has not been read again. ``missing`` is
    how many stored files it lacks.
    """

    __tablename__ = "backup_notes"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    folder: Mapped[str] = mapped_column(String(1000), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    size: Mapped[int] = mapped_column(BigInteger)
    missing: Mapped[int] = mapped_column(default=0)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
