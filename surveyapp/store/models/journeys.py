"""The map of a journey, and segments of its customers."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint, case
from sqlalchemy.orm import Mapped, mapped_column, relationship

from surveyapp.store.columns import Document, UtcDateTime, utc_now
from surveyapp.store.models.base import Base, Number, one_of

if TYPE_CHECKING:
    from surveyapp.store.models.maps import MapCell
    from surveyapp.store.models.surveys import SurveyRow
    from surveyapp.store.models.targets import Target


class Journey(Base):
    """What a customer goes through to reach a goal.

    Its days and months are those of ``zone``, in which the rollups of ``generation`` are counted.
    ``own_zone`` is the zone that staff chose, empty for the installation's. While the journey is being
    counted anew by ``next_zone``, the next generation's rollups count the responses whose id is not
    higher than ``counted_to``, and no page reads them; NOTHING_SORTED means none, and that rollups of
    an earlier attempt may still be there. ``first_day`` is the earliest that an anonymous answer is
    given from now on, so that a day that was over stays so.
    """

    __tablename__ = "journeys"
    __table_args__ = (
        one_of("state", "current", "target", "archived"),
        one_of("kind", "journey", "day", "blueprint"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(200))  # fills {provider} in the wording
    goal: Mapped[str] = mapped_column(Text, default="")  # the customer's goal
    state: Mapped[str] = mapped_column(String(20), default="current")
    # What its map shows: a journey, a day in the life, or a service blueprint.
    kind: Mapped[str] = mapped_column(String(20), default="journey", server_default="journey")
    # Of a target state: the journey as it is today.
    target_of_id: Mapped[int | None] = mapped_column(ForeignKey("journeys.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    # A customer who is silent for longer begins a new run; None: only the end closes one.
    run_gap_days: Mapped[int | None]
    # Pages and reports are about so many of the last months; None: the installation's number.
    period_months: Mapped[int | None]
    own_zone: Mapped[str] = mapped_column(String(60), default="")
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    generation: Mapped[int] = mapped_column(default=0)
    next_zone: Mapped[str | None] = mapped_column(String(60))
    counted_to: Mapped[int | None] = mapped_column(Number)
    first_day: Mapped[date | None] = mapped_column(Date)
    # Who answers for it; whoever made it, until somebody else is named.
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    group_name: Mapped[str] = mapped_column(String(60), default="", server_default="")
    next_review: Mapped[date | None] = mapped_column(Date)
    # How often it is reviewed, a name in journeys.reviews.CADENCES; empty for not regularly.
    review_every: Mapped[str] = mapped_column(String(20), default="", server_default="")
    review_notice_days: Mapped[int] = mapped_column(default=7, server_default="7")
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    # The day of review of which the owner was last reminded, before it and after it.
    review_noticed_for: Mapped[date | None] = mapped_column(Date)
    review_overdue_for: Mapped[date | None] = mapped_column(Date)
    # The code of the template that it was drawn from, whose survey plan is suggested.
    template: Mapped[str] = mapped_column(String(60), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    stages: Mapped[list[Stage]] = relationship(
        back_populates="journey", order_by="Stage.position", cascade="all, delete-orphan"
    )
    surveys: Mapped[list[SurveyRow]] = relationship(
        back_populates="journey", order_by="SurveyRow.id"
    )
    targets: Mapped[list[Target]] = relationship(
        order_by="(Target.segment_id, Target.place, Target.metric)", viewonly=True
    )
    tags: Mapped[list[JourneyTag]] = relationship(
        order_by="JourneyTag.tag", cascade="all, delete-orphan"
    )


class JourneyTag(Base):
    """A word by which journeys are found together; a journey has any number of them."""

    __tablename__ = "journey_tags"

    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(60), primary_key=True)


class Stage(Base):
    """A phase of a journey by the customer's goal."""

    __tablename__ = "stages"
    __table_args__ = (UniqueConstraint("journey_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    goal: Mapped[str] = mapped_column(Text, default="")

    journey: Mapped[Journey] = relationship(back_populates="stages")
    cells: Mapped[list[MapCell]] = relationship(order_by="MapCell.id", cascade="all, delete-orphan")
    touchpoints: Mapped[list[Touchpoint]] = relationship(
        back_populates="stage", order_by="Touchpoint.position", cascade="all, delete-orphan"
    )


class Touchpoint(Base):
    """A point of contact between the customer and someone who serves them."""

    __tablename__ = "touchpoints"
    __table_args__ = (
        UniqueConstraint("stage_id", "code"),
        one_of("ownership", "provider", "partner", "customer", "social"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"), index=True)
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(60), default="")
    ownership: Mapped[str] = mapped_column(String(20), default="provider")
    # Who runs it, where a partner does.
    partner: Mapped[str] = mapped_column(String(200), default="", server_default="")
    moment_of_truth: Mapped[bool] = mapped_column(default=False)
    front_stage: Mapped[str] = mapped_column(Text, default="")
    backstage: Mapped[str] = mapped_column(Text, default="")

    stage: Mapped[Stage] = relationship(back_populates="touchpoints")
    cells: Mapped[list[MapCell]] = relationship(order_by="MapCell.id", cascade="all, delete-orphan")


class MapRemoval(Base):
    """A stage with its touchpoints, or a touchpoint, that was removed from a map and can be put back.

    ``content`` is what it was and where it stood.
    """

    __tablename__ = "map_removals"
    __table_args__ = (one_of("kind", "stage", "touchpoint"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    journey_id: Mapped[int] = mapped_column(ForeignKey("journeys.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    removed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class CustomerGroup(Base):
    """Customers whose attributes meet a rule, with rollups of their own: a segment, or a weighting cell.

    ``sorted_to`` is None once every response has been sorted by the rule. Until then the group's
    rollups count the responses whose id is not higher, and no page shows them; NOTHING_SORTED means
    none, and that rollups of an earlier rule may still be there.
    """

    __tablename__ = "segments"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(Text)
    sorted_to: Mapped[int | None] = mapped_column(Number)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    # Of a weighting cell: the journey whose responses it counts.
    journey_id: Mapped[int | None] = mapped_column(ForeignKey("journeys.id"), index=True)

    __mapper_args__ = {  # noqa: RUF012 (as SQLAlchemy declares it)
        "polymorphic_on": case((journey_id.is_(None), "segment"), else_="weighting cell")
    }


class Segment(CustomerGroup):
    """A saved rule over respondent attributes: ``region in (North) and tenure_years >= 2``."""

    __mapper_args__ = {"polymorphic_identity": "segment"}  # noqa: RUF012


class WeightingCell(CustomerGroup):
    """Customers of one journey with the same values of the attributes that answers are weighted by.

    No page lists it: the values follow from the journey's population shares, whose rule it has.
    """

    __mapper_args__ = {"polymorphic_identity": "weighting cell"}  # noqa: RUF012
