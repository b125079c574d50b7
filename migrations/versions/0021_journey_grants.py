"""Access by journey, and keys that are bound to a journey, to networks and to a time.

Whoever could see every journey until now still can: they are given each one, by their role. Whoever
made a journey owns it. Keys stay as they are: of all journeys, from everywhere, without an end.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0023"

MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
GRANTS = {"researcher": ("editor", "comments"), "manager": ("reader", "comments")}
# From what a job was asked with to the journey that it is about.
JOURNEYS = {
    "journey_id": "SELECT id FROM journeys WHERE id = :n",
    "survey_id": "SELECT journey_id FROM surveys WHERE id = :n",
    "analysis_id": "SELECT journey_id FROM analyses WHERE id = :n",
    "report_id": "SELECT journey_id FROM reports WHERE id = :n",
    "batch_id": "SELECT s.journey_id FROM import_batches b JOIN surveys s ON s.id = b.survey_id"
    " WHERE b.id = :n",
    "preview_id": "SELECT s.journey_id FROM import_previews p JOIN surveys s ON s.id = p.survey_id"
    " WHERE p.id = :n",
}


def upgrade() -> None:
    op.create_table(
        "journey_grants",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("journey_id", sa.Integer),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("granted_by", sa.Integer),
        sa.Column("granted_at", MOMENT, nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_journey_grants_{column}")
            for column, to in (
                ("user_id", "users"),
                ("journey_id", "journeys"),
                ("granted_by", "users"),
            )
        ),
        sa.CheckConstraint(
            "kind IN ('owner', 'editor', 'reader', 'comments', 'contacts')",
            name=op.f("ck_journey_grants_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_journey_grants"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journey_grants_journey_id", "journey_grants", ["journey_id"])
    for name, columns, where in (
        ("uq_journey_grants_one", ["user_id", "journey_id", "kind"], "journey_id IS NOT NULL"),
        ("uq_journey_grants_all", ["user_id", "kind"], "journey_id IS NULL"),
    ):
        op.create_index(
            name,
            "journey_grants",
            columns,
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    for role, kinds in GRANTS.items():
        for kind in kinds:
            op.get_bind().execute(
                sa.text(
                    "INSERT INTO journey_grants (user_id, kind, granted_at)"
                    " SELECT id, :kind, created_at FROM users WHERE role = :role"
                ),
                {"kind": kind, "role": role},
            )
    op.execute(
        "INSERT INTO journey_grants (user_id, journey_id, kind, granted_at)"
        " SELECT owner_id, id, 'owner', created_at FROM journeys WHERE owner_id IS NOT NULL"
    )
    # One statement, which SQLite understands, too: it would copy the table for a constraint of its own.
    for table in ("api_keys", "jobs"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN journey_id INTEGER"
            f" CONSTRAINT fk_{table}_journey_id REFERENCES journeys (id)"
        )
    op.add_column("api_keys", sa.Column("networks", DOCUMENT, nullable=False, server_default="[]"))
    op.add_column("api_keys", sa.Column("expires_at", MOMENT))
    op.add_column("api_keys", sa.Column("previous_hash", sa.String(64)))
    op.add_column("api_keys", sa.Column("previous_until", MOMENT))
    _place_jobs()


def _place_jobs() -> None:
    """The journey of every job that was asked for until now."""
    connection = op.get_bind()
    jobs = sa.table(
        "jobs", sa.column("id"), sa.column("parameters", DOCUMENT), sa.column("journey_id")
    )
    for job_id, asked in connection.execute(sa.select(jobs.c.id, jobs.c.parameters)).all():
        for name, query in JOURNEYS.items():
            number = asked.get(name)
            found = connection.scalar(sa.text(query), {"n": number}) if number else None
            if found is not None:
                placed = sa.update(jobs).where(jobs.c.id == job_id).values(journey_id=found)
                connection.execute(placed)
                break
