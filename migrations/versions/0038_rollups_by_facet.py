"""Rollups by channel, language and flags; every journey's responses are counted anew beside the old ones.

Until its job is done, a journey's earlier rollups stay as they are, without channel and language and with
flagged answers among the others. New answers are counted by their facet from the start.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0044"

_KEY = ("survey_id", "generation", "segment_id", "scale", "day")
_SUMS = ("n", "total", "total_squares", *(f"b{number}" for number in range(11)))
_NOTHING = -1  # lower than any response's id: nothing has been counted yet


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _copy_rollups()
    else:
        new = sa.Column("facet", sa.String(50), nullable=False, server_default="")
        op.add_column("rollups", new)
        op.alter_column("rollups", "facet", server_default=None)
        op.drop_constraint("pk_rollups", "rollups", type_="primary")
        op.create_primary_key("pk_rollups", "rollups", [*_KEY, "facet"])
    _tell_facets()
    _ask_to_count()


def _tell_facets() -> None:
    """The facets that rollups can have: so far, one that tells nothing apart."""
    facets = op.create_table(
        "rollup_facets",
        sa.Column("facet", sa.String(50), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("facet", name="pk_rollup_facets"),
    )
    op.bulk_insert(facets, [{"facet": "", "channel": "", "language": "", "flagged": False}])


def _copy_rollups() -> None:
    """SQLite changes no primary key; nothing refers to rollups, so that the table can be another one."""
    op.create_table(
        "rollups_by_facet",
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=False),
        sa.Column("scale", sa.String(120), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("facet", sa.String(50), nullable=False),
        *(
            sa.Column(
                name,
                sa.Float(53) if name.startswith("total") else sa.BigInteger,
                nullable=False,
            )
            for name in _SUMS
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_rollups_survey_id"),
        sa.PrimaryKeyConstraint(*_KEY, "facet", name="pk_rollups"),
    )
    key, sums = ", ".join(_KEY), ", ".join(_SUMS)
    op.execute(
        f"INSERT INTO rollups_by_facet ({key}, facet, {sums})"  # noqa: S608 - our own names
        f" SELECT {key}, '', {sums} FROM rollups"
    )
    op.drop_table("rollups")
    op.rename_table("rollups_by_facet", "rollups")


def _ask_to_count() -> None:
    """A job for each journey with rollups, as for another time zone; one that is under way begins anew."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    document = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
    journeys = sa.table(
        "journeys",
        *(
            sa.column("id"),
            sa.column("zone"),
            sa.column("next_zone"),
            sa.column("counted_to", number),
        ),
    )
    surveys = sa.table("surveys", sa.column("id"), sa.column("journey_id"))
    rollups = sa.table("rollups", sa.column("survey_id"))
    jobs = sa.table(
        "jobs",
        *(sa.column(name) for name in ("kind", "state", "percent", "step", "error", "attempts")),
        *(sa.column("worker"), sa.column("journey_id"), sa.column("parameters", document)),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    counted = sa.select(surveys.c.journey_id).join(rollups, rollups.c.survey_id == surveys.c.id)
    connection = op.get_bind()
    for (journey,) in connection.execute(counted.distinct().order_by(surveys.c.journey_id)).all():
        own = journeys.c.id == journey
        following = sa.func.coalesce(journeys.c.next_zone, journeys.c.zone)
        begin = {"next_zone": following, "counted_to": _NOTHING}
        connection.execute(sa.update(journeys).where(own).values(begin))
        connection.execute(
            sa.insert(jobs).values(
                kind="count_days",
                state="waiting",
                percent=0,
                step="",
                error="",
                attempts=0,
                worker="",
                journey_id=journey,
                parameters={"journey_id": journey},
                created_at=datetime.now(UTC),
            )
        )
