"""Insights and opportunities, and the actions that are to realise one."""

import sqlalchemy as sa
from alembic import op

revision = "0070a"
down_revision = "0070"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _record(table: str, *columns: sa.schema.SchemaItem, places: bool) -> None:
    names = ("stage_id", "touchpoint_id") if places else ()
    op.create_table(
        table,
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in names),
        sa.Column("created_by", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Integer()),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        *columns,
        *(
            sa.ForeignKeyConstraint([name], [f"{name[:-3]}s.id"], name=f"fk_{table}_{name}")
            for name in ("journey_id", *names)
        ),
        *(
            sa.ForeignKeyConstraint([name], ["users.id"], name=f"fk_{table}_{name}")
            for name in ("created_by", "removed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sqlite_autoincrement=True,
    )
    for name in ("journey_id", *names):
        op.create_index(f"ix_{table}_{name}", table, [name])


def _link(table: str, first: tuple[str, str], second: tuple[str, str, sa.types.TypeEngine]) -> None:
    op.create_table(
        table,
        sa.Column(first[0], _NUMBER, nullable=False),
        sa.Column(second[0], second[2], nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{other}.id"], name=f"fk_{table}_{name}", ondelete="CASCADE"
            )
            for name, other in (first, second[:2])
        ),
        sa.PrimaryKeyConstraint(first[0], second[0], name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_{second[0]}", table, [second[0]])


def upgrade() -> None:
    _record("insights", sa.Column("text", sa.Text(), nullable=False), places=False)
    _record(
        "opportunities",
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("effort", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("driver_key", sa.String(200), nullable=False),
        sa.Column("owner_id", sa.Integer()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'doing', 'done', 'dropped')", name="ck_opportunities_state"
        ),
        sa.CheckConstraint("effort BETWEEN 1 AND 5", name="ck_opportunities_effort"),
        sa.CheckConstraint("impact BETWEEN 1 AND 5", name="ck_opportunities_impact"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_opportunities_owner_id"),
        places=True,
    )
    _link("insight_pain_points", ("insight_id", "insights"), ("pain_point_id", "pain_points", sa.Integer()))  # fmt: skip
    _link("opportunity_insights", ("opportunity_id", "opportunities"), ("insight_id", "insights", _NUMBER))  # fmt: skip
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE planned_actions ADD COLUMN opportunity_id {number} CONSTRAINT"
        " fk_planned_actions_opportunity_id REFERENCES opportunities (id)"
    )
    op.create_index("ix_planned_actions_opportunity_id", "planned_actions", ["opportunity_id"])
