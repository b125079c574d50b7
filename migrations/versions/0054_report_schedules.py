"""Reports by the calendar: schedules, their recipients, what came of each day, and links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0057"


def _key(table: str, column: str, target: str, **options: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, **options)


def upgrade() -> None:
    own = "report_schedules"
    op.create_table(
        own,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("every", sa.String(10), nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("months", sa.Integer, nullable=False),
        sa.Column(
            "parameters",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("next_on", sa.Date, nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _key(own, "journey_id", "journeys"),
        _key(own, "segment_id", "segments", ondelete="CASCADE"),
        _key(own, "created_by", "users"),
        sa.CheckConstraint(
            "every IN ('week', 'month', 'quarter')", name="ck_report_schedules_every"
        ),
        sa.CheckConstraint("hour >= 0 AND hour < 24", name="ck_report_schedules_hour"),
        sa.PrimaryKeyConstraint("id", name="pk_report_schedules"),
        sqlite_autoincrement=True,
    )
    for column in ("journey_id", "segment_id", "next_on"):
        op.create_index(f"ix_report_schedules_{column}", own, [column])
    own = "schedule_recipients"
    op.create_table(
        own,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("schedule_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        _key(own, "schedule_id", "report_schedules", ondelete="CASCADE"),
        _key(own, "user_id", "users"),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (address = '')", name="ck_schedule_recipients_account_or_address"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_recipients"),
        sqlite_autoincrement=True,
    )
    for column in ("schedule_id", "user_id"):
        op.create_index(f"ix_schedule_recipients_{column}", own, [column])
    own = "schedule_runs"
    op.create_table(
        own,
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("schedule_id", sa.Integer, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("report_id", sa.Integer, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _key(own, "schedule_id", "report_schedules", ondelete="CASCADE"),
        _key(own, "report_id", "reports", ondelete="SET NULL"),
        sa.CheckConstraint(
            "state IN ('making', 'sent', 'skipped', 'failed')", name="ck_schedule_runs_state"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_runs"),
        sa.UniqueConstraint("schedule_id", "due_on", name="uq_schedule_runs_schedule_id_due_on"),
        sqlite_autoincrement=True,
    )
    for column in ("state", "report_id"):
        op.create_index(f"ix_schedule_runs_{column}", own, [column])
    own = "report_links"
    op.create_table(
        own,
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("report_id", sa.Integer, nullable=False),
        sa.Column("recipient_id", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _key(own, "report_id", "reports", ondelete="CASCADE"),
        _key(own, "recipient_id", "schedule_recipients", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_report_links"),
    )
    for column in ("report_id", "recipient_id", "expires_at"):
        op.create_index(f"ix_report_links_{column}", own, [column])
