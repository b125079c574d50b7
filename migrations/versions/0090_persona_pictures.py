"""A picture of a persona, and what it shows in words."""

from alembic import op

revision = "0090"
down_revision = "0089"


def upgrade() -> None:
    for column in (
        "picture_id INTEGER CONSTRAINT fk_personas_picture_id REFERENCES files (id)",
        "picture_alt VARCHAR(200) NOT NULL DEFAULT ''",
    ):
        op.execute(f"ALTER TABLE personas ADD COLUMN {column}")
    op.create_index("ix_personas_picture_id", "personas", ["picture_id"])
