"""Files of responses that were brought in, or are looked at beforehand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of


class ImportBatch(Base):
    """One import: a file's rows, and what became of them; its responses point at it.

    ``content`` is what the rows without an id add up to, ``rows`` how many they are, ``sample`` some of
    them as keyed digests, by which a later file that holds them, too, is noticed; ``by_value`` says that
    they are made of what the cells say, and not of the cells as they stand. ``read_to`` is the
    last row that has been dealt with: an import that was stopped goes on behind it. ``file_name`` is
    empty for what an earlier version brought in.
    """

    __tablename__ = "import_batches"
    __table_args__ = (
        Index("ix_import_batches_survey", "survey_id"),
        one_of("state", "importing", "done", "removing", "removed"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    content: Mapped[str | None] = mapped_column(String(16))
    rows: Mapped[int] = mapped_column(default=0)
    sample: Mapped[list[str]] = mapped_column(Document, default=list)
    by_value: Mapped[bool] = mapped_column(default=True, server_default=false())  # those of before
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    file_name: Mapped[str] = mapped_column(String(200), default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: a command
    job_id: Mapped[int | None] = mapped_column(Number, ForeignKey("jobs.id"))
    choices: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    notes: Mapped[list[str]] = mapped_column(Document, default=list)
    state: Mapped[str] = mapped_column(String(20), default="importing")
    read_to: Mapped[int] = mapped_column(default=0)
    count_in: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    already: Mapped[int] = mapped_column(default=0)
    corrected: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    first_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the stored responses
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wordings: Mapped[dict[str, list[str]]] = mapped_column(Document, default=dict)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed: Mapped[int] = mapped_column(default=0)  # responses
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ImportPreview(Base):
    """A file that somebody has uploaded and not confirmed yet: what would become of its rows.

    ``fingerprint`` is what the survey was like when the preview was made, ``result`` the preview,
    ``batch_id`` the import that it was confirmed as. Gone with its file once it has expired.
    """

    __tablename__ = "import_previews"
    __table_args__ = (Index("ix_import_previews_expires", "expires_at"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    refused_file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))
    choices: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(Document)
    job_id: Mapped[int | None] = mapped_column(Number, ForeignKey("jobs.id"))
    batch_id: Mapped[int | None] = mapped_column(Number, ForeignKey("import_batches.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
