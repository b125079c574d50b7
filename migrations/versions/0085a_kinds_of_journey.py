"""What a journey's map shows, and of which journey a target state is the target."""

from alembic import op

revision = "0085a"
down_revision = "0085"


def upgrade() -> None:
    for column in (
        "kind VARCHAR(20) NOT NULL DEFAULT 'journey'"
        " CONSTRAINT ck_journeys_kind CHECK (kind IN ('journey', 'day', 'blueprint'))",
        "target_of_id INTEGER CONSTRAINT fk_journeys_target_of_id REFERENCES journeys (id)",
    ):
        op.execute(f"ALTER TABLE journeys ADD COLUMN {column}")
    op.create_index("ix_journeys_target_of_id", "journeys", ["target_of_id"])
