"""Journeys with a reporting time zone; rollups by generation, so that another zone's can be made beside."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_KEY = ("survey_id", "generation", "segment_id", "scale", "day")
_SUMS = ("n", "total", "total_squares", *(f"b{number}" for number in range(11)))
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "journeys", sa.Column("own_zone", sa.String(60), nullable=False, server_default="")
    )
    # What has been counted so far was counted by the days of UTC.
    op.add_column(
        "journeys", sa.Column("zone", sa.String(60), nullable=False, server_default="UTC")
    )
    op.add_column(
        "journeys", sa.Column("generation", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("journeys", sa.Column("next_zone", sa.String(60), nullable=True))
    op.add_column("journeys", sa.Column("counted_to", NUMBER, nullable=True))
    op.add_column("journeys", sa.Column("first_day", sa.Date, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        _copy_rollups()
        return
    new = sa.Column("generation", sa.Integer, nullable=False, server_default="0")
    op.add_column("rollups", new)
    op.alter_column("rollups", "generation", server_default=None)
    op.drop_constraint("pk_rollups", "rollups", type_="primary")
    op.create_primary_key("pk_rollups", "rollups", list(_KEY))


def _copy_rollups() -> None:
    """SQLite changes no primary key; nothing refers to rollups, so that the table can be another one."""
    op.create_table(
        "rollups_by_generation",
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("segment_id", sa.Integer, nullable=False),
        sa.Column("scale", sa.String(120), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        *(
            sa.Column(
                name,
                sa.Float(53) if name.startswith("total") else sa.BigInteger,
                nullable=False,
            )
            for name in _SUMS
        ),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_rollups_survey_id"),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_rollups"),
    )
    sums = ", ".join(_SUMS)
    op.execute(
        f"INSERT INTO rollups_by_generation ({', '.join(_KEY)}, {sums})"  # noqa: S608 - our own names
        f" SELECT survey_id, 0, segment_id, scale, day, {sums} FROM rollups"
    )
    op.drop_table("rollups")
    op.rename_table("rollups_by_generation", "rollups")
