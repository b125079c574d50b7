"""How far the responses have been sorted into each segment."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("segments", sa.Column("sorted_to", NUMBER, nullable=True))
    # A segment whose last job is not done begins anew; all others are complete.
    names = ("id", "kind", "state", "parameters")
    jobs = sa.table("jobs", *(sa.column(name) for name in names))
    segments = sa.table("segments", sa.column("id"), sa.column("sorted_to"))
    asked = sa.select(sa.cast(jobs.c.parameters, sa.Text), jobs.c.state).where(
        jobs.c.kind == "rebuild_rollups"
    )
    connection = op.get_bind()
    last = {}
    for parameters, state in connection.execute(asked.order_by(jobs.c.id)):
        last[json.loads(parameters).get("segment_id")] = state
    for number in [number for number, state in last.items() if state != "done"]:
        begins = sa.update(segments).where(segments.c.id == number)
        connection.execute(begins.values(sorted_to=-1))
