"""Invitations counted by day, from what triggers note of every change of one."""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0088"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = (
    "invitation_id, survey_id, made_at, channel, state, is_opened, is_started, is_waiting, change"
)
_COUNTED = (
    *("survey_id", "created_at", "channel", "state"),
    *("token_seed", "sent_at", "opened_at", "started_at"),
)


def upgrade() -> None:
    op.create_table(
        "invitation_rollups",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("is_opened", sa.Boolean(), nullable=False),
        sa.Column("is_started", sa.Boolean(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_invitation_rollups_survey_id"
        ),
        sa.PrimaryKeyConstraint(
            *("survey_id", "day", "channel", "state", "is_opened", "is_started", "is_waiting"),
            name="pk_invitation_rollups",
        ),
    )
    op.create_table(
        "invitation_countings",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("counted_to", _NUMBER),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_invitation_countings_survey_id"
        ),
        sa.PrimaryKeyConstraint("survey_id", name="pk_invitation_countings"),
    )
    op.create_table(
        "invitation_changes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("invitation_id", _NUMBER, nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("is_opened", sa.Boolean(), nullable=False),
        sa.Column("is_started", sa.Boolean(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitation_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invitation_changes_survey_id", "invitation_changes", ["survey_id"])
    # What is there already is counted by a worker, while customers answer.
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_sqlite() -> None:
    old, new = _noted("OLD", -1), _noted("NEW", 1)
    differs = "({}) IS NOT ({})".format(
        *(", ".join(f"{row}.{name}" for name in _COUNTED) for row in ("OLD", "NEW"))
    )
    for when, what in (
        ("AFTER INSERT ON invitations", new),
        (f"AFTER UPDATE OF {', '.join(_COUNTED)} ON invitations WHEN {differs}", f"{old} {new}"),
        ("AFTER DELETE ON invitations", old),
    ):
        name = when.split()[1].lower()
        op.execute(f"CREATE TRIGGER invitations_note_{name} {when} BEGIN {what} END")


def _on_postgresql() -> None:
    schema = op.get_bind().exec_driver_sql("SELECT current_schema()").scalar_one()
    table = f'"{schema}".invitation_changes'
    op.execute(
        f"""
CREATE FUNCTION "{schema}".note_invitation_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN {_noted("OLD", -1, table)} END IF;
    IF TG_OP <> 'DELETE' THEN {_noted("NEW", 1, table)} END IF;
    RETURN NULL;
END $$"""
    )
    differs = "({}) IS DISTINCT FROM ({})".format(
        *(", ".join(f"{row}.{name}" for name in _COUNTED) for row in ("OLD", "NEW"))
    )
    for name, when in (
        ("insert", "AFTER INSERT ON invitations FOR EACH ROW"),
        (
            "update",
            f"AFTER UPDATE OF {', '.join(_COUNTED)} ON invitations FOR EACH ROW WHEN ({differs})",
        ),
        ("delete", "AFTER DELETE ON invitations FOR EACH ROW"),
    ):
        op.execute(
            f"CREATE TRIGGER invitations_note_{name} {when}"
            f' EXECUTE FUNCTION "{schema}".note_invitation_change()'
        )


def _noted(row: str, change: int, table: str = "invitation_changes") -> str:
    """The statement that notes one more, or one less, of what a row is counted as."""
    started = f"{row}.started_at IS NOT NULL OR {row}.state = 'completed'"
    values = (
        *(f"{row}.{name}" for name in ("id", "survey_id", "created_at", "channel", "state")),
        f"({row}.opened_at IS NOT NULL OR {row}.state = 'opened' OR {started})",
        f"({started})",
        f"({row}.token_seed IS NOT NULL AND {row}.channel <> 'link'"
        f" AND {row}.state = 'created' AND {row}.sent_at IS NULL)",
        str(change),
    )
    return f"INSERT INTO {table} ({_COLUMNS}) VALUES ({', '.join(values)});"  # noqa: S608 - our own names
