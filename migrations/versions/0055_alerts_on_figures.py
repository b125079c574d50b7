"""Alerts on any published figure of a journey, by complete months, and what each of them has told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0055"
down_revision = "0053"

DOCUMENT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WORDS = {
    "place": (sa.String(121), ""),
    "segment_id": (sa.Integer(), "0"),
    "channel": (sa.String(20), ""),
    "language": (sa.String(35), ""),
    "kind": (sa.String(20), "threshold"),
    "direction": (sa.String(10), "below"),
    "comparison": (sa.String(10), "before"),
    "chat": (sa.String(10), ""),
    "chat_url": (sa.Text(), ""),
    "digest": (sa.String(10), "now"),
}
_CHECKS = {
    "kind": ("threshold", "change", "control"),
    "direction": ("below", "above"),
    "comparison": ("before", "year"),
    "chat": ("", "slack", "teams"),
    "digest": ("now", "daily", "weekly"),
}
# An alert of a survey becomes one of the place where the survey asks.
_PLACE = (
    "SELECT stages.code || '/' || touchpoints.code FROM surveys"
    " JOIN touchpoints ON touchpoints.id = surveys.touchpoint_id"
    " JOIN stages ON stages.id = touchpoints.stage_id WHERE surveys.id = alerts.survey_id"
)
_JOURNEY = "SELECT journey_id FROM surveys WHERE surveys.id = alerts.survey_id"


def upgrade() -> None:
    newest = _newest()
    with op.batch_alter_table("alerts") as table:
        table.add_column(sa.Column("journey_id", sa.Integer()))
        table.add_column(sa.Column("months", sa.Integer()))
        table.add_column(sa.Column("value", sa.Float(53)))
        for name, (kind, usual) in _WORDS.items():
            table.add_column(sa.Column(name, kind, nullable=False, server_default=usual))
        for name in ("flagged", "whole"):
            table.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            )
        table.add_column(
            sa.Column("people", DOCUMENT, nullable=False, server_default=sa.text("'[]'"))
        )
        for name in ("escalate_to", "escalate_hours"):
            table.add_column(sa.Column(name, sa.Integer()))
        table.add_column(sa.Column("muted_until", sa.DateTime(timezone=True)))
        for name in ("looked_until", "looked_on"):
            table.add_column(sa.Column(name, sa.Date()))
    op.execute(
        f"UPDATE alerts SET journey_id = ({_JOURNEY}), place = coalesce(({_PLACE}), ''),"  # noqa: S608
        " value = below, months = CASE WHEN days < 45 THEN 1 ELSE (days + 15) / 30 END"
    )
    op.drop_index("ix_alerts_survey_id", "alerts")
    with op.batch_alter_table("alerts", table_kwargs={"sqlite_autoincrement": True}) as table:
        for name in ("survey_id", "below", "days"):
            table.drop_column(name)
        for name in ("journey_id", "months"):
            table.alter_column(name, existing_type=sa.Integer(), nullable=False)
        table.alter_column("value", existing_type=sa.Float(53), nullable=False)
        table.create_foreign_key("fk_alerts_journey_id", "journeys", ["journey_id"], ["id"])
        table.create_foreign_key("fk_alerts_escalate_to", "users", ["escalate_to"], ["id"])
        for name, words in _CHECKS.items():
            listed = ", ".join(f"'{word}'" for word in words)
            table.create_check_constraint(op.f(f"ck_alerts_{name}"), f"{name} IN ({listed})")
    op.create_index("ix_alerts_journey_id", "alerts", ["journey_id"])
    _not_again(newest)
    _events()


def _events() -> None:
    op.create_table(
        "alert_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("acknowledged_by", sa.Integer()),
        sa.Column("escalated_at", sa.DateTime(timezone=True)),
        sa.Column("post_state", sa.String(10), nullable=False),
        sa.Column("post_due_at", sa.DateTime(timezone=True)),
        sa.Column("post_attempts", sa.Integer(), nullable=False),
        sa.Column("post_error", sa.String(300), nullable=False),
        sa.CheckConstraint("kind IN ('crossed', 'test')", name=op.f("ck_alert_events_kind")),
        sa.CheckConstraint(
            "post_state IN ('', 'waiting', 'sending', 'sent', 'failed')",
            name=op.f("ck_alert_events_post_state"),
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name="fk_alert_events_alert_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"], ["users.id"], name="fk_alert_events_acknowledged_by"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alert_events"),
        sqlite_autoincrement=True,
    )
    for column in ("alert_id", "post_state"):
        op.create_index(f"ix_alert_events_{column}", "alert_events", [column])


def _newest() -> int | None:
    """The highest number that SQLite has given; it forgets it when a table is written anew."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return None
    read = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'alerts'")
    found: int | None = connection.scalar(read)
    return found


def _not_again(newest: int | None) -> None:
    if newest is None:
        return
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'alerts'")
    op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('alerts', {newest:d})")  # noqa: S608
