"""Webhooks by the Standard Webhooks specification: ids of events, versions of what they are about, two
secrets while one is replaced, and what a receiving server has asked for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("webhooks", sa.Column("previous_seed", sa.String(64), nullable=True))
    for name in ("previous_until", "wait_until", "gone_at"):
        op.add_column("webhooks", sa.Column(name, moment, nullable=True))
    version = sa.Column("version", sa.Integer, nullable=False, server_default="1")
    op.add_column("responses", version)
    op.execute("UPDATE responses SET version = 2 WHERE corrected_at IS NOT NULL")
    op.add_column("alerts", sa.Column("told", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE alerts SET told = 1 WHERE told_at IS NOT NULL")
    _name_events(sqlite=op.get_bind().dialect.name == "sqlite")


def _name_events(*, sqlite: bool) -> None:
    """An event's id is that of its first delivery; what was sent again has the first one's."""
    default = sa.text("''" if sqlite else "gen_random_uuid()")
    column = sa.Column("event_id", sa.Uuid(as_uuid=False), nullable=False, server_default=default)
    op.add_column("deliveries", column)
    if not sqlite:
        op.alter_column("deliveries", "event_id", server_default=None)
    op.execute("UPDATE deliveries SET event_id = public_id")
    connection = op.get_bind()
    again = sa.text(
        "UPDATE deliveries SET event_id = first.event_id FROM deliveries AS first"
        " WHERE first.id = deliveries.replay_of AND first.event_id <> deliveries.event_id"
    )
    while connection.execute(again).rowcount:  # what was sent again may have been sent again
        pass
