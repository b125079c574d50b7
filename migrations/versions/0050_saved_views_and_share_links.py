"""Saved views: a page and its filters under a name. Share links: one page for people without an account."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0059"


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("journey_id", sa.Integer),
        sa.Column("touchpoint_id", sa.Integer),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_keys("saved_views", user_id="users", journey_id="journeys"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("user_id", "name", name="uq_saved_views_user_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_saved_views_shared", "saved_views", ["shared"])
    op.create_table(
        "share_links",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer, nullable=False),
        sa.Column("page", sa.String(40), nullable=False),
        sa.Column("touchpoint_id", sa.Integer),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("purpose", sa.String(120), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("made_by", sa.Integer, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Integer),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        *_keys("share_links", journey_id="journeys", made_by="users", revoked_by="users"),
        sa.PrimaryKeyConstraint("id", name="pk_share_links"),
        sa.UniqueConstraint("token_hash", name="uq_share_links_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_share_links_journey_id", "share_links", ["journey_id"])


def _keys(table: str, **to: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")
        for column, other in to.items()
    ]
