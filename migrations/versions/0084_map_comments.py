"""Comments of staff on cells of a map and on what was found on it, and whom they mention."""

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = ("journey", "stage", "touchpoint", "pain_point", "insight", "opportunity")
_REFERRED = (
    ("journey_id", "journeys", None),
    ("thread_id", "map_comments", "CASCADE"),
    ("stage_id", "stages", None),
    ("touchpoint_id", "touchpoints", None),
    ("pain_point_id", "pain_points", "CASCADE"),
    ("insight_id", "insights", "CASCADE"),
    ("opportunity_id", "opportunities", "CASCADE"),
    ("lane_id", "map_lanes", None),
    ("created_by", "users", None),
    ("resolved_by", "users", None),
)


def upgrade() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    op.create_table(
        "map_comments",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", _NUMBER),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("stage_id", sa.Integer()),
        sa.Column("touchpoint_id", sa.Integer()),
        sa.Column("pain_point_id", _NUMBER),
        sa.Column("insight_id", _NUMBER),
        sa.Column("opportunity_id", _NUMBER),
        sa.Column("lane", sa.String(20), nullable=False),
        sa.Column("lane_id", sa.Integer()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_by", sa.Integer()),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"kind IN ({kinds})", name="ck_map_comments_kind"),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=f"fk_map_comments_{column}", ondelete=gone
            )
            for column, table, gone in _REFERRED
        ),
        sa.PrimaryKeyConstraint("id", name="pk_map_comments"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_map_comments_journey_id_resolved_at", "map_comments", ["journey_id", "resolved_at"]
    )
    for column in (
        *("thread_id", "stage_id", "touchpoint_id"),
        *("pain_point_id", "insight_id", "opportunity_id"),
    ):
        op.create_index(f"ix_map_comments_{column}", "map_comments", [column])
    op.create_table(
        "map_mentions",
        sa.Column("comment_id", _NUMBER, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"],
            ["map_comments.id"],
            name="fk_map_mentions_comment_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_map_mentions_user_id"),
        sa.PrimaryKeyConstraint("comment_id", "user_id", name="pk_map_mentions"),
    )
