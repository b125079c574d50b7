"""Open answers have a table, in which they are found, and a survey says how they are masked.

A job for each survey with answers masks those that are stored and writes the rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
_JOBS = sa.table(
    "jobs",
    *(sa.column(name) for name in ("kind", "state", "percent", "step", "error", "attempts")),
    *(sa.column(name) for name in ("worker", "journey_id")),
    sa.column("parameters", DOCUMENT),
    sa.column("created_at", MOMENT),
)


def upgrade() -> None:
    comments = sa.Column("comments", DOCUMENT, nullable=False, server_default=sa.text("'{}'"))
    op.add_column("surveys", comments)
    op.create_table(
        "comments",
        sa.Column("response_id", NUMBER, nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("survey_id", sa.Integer, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("may_quote", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _of_response("comments"),
        sa.ForeignKeyConstraint(["survey_id"], ["surveys.id"], name="fk_comments_survey_id"),
        sa.PrimaryKeyConstraint("response_id", "item", name="pk_comments"),
    )
    op.create_index(
        "ix_comments_survey_submitted", "comments", ["survey_id", "submitted_at", "response_id"]
    )
    op.create_table(
        "comment_originals",
        sa.Column("response_id", NUMBER, nullable=False),
        sa.Column("item", sa.String(120), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _of_response("comment_originals"),
        sa.PrimaryKeyConstraint("response_id", "item", name="pk_comment_originals"),
    )
    _ask_masking()


def _of_response(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_response_id"
    return sa.ForeignKeyConstraint(["response_id"], ["responses.id"], name=name, ondelete="CASCADE")


def _ask_masking() -> None:
    at = op.get_bind()
    surveys = at.execute(
        sa.text(
            "SELECT id, journey_id FROM surveys WHERE EXISTS"
            " (SELECT 1 FROM responses WHERE responses.survey_id = surveys.id) ORDER BY id"
        )
    ).all()
    blank = {"state": "waiting", "percent": 0, "step": "", "error": "", "attempts": 0, "worker": ""}
    for number, journey in surveys:
        about = {"parameters": {"survey_id": number}, "journey_id": journey}
        at.execute(
            _JOBS.insert().values(
                kind="mask_comments", created_at=sa.func.current_timestamp(), **blank, **about
            )
        )
