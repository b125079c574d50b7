"""How far the responses have been sorted into each segment."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("segments", sa.Column("sorted_to", NUMBER, nullable=True))
    # Sorting that was asked for and is not over begins anew; all other segments are complete.
    jobs = sa.table("jobs", sa.column("kind"), sa.column("state"), sa.column("parameters", sa.JSON))
    segments = sa.table("segments", sa.column("id"), sa.column("sorted_to"))
    asked = sa.select(sa.cast(jobs.c.parameters, sa.Text)).where(
        jobs.c.kind == "rebuild_rollups", jobs.c.state.in_(("waiting", "running"))
    )
    connection = op.get_bind()
    for parameters in connection.scalars(asked).all():
        number = json.loads(parameters).get("segment_id")
        connection.execute(sa.update(segments).where(segments.c.id == number).values(sorted_to=-1))
