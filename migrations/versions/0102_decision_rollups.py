"""Decisions counted by day, from what triggers note of every change of one and of its invitation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0102"
down_revision = "0101"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
_SUMS = ("n", "sent", "opened", "started", "completed", "held_back")
_COLUMNS = ", ".join(("decision_id", "survey_id", "decided_at", "outcome", "reason", *_SUMS))
_OWN = ("survey_id", "decided_at", "outcome", "reason", "sent_at", "invitation_id")
_PLACED = ("survey_id", "decided_at", "invitation_id")
_REACHED = ("opened_at", "started_at", "completed_at", "state", "sent_at")


def upgrade() -> None:
    _create_tables()
    # Which addresses mail came back from is asked for a period.
    bounced = sa.text("bounced_at IS NOT NULL")
    op.create_index(
        "ix_contacts_bounced_at",
        "contacts",
        ["bounced_at"],
        sqlite_where=bounced,
        postgresql_where=bounced,
    )
    # What is there already is counted by a worker, while customers answer.
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    schema = "" if is_sqlite else op.get_bind().exec_driver_sql("SELECT current_schema()").scalar()
    into = "decision_changes" if is_sqlite else f'"{schema}".decision_changes'
    rows = "" if is_sqlite else f'"{schema}".'
    gone, made = _own("OLD", -1, into), _own("NEW", 1, into)
    unlinked, linked = _linked("OLD", -1, into, rows), _linked("NEW", 1, into, rows)
    for name, when, what in (
        ("decisions_note_insert", "AFTER INSERT ON decisions", made + linked),
        (
            "decisions_note_update",
            f"AFTER UPDATE OF {', '.join(_OWN)} ON decisions WHEN {_differs(_OWN)}",
            gone + made,
        ),
        (
            "decisions_note_link",
            f"AFTER UPDATE OF {', '.join(_PLACED)} ON decisions WHEN {_differs(_PLACED)}",
            unlinked + linked,
        ),
        ("decisions_note_delete", "AFTER DELETE ON decisions", gone + unlinked),
        (
            "invitations_note_reached",
            f"AFTER UPDATE OF {', '.join(_REACHED)} ON invitations WHEN {_reached_differs()}",
            _of_invitation("NEW", "OLD", into, rows),
        ),
        # Before: what refers to an invitation refers to none once it has gone.
        (
            "invitations_note_leaving",
            "BEFORE DELETE ON invitations",
            _of_invitation("", "OLD", into, rows),
        ),
    ):
        if is_sqlite:
            op.execute(f"CREATE TRIGGER {name} {when} BEGIN {what} END")
        else:
            _on_postgresql(schema, name, when, what)


def _create_tables() -> None:
    op.create_table(
        "decision_rollups",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_decision_rollups_survey_id"
        ),
        sa.PrimaryKeyConstraint(
            *("survey_id", "day", "outcome", "reason"), name="pk_decision_rollups"
        ),
    )
    op.create_table(
        "decision_countings",
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("counted_to", _NUMBER),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["surveys.id"], name="fk_decision_countings_survey_id"
        ),
        sa.PrimaryKeyConstraint("survey_id", name="pk_decision_countings"),
    )
    op.create_table(
        "decision_kinds",
        sa.Column("journey_id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(64), nullable=False),
        sa.Column("months", _DOCUMENT, nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"], ["journeys.id"], name="fk_decision_kinds_journey_id"
        ),
        sa.PrimaryKeyConstraint("journey_id", name="pk_decision_kinds"),
    )
    op.create_table(
        "decision_changes",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("decision_id", _NUMBER, nullable=False),
        sa.Column("survey_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _SUMS),
        sa.PrimaryKeyConstraint("id", name="pk_decision_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decision_changes_survey_id", "decision_changes", ["survey_id"])


def _on_postgresql(schema: str, name: str, when: str, what: str) -> None:
    event, _, condition = when.partition(" WHEN ")
    returned = "OLD" if event.startswith("BEFORE") else "NULL"
    op.execute(
        f'CREATE FUNCTION "{schema}".{name}() RETURNS trigger LANGUAGE plpgsql AS $$'
        f" BEGIN {what} RETURN {returned}; END $$"
    )
    condition = condition.replace("IS NOT (", "IS DISTINCT FROM (")
    only = f" WHEN ({condition})" if condition else ""
    op.execute(
        f'CREATE TRIGGER {name} {event} FOR EACH ROW{only} EXECUTE FUNCTION "{schema}".{name}()'
    )


def _own(row: str, change: int, into: str) -> str:
    """The statement that notes one decision more or less, with what it says itself."""
    used = _one(f"{row}.outcome = 'ask' AND {row}.invitation_id IS NULL", change)
    values = (
        *(f"{row}.{name}" for name in ("id", "survey_id", "decided_at", "outcome", "reason")),
        str(change),
        _one(f"{row}.sent_at IS NOT NULL", change),
        *(used, used, used, "0"),
    )
    return f"INSERT INTO {into} ({_COLUMNS}) VALUES ({', '.join(values)}); "  # noqa: S608 - our own names


def _linked(row: str, change: int, into: str, rows: str) -> str:
    """The statement that notes what a decision's invitation says, if there is one."""
    placed = ", ".join(f"{row}.{name}" for name in ("id", "survey_id", "decided_at"))
    reached = ", ".join(_one(came, change) for came in _steps("asked"))
    return (
        f"INSERT INTO {into} ({_COLUMNS})"  # noqa: S608 - our own names
        f" SELECT {placed}, 'ask', '', 0, 0, {reached} FROM {rows}invitations AS asked"
        f" WHERE asked.id = {row}.invitation_id AND ({' OR '.join(_steps('asked'))}); "
    )


def _of_invitation(new: str, old: str, into: str, rows: str) -> str:
    """The statement that notes by how much an invitation says something else; ``new`` is "" where it goes."""
    fewer = [_one(came, -1) for came in _steps(old)]
    more = [f"{_one(came, 1)} + " for came in _steps(new)] if new else [""] * len(fewer)
    reached = ", ".join(one + less for one, less in zip(more, fewer, strict=True))
    return (
        f"INSERT INTO {into} ({_COLUMNS})"  # noqa: S608 - our own names
        f" SELECT own.id, own.survey_id, own.decided_at, 'ask', '', 0, 0, {reached}"
        f" FROM {rows}decisions AS own WHERE own.invitation_id = {old}.id"
        f" AND ({' OR '.join((*_steps(old), *(_steps(new) if new else ())))}); "
    )


def _steps(row: str) -> tuple[str, ...]:
    """Whether an invitation was opened, started, completed, held back."""
    completed = f"{row}.completed_at IS NOT NULL"
    started = f"({row}.started_at IS NOT NULL OR {completed})"
    opened = f"({row}.opened_at IS NOT NULL OR {started})"
    return opened, started, completed, f"({row}.state = 'suppressed' AND {row}.sent_at IS NULL)"


def _one(condition: str, change: int) -> str:
    return f"CASE WHEN {condition} THEN {change} ELSE 0 END"


def _differs(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS NOT ({new})"


def _reached_differs() -> str:
    old, new = (", ".join(_steps(row)) for row in ("OLD", "NEW"))
    return f"({old}) IS NOT ({new})"
