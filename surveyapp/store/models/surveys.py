"""What is asked where, and the consent that it asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, one_of
from surveyapp.store.models.journeys import Journey, Touchpoint


class SurveyRow(Base):
    """Instruments asked at a touchpoint, or at the journey's end when ``touchpoint_id`` is None.

    ``asks`` is a list of {"instrument", "version", "key", "wording", "pinned"}; key and wording may be
    None. ``pinned`` is {language: wording id}, absent in surveys of before there was such a key.
    ``link`` is the open link's code: public by nature, hence kept in the clear. ``texts``, ``theme``,
    ``logic``, ``channels``, ``sampling``, ``distribution``, ``closed_loop`` and ``comments`` are
    documents, each with a class in surveys/settings. Introduction, consent and draw are in ``language``; ``texts``
    has them in the others. Rows are for whoever writes; everybody reads a surveys.survey.Survey.
    """

    __tablename__ = "surveys"
    __table_args__ = (
        one_of("state", "draft", "open", "closed"),
        one_of("anonymity", "pseudonymous", "anonymous"),
        one_of("paging", "page", "blocks"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    touchpoint_id: Mapped[int | None] = mapped_column(ForeignKey("touchpoints.id"), index=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    asks: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    language: Mapped[str] = mapped_column(String(20), default="en")
    languages: Mapped[list[str]] = mapped_column(Document, default=list)  # offered beside it
    introduction: Mapped[str] = mapped_column(Text, default="")
    consent: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[str] = mapped_column(String(60), default="")
    consent_box: Mapped[bool] = mapped_column(default=False)  # to be ticked; never ticked already
    draw: Mapped[str] = mapped_column(Text, default="")  # what may be won; empty: nothing
    texts: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    paging: Mapped[str] = mapped_column(String(20), default="page")
    auto_advance: Mapped[bool] = mapped_column(default=False)
    theme: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    logic: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    channels: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    sampling: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    distribution: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    closed_loop: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    comments: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    anonymity: Mapped[str] = mapped_column(String(20), default="pseudonymous")
    open_link: Mapped[bool] = mapped_column(default=True)
    link: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="open")
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    journey: Mapped[Journey] = relationship(back_populates="surveys")
    touchpoint: Mapped[Touchpoint | None] = relationship()


class ConsentText(Base):
    """What a consent version stood for. A version is never changed, only followed.

    ``text`` is in the survey's language, ``texts`` are its translations by language.
    """

    __tablename__ = "consent_texts"
    __table_args__ = (UniqueConstraint("survey_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    survey_id: Mapped[int] = mapped_column(ForeignKey("surveys.id"))
    version: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    texts: Mapped[dict[str, str]] = mapped_column(Document, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class TestAnswer(Base):
    """That a survey was answered as a test, and when last; of the answers nothing is stored."""

    __tablename__ = "test_answers"
    __test__ = False  # no class of tests, whatever its name

    survey_id: Mapped[int] = mapped_column(
        ForeignKey("surveys.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
