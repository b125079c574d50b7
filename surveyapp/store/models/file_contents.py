"""The bytes of files where they are kept in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import UtcDateTime, utc_now
from surveyapp.store.models.base import Base


class FileContent(Base):
    """Bytes that are kept here, once however many files have them; its row is what is locked."""

    __tablename__ = "file_contents"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class FilePiece(Base):
    """A part of the bytes, numbered from 0."""

    __tablename__ = "file_pieces"

    sha256: Mapped[str] = mapped_column(ForeignKey("file_contents.sha256"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)
